import pytest

from efficient_ai import cost, models, published


@pytest.mark.parametrize(("name", "digits"), [("alexnet", 3), ("vgg16", 2)])
def test_parameters_and_macs_are_as_published(name, digits):
    found = cost.count(getattr(models, name)(seed=None))
    assert found.params == published.figure(f"torchvision.{name}.params").value
    assert round(found.macs / 1e9, digits) == published.figure(f"torchvision.{name}.macs").value
    assert found.unknown_operators == ()
    assert found.layers[-1].output_shape == (1, 1000)
