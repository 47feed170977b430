import pytest
from small_nets import tflite

from efficient_ai import measure
from efficient_ai.errors import BadModel
from efficient_ai.records import Variant


def test_each_file_has_a_row_for_each_number_of_threads():
    files = [Variant("residual_net", p, tflite(p)) for p in ("float32", "int8")]
    rows = measure.compare_threads(files, threads=(1, 2), runs=50, rounds=5)
    assert [[(row.variant, row.threads, row.runs) for row in line] for line in rows] == [
        [("float32", 1, 50), ("float32", 2, 50)],
        [("int8", 1, 50), ("int8", 2, 50)],
    ]
    assert measure.ratio(*rows[0]).value > 0


def test_bad_numbers_and_files_are_refused():
    files = [Variant("residual_net", "float32", tflite("float32"))]
    with pytest.raises(ValueError, match="threads must be at least 1"):
        measure.compare_threads(files, threads=(0,))
    with pytest.raises(ValueError, match="runs must be at least"):
        measure.compare_threads(files, runs=3)
    with pytest.raises(BadModel, match="refuses the model"):
        measure.compare_threads([Variant("x", "int8", b"\x1c\0\0\0TFL3" + bytes(64))])
