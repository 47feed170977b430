import numpy as np
import pytest

from efficient_ai import data
from efficient_ai.data.splits import split_by_name


def test_a_subset_has_equally_many_of_each_class_and_depends_on_its_seed_alone():
    labels = np.repeat(np.arange(10), 50)
    chosen = data.stratified_subset(labels, 100, seed=1)
    assert np.bincount(labels[chosen]).tolist() == [10] * 10
    assert np.array_equal(chosen, data.stratified_subset(labels, 100, seed=1))
    assert not np.array_equal(chosen, data.stratified_subset(labels, 100, seed=2))


def test_training_and_validation_pictures_are_disjoint_and_together_everything():
    labels = np.repeat(np.arange(10), 1_000)
    train, validation = data.train_validation(labels)
    assert len(np.intersect1d(train, validation)) == 0
    assert len(train) + len(validation) == len(labels)


@pytest.mark.parametrize(("size", "complaint"), [(15, "multiple of 10"), (600, "has 50 examples")])
def test_impossible_subsets_are_refused(size, complaint):
    with pytest.raises(ValueError, match=complaint):
        data.stratified_subset(np.repeat(np.arange(10), 50), size, seed=0)


def test_names_fall_into_splits_by_their_shares_and_by_nothing_else():
    shares = {"train": 0.6, "validation": 0.1, "test": 0.3}
    found = [split_by_name(f"name {i}", shares) for i in range(5_000)]
    for split, share in shares.items():
        assert found.count(split) / len(found) == pytest.approx(share, abs=0.03)
    assert split_by_name("name 7", shares) == found[7]
    assert split_by_name("name 7", {"all": 1.0}) == "all"
