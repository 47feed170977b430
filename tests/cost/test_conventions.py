import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai import cost, models
from efficient_ai.cost.conventions import taps_inside
from efficient_ai.errors import BadModel


def net(*layers, shape=(5, 7, 2)):
    inputs = keras.Input(shape)
    x = inputs
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


def test_macs_are_those_of_the_counter_on_nets_of_the_book():
    for model in (models.build("ds_cnn"), models.build("resnet8"), models.mobilenet_v2(width=0.35, side=32)):
        assert cost.conventions(model).macs == cost.count(model).macs


@given(
    size=st.integers(1, 9),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
)
def test_taps_inside_are_the_ones_that_a_sum_over_a_padded_row_of_ones_finds(
    size, kernel, stride, dilation, before, after
):
    row = np.pad(np.ones(size, int), (before, after))
    reach = dilation * (kernel - 1) + 1
    if len(row) < reach:
        return
    starts = range(0, len(row) - reach + 1, stride)
    found = sum(row[s : s + reach : dilation].sum() for s in starts)
    got = taps_inside(size, len(starts), kernel=kernel, stride=stride, dilation=dilation, before=before)
    assert got == found


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kind", [keras.layers.Conv2D, keras.layers.DepthwiseConv2D])
def test_padding_is_what_a_kernel_of_ones_misses_on_a_picture_of_ones(kind, stride):
    options = {"padding": "same", "strides": stride, "use_bias": False}
    layer = kind(3, 3, **options) if kind is keras.layers.Conv2D else kind(3, **options)
    model = net(layer)
    layer.set_weights([np.ones(w.shape) for w in layer.get_weights()])
    inside = model(np.ones((1, 5, 7, 2), np.float32)).numpy().sum()
    found = cost.conventions(model)
    assert found.macs - found.padding_macs == inside


def test_padding_in_a_layer_of_its_own_counts_as_the_convolution_s():
    own = net(keras.layers.ZeroPadding2D(1), keras.layers.Conv2D(4, 3))
    same = net(keras.layers.Conv2D(4, 3, padding="same"))
    assert cost.conventions(own).padding_macs == cost.conventions(same).padding_macs > 0
    assert cost.conventions(net(keras.layers.Conv2D(4, 3))).padding_macs == 0


def test_small_things_are_counted_by_value():
    inputs = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(5, 1, activation="relu")(inputs)
    y = keras.layers.BatchNormalization()(x)
    y = keras.layers.ReLU()(keras.layers.Add()([x, y]))
    y = keras.layers.AveragePooling2D(2)(y)
    y = keras.layers.Dense(7)(keras.layers.Flatten()(y))
    found = cost.conventions(keras.Model(inputs, y))
    assert found.bias_ops == 4 * 4 * 5 + 7
    assert found.normalization_ops == 2 * 4 * 4 * 5
    assert found.activation_ops == 2 * 4 * 4 * 5
    assert found.addition_ops == 4 * 4 * 5
    assert found.pooling_ops == 2 * 2 * 5 * 4
    assert found.dense_macs == 20 * 7
    assert found.ops == 2 * found.macs == 2 * (4 * 4 * 15 + 140)


def test_global_pooling_reads_every_value():
    assert cost.conventions(net(keras.layers.GlobalAveragePooling2D())).pooling_ops == 5 * 7 * 2


def test_depthwise_taken_for_full_has_a_factor_of_its_channels():
    found = cost.conventions(net(keras.layers.DepthwiseConv2D(3)))
    assert found.depthwise_macs == found.macs
    assert found.depthwise_as_full_macs == 2 * found.macs


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (net(keras.layers.Conv2DTranspose(2, 3)), "Conv2DTranspose"),
        (net(keras.layers.Lambda(lambda x: x * 2)), "Lambda"),
    ],
)
def test_layers_that_it_has_no_convention_for_are_refused_by_name(model, word):
    with pytest.raises(BadModel, match=word):
        cost.conventions(model)
