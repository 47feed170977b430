import numpy as np
import pytest

from efficient_ai import cost, models, published
from efficient_ai.models.initial import he_normals
from efficient_ai.models.squeezenet import fire, pool_up


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_parameters_and_macs_are_as_published(version):
    found = cost.count(models.squeezenet(version, seed=None))
    key = f"torchvision.squeezenet{version.replace('.', '_')}"
    assert found.params == published.figure(f"{key}.params").value
    assert round(found.macs / 1e9, 3) == published.figure(f"{key}.macs").value
    assert found.unknown_operators == ()
    assert found.layers[-1].output_shape == (1, 1000)


def test_a_fire_module_costs_what_its_formula_says():
    import keras

    inputs = keras.Input((13, 13, 40))
    model = keras.Model(inputs, fire(inputs, 8, 24, he_normals(0), "fire"))
    found = cost.count(model)
    assert model.output_shape == (None, 13, 13, 48)
    assert found.macs == 13 * 13 * (40 * 8 + 8 * 24 + 9 * 8 * 24)
    assert found.params == (40 * 8 + 8) + (8 * 24 + 24) + (9 * 8 * 24 + 24)


@pytest.mark.parametrize("side", [7, 8, 27, 54])
def test_pooling_rounds_up_and_sees_every_pixel(side):
    import keras

    inputs = keras.Input((side, side, 1))
    model = keras.Model(inputs, pool_up(inputs, "pool"))
    assert model.output_shape[1] == -(-(side - 3) // 2) + 1
    picture = np.zeros((1, side, side, 1), np.float32)
    picture[0, -1, -1, 0] = 5.0
    assert model(picture).numpy()[0, -1, -1, 0] == 5.0


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match=r'version must be one of "1.0", "1.1", got "?\'?1.2'):
        models.squeezenet("1.2")
