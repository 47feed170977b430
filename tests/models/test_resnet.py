import numpy as np
import pytest

from efficient_ai import cost, models, published


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_parameters_and_macs_are_as_published(depth):
    found = cost.count(models.resnet(depth, seed=None))
    assert found.params == published.figure(f"torchvision.resnet{depth}.params").value
    assert round(found.macs / 1e9, 3) == published.figure(f"torchvision.resnet{depth}.macs").value
    assert found.unknown_operators == ()


@pytest.mark.parametrize("depth", [18, 34, 50, 101])
def test_the_depth_counts_layers_with_weights_outside_of_the_shortcuts(depth):
    model = models.resnet(depth, side=32, seed=None)
    names = [layer.name for layer in model.layers if type(layer).__name__ in ("Conv2D", "Dense")]
    assert len([name for name in names if "shortcut" not in name]) == depth


def test_the_papers_stride_saves_what_the_first_convolutions_of_three_stages_cost_at_full_size():
    first, later = (cost.count(models.resnet(50, version=v, seed=None)) for v in ("v1", "v1.5"))
    assert first.params == later.params
    assert f"{first.macs / 1e9:.2f}".startswith(str(published.figure("resnet_paper.resnet50.macs").value))
    saved = 0
    for side, channels in ((28, 128), (14, 256), (7, 512)):
        saved += 3 * (side * side) * (2 * channels * channels)
    assert later.macs - first.macs == saved


def test_shallow_nets_are_the_same_in_both_versions():
    first, later = (cost.count(models.resnet(18, version=v, seed=None)) for v in ("v1", "v1.5"))
    assert first == later


def test_zeros_are_only_for_counting_and_a_seed_decides_all_else():
    first, again, other = (models.resnet(18, side=32, seed=s).get_weights()[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not models.resnet(18, side=32, seed=None).get_weights()[0].any()


def test_a_depth_that_nobody_published_is_refused():
    with pytest.raises(ValueError, match="depth must be one of 18, 34, 50, 101, 152, got 42"):
        models.resnet(42)


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match=r"version must be one of v1, v1\.5, got 'v2'"):
        models.resnet(50, version="v2")
