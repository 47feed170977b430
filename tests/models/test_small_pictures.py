import numpy as np
import pytest

from efficient_ai import cost
from efficient_ai.models import small_pictures


@pytest.mark.parametrize("name", small_pictures.BUILDERS)
def test_a_small_net_is_small_and_takes_the_books_pictures(name):
    model = small_pictures.BUILDERS[name](seed=0)
    found = cost.count(model)
    assert model.name == name
    assert model.input_shape == (None, 32, 32, 3)
    assert model.output_shape == (None, 10)
    assert found.params < 300_000
    assert found.macs < 10e6
    assert found.unknown_operators == ()


def test_the_seed_decides_the_initial_weights():
    build = small_pictures.squeezenet_small
    first, again, other = (build(seed=s).get_weights()[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_inverted_residuals_are_narrow_outside_and_add_without_an_activation():
    model = small_pictures.mobilenet_v2_035(seed=0)
    adds = [layer for layer in model.layers if type(layer).__name__ == "Add"]
    assert len(adds) == 10
    for layer in adds:
        before, projected = (tensor._keras_history.operation for tensor in layer.input)
        assert type(before).__name__ != "ReLU"
        assert projected.name.endswith("project_bn")
