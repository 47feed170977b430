import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from small_nets import residual_net

from efficient_ai import cost
from efficient_ai.errors import BadModel


def row(model, operator):
    return next(layer for layer in cost.count(model).layers if layer.operator == operator)


def moving_statistics(model):
    return sum(weight.shape[0] for weight in model.weights if "moving" in weight.path)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(8, 13), st.integers(1, 4), st.sampled_from([(1, 1), (2, 1), (1, 2)]),
    st.sampled_from(["same", "valid"]), st.sampled_from([1, 2, 3]), st.booleans(),
)  # fmt: skip
def test_a_convolution_has_its_closed_form(size, kernel, stride_and_dilation, padding, groups, bias):
    stride, dilation = stride_and_dilation
    conv = layers.Conv2D(
        6, kernel, strides=stride, dilation_rate=dilation, padding=padding, groups=groups, use_bias=bias
    )
    model = keras.Sequential([keras.Input((size, size, 6)), conv])
    found = cost.count(model)
    _, height, width, _ = model.compute_output_shape((1, size, size, 6))
    assert found.macs == height * width * 6 * kernel * kernel * (6 // groups)
    assert found.params == model.count_params()
    assert found.layers[0].weight_bytes == 4 * model.count_params()
    assert found.layers[0].output_bytes == 4 * height * width * 6


def test_depthwise_separable_and_transposed_convolutions_have_their_closed_forms():
    model = keras.Sequential(
        [
            keras.Input((16, 16, 4)),
            layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same"),
            layers.SeparableConv2D(10, 5, padding="same"),
            layers.Conv2DTranspose(3, 2, strides=2),
        ]
    )
    depthwise, separable, transposed = cost.count(model).layers
    assert depthwise.macs == 8 * 8 * 8 * 9
    assert separable.macs == 8 * 8 * 8 * 25 + 8 * 8 * 8 * 10
    assert transposed.macs == 8 * 8 * 10 * 2 * 2 * 3
    assert cost.count(model).params == model.count_params()


def test_a_dense_layer_over_a_sequence_counts_every_row():
    assert cost.count(keras.Sequential([keras.Input((7, 8)), layers.Dense(3)])).macs == 7 * 8 * 3


@pytest.mark.parametrize(("layer", "gates"), [(layers.SimpleRNN, 1), (layers.GRU, 3), (layers.LSTM, 4)])
def test_a_recurrent_layer_counts_its_kernels_at_every_step(layer, gates):
    model = keras.Sequential([keras.Input((5, 6)), layer(4)])
    kernels = sum(w.shape[0] * w.shape[1] for w in model.weights if "kernel" in w.path)
    assert cost.count(model).macs == 5 * kernels == 5 * gates * (6 + 4) * 4


@pytest.mark.parametrize("layer", [layers.MaxPooling2D(2), layers.AveragePooling2D(2), layers.GlobalMaxPooling2D()])
def test_pooling_has_neither_parameters_nor_macs(layer):
    found = cost.count(keras.Sequential([keras.Input((8, 8, 3)), layer]))
    assert (found.params, found.macs, found.unknown_operators) == (0, 0, ())


def test_batch_normalization_has_gamma_and_beta_only():
    model = keras.Sequential([keras.Input((4, 4, 8)), layers.BatchNormalization()])
    assert (cost.count(model).params, cost.count(model).macs) == (16, 0)
    model.trainable = False
    assert cost.count(model).params == 16


def test_a_residual_net_agrees_with_keras_and_with_its_closed_form():
    model = residual_net()
    found = cost.count(model)
    assert found.params == model.count_params() - moving_statistics(model)
    pixels = 12 * 12
    expected = pixels * 8 * 27 + pixels * 8 * 9 + pixels * 64 + 9 * 24 * 72 + 24 * 5
    assert found.macs == expected
    # At the addition both branches and the sum are alive: everything that folds writes over its input.
    assert found.peak_activation_bytes == 3 * 4 * pixels * 8


def test_mobilenetv2_has_its_published_cost():
    found = cost.count(keras.applications.MobileNetV2(weights=None))
    assert found.params == 3_504_872
    assert found.macs == 300_774_272
    assert found.unknown_operators == ()


def test_an_open_input_shape_is_asked_for_and_scales_the_cost():
    def net(shape):
        source = keras.Input(shape)
        x = layers.Conv2D(8, 3, padding="same")(source)
        return keras.Model(source, layers.GlobalAveragePooling2D()(x))

    open_net = net((None, None, 3))
    assert cost.count(open_net, input_shape=(32, 32, 3)).macs == cost.count(net((32, 32, 3))).macs
    assert cost.count(open_net, input_shape=(64, 64, 3)).macs == 4 * cost.count(open_net, input_shape=(32, 32, 3)).macs
    with pytest.raises(BadModel, match="pass input_shape"):
        cost.count(open_net)
    with pytest.raises(BadModel, match="does not fit"):
        cost.count(open_net, input_shape=(32, 32, 1))


def test_nested_and_shared_layers_count_parameters_once_and_macs_at_each_call():
    inner_in = keras.Input((8, 8, 4))
    inner = keras.Model(inner_in, layers.Conv2D(4, 3, padding="same", name="conv")(inner_in), name="inner")
    source = keras.Input((8, 8, 4))
    model = keras.Model(source, layers.Add()([inner(source), inner(inner(source))]))
    found = cost.count(model)
    assert found.params == model.count_params() == 4 * 37
    assert found.macs == 3 * 64 * 4 * 36
    assert [layer.name for layer in found.layers[:2]] == ["inner/conv", "inner/conv (call 2)"]


def test_operators_of_the_functional_api_are_known():
    source = keras.Input((4, 4, 2))
    model = keras.Model(source, keras.ops.relu(source + 2 * source))
    assert cost.count(model).unknown_operators == ()


def test_a_layer_that_the_counter_does_not_know_stands_by_name():
    class Swirl(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 3))

        def call(self, x):
            return x @ self.kernel

    class Dense(Swirl):
        """A user's own, which may do anything."""

    model = keras.Sequential([keras.Input((4,)), Swirl(), Dense(), layers.Dense(2)])
    found = cost.count(model)
    assert found.unknown_operators == ("Swirl", "Dense")
    assert [(layer.operator, layer.params, layer.macs) for layer in found.layers] == [
        ("Swirl", 12, 0), ("Dense", 9, 0), ("Dense", 8, 6),
    ]  # fmt: skip


def test_half_precision_weights_take_two_bytes():
    layer = layers.Dense(4, dtype="float16")
    assert cost.count(keras.Sequential([keras.Input((4,), dtype="float16"), layer])).weight_bytes == 2 * 20


def test_a_subclassed_model_is_refused_in_one_line():
    class Opaque(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(BadModel, match="functional or sequential") as caught:
        cost.count(Opaque())
    assert "\n" not in str(caught.value)
    with pytest.raises(BadModel, match="got Sequential"):
        cost.count(keras.Sequential([layers.Dense(2)]))


def test_live_tensors_explain_the_peak():
    lives = cost.live_tensors(residual_net())
    assert lives.peak_bytes == cost.count(residual_net()).peak_activation_bytes == max(lives.live_bytes)
    assert len(lives.steps) == len(cost.count(residual_net()).layers)
    assert lives.tensors[0].name == "input 0"
