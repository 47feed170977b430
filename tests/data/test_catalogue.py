import numpy as np

from efficient_ai import data
from efficient_ai.data import sources
from efficient_ai.data.catalogue import spoken_examples


def test_the_list_agrees_with_the_data_themselves():
    by_name = {one.name: one for one in data.catalogue()}
    clothes = data.fashion_mnist()
    first = by_name["Fashion-MNIST"]
    arrays = {k: getattr(clothes, k) for k in ("train_images", "train_labels", "test_images", "test_labels")}
    assert first.sha256 == sources.sha256(b"".join(arrays[k].tobytes() for k in sorted(arrays)))
    assert (first.examples, first.tested) == (70_000, 10_000)
    text = data.python_source()
    joined = np.concatenate([text.train, text.validation, text.test]).tobytes()
    (library,) = (one for name, one in by_name.items() if name.startswith("Python"))
    assert library.sha256 == sources.sha256(joined)
    assert library.examples == len(joined)


def test_every_data_set_says_whose_it_is_and_where_it_comes_from():
    for one in data.catalogue():
        assert one.licence
        assert one.source
        assert 0 < one.tested <= one.examples
        assert len(one.sha256) == 64


def test_a_split_has_as_many_seconds_of_sound_as_its_plan_says():
    for split in ("test", "calibration"):
        assert spoken_examples(split) == len(data.keywords(split).labels)
