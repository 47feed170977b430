import shutil

from report import fuzzing, hostile


def test_a_hundred_damaged_and_hostile_files_give_a_description_or_a_line(maker):
    """`benchmarks/fuzz.py` opens 2,000; that nothing ran and nothing was left is asserted file by file."""
    found = list(fuzzing.run(maker, range(100)))
    assert len(found) == 100
    assert {each.outcome for each in found} >= {"opened", "refused"}
    assert not [each for each in found if each.outcome == "time"]
    harmless = {f"hostile {name}" for name in hostile.HARMLESS}
    assert not [o.file for o in found if o.outcome == "opened" and "hostile" in o.file and o.file not in harmless]


def test_a_file_is_given_by_its_number_and_the_seed(maker):
    def made(number):
        path = maker.make(number)
        content = path.read_bytes()
        shutil.rmtree(maker.folder / "cases")
        return path.name, content

    for number in (3, 6, 9, 14):
        assert made(number) == made(number)
