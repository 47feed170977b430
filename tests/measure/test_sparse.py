import numpy as np
import pytest

from efficient_ai.errors import EngineMissing
from efficient_ai.measure import sparse
from efficient_ai.measure.sparse import SparseProduct, break_even, sparse_products
from efficient_ai.records import Interval


def product(sparsity, value, low=None, high=None):
    return SparseProduct(sparsity, None, None, Interval(value, low or value, high or value))


def test_the_break_even_point_lies_where_the_logarithm_of_the_gain_passes_zero():
    found = break_even([product(0.5, 0.25), product(0.7, 0.5), product(0.9, 2.0)])
    assert found.value == pytest.approx(0.8)
    assert found.low == found.high == found.value


def test_the_upper_ends_of_the_gains_give_the_lower_end_of_the_break_even_point():
    found = break_even([product(0.5, 0.5, 0.25, 0.8), product(0.9, 2.0, 1.5, 4.0)])
    assert found.low < found.value < found.high


def test_a_gain_that_never_passes_one_is_refused_with_the_gains():
    with pytest.raises(ValueError, match=r"doesn't pass 1 at these sparsities: 0.5: 0.20, 0.9: 0.90"):
        break_even([product(0.5, 0.2), product(0.9, 0.9)])


def test_each_sparsity_has_as_many_runs_of_both_kinds_on_one_thread(monkeypatch):
    monkeypatch.setattr(sparse, "timer_of", lambda call: lambda runs, warmup: [1.0 + call().shape[1]] * runs)
    random = np.random.default_rng(0)
    weights, activations = random.normal(size=(6, 8)), random.normal(size=(8, 3))
    found = sparse_products(weights, activations, (0.0, 0.5), runs=20, rounds=5)
    assert [one.sparsity for one in found] == [0.0, 0.5]
    for one in found:
        assert one.dense.runs == one.sparse.runs == 20
        assert one.dense.threads == one.sparse.threads == 1
        assert one.gain.value == 1


def test_both_kinds_compute_the_same_product(monkeypatch):
    seen = []
    monkeypatch.setattr(sparse, "timer_of", lambda call: lambda runs, warmup: [seen.append(call()) or 1.0] * runs)
    random = np.random.default_rng(0)
    weights, activations = random.normal(size=(6, 8)), random.normal(size=(8, 3))
    sparse_products(weights, activations, (0.5,), runs=1, rounds=1)
    first, second = seen
    assert np.allclose(first, second)
    assert not np.allclose(first, weights @ activations)


def test_an_almost_empty_matrix_is_faster_without_its_zeros():
    weights = np.random.default_rng(0).normal(size=(256, 2048)).astype(np.float32)
    activations = np.ones((2048, 64), np.float32)
    (found,) = sparse_products(weights, activations, (0.995,), runs=20)
    assert found.gain.low > 1


def test_shapes_and_runs_that_dont_fit_are_refused():
    with pytest.raises(ValueError, match=r"got \(2, 3\) and \(4, 1\)"):
        sparse_products(np.ones((2, 3)), np.ones((4, 1)), (0.5,))
    with pytest.raises(ValueError, match="multiple of rounds"):
        sparse_products(np.ones((2, 3)), np.ones((3, 1)), (0.5,), runs=15, rounds=10)


def test_without_scipy_the_command_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy.sparse", None)
    with pytest.raises(EngineMissing, match="pip install scipy"):
        sparse_products(np.ones((2, 3)), np.ones((3, 1)), (0.5,))
