"""Inception and EfficientNet-EdgeTPU: sizes that their publications give."""

import pytest

from efficient_ai import cost
from efficient_ai.models.efficientnet_edge_tpu import efficientnet_edge_tpu
from efficient_ai.models.inception import inception_v1, inception_v4


@pytest.mark.parametrize(("size", "megabytes"), [("S", 6.8), ("M", 8.7), ("L", 12.8)])
def test_an_efficientnet_for_the_edge_tpu_fits_into_its_compiled_file(size, megabytes):
    """Coral's list of models has the files; what a compiled file has beside the weights is a third at most."""
    model = efficientnet_edge_tpu(size)
    assert megabytes / 1.35 < cost.count(model).params / 1e6 < megabytes


def test_early_blocks_have_no_depthwise_convolution():
    kinds = [type(layer).__name__ for layer in efficientnet_edge_tpu("S").layers]
    assert kinds.index("DepthwiseConv2D") > 15


def test_inception_v1_fits_into_its_compiled_file():
    assert 6.4 < cost.count(inception_v1()).params / 1e6 < 7.0


def test_inception_v4_fits_into_its_compiled_file_and_narrows_to_eight_pixels():
    model = inception_v4()
    assert 42.5 < cost.count(model).params / 1e6 < 42.9
    assert model.layers[-3].output.shape == (1, 8, 8, 1536)


def test_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match="size must be one of S, M, L, got 'XL'"):
        efficientnet_edge_tpu("XL")
