import keras
import numpy as np
import pytest
from keras import layers
from small_nets import residual_net, samples

from efficient_ai import engines
from efficient_ai.engines.carry import Steps, carry
from efficient_ai.errors import BadModel


def net(shape, *stack, seed=0):
    """A model of one layer after another, with weights that aren't their initial zeros and ones."""
    keras.utils.set_random_seed(seed)
    source = keras.Input((*shape,))
    x = source
    for layer in stack:
        x = layer(x)
    model = keras.Model(source, x)
    rng = np.random.default_rng(seed)
    model.set_weights([np.abs(w) + rng.uniform(0.1, 0.5, w.shape) for w in model.get_weights()])
    return model


def pads(size, side, stride):
    model = net((size, size, 1), layers.Conv2D(1, side, stride, "same"))
    return carry(model).steps[0].options["pads"]


@pytest.mark.parametrize(
    ("size", "side", "stride", "expected"),
    [(8, 3, 1, (1, 1)), (8, 3, 2, (0, 1)), (7, 3, 2, (1, 1)), (8, 2, 1, (0, 1)), (9, 1, 2, (0, 0)), (10, 4, 2, (1, 1))],
)
def test_same_padding_puts_the_odd_pixel_behind(size, side, stride, expected):
    assert tuple(pads(size, side, stride)) == (*expected, *expected)


def test_a_carried_model_is_the_same_after_a_round_trip():
    carried = carry(residual_net())
    again = Steps.from_bytes(carried.to_bytes())
    assert again.input_shape == (1, 12, 12, 3)
    assert again.output_shape == (1, 5)
    for old, new in zip(carried.steps, again.steps, strict=True):
        assert (old.kind, old.inputs, old.output, old.options) == (new.kind, new.inputs, new.output, new.options)
        for name, array in old.arrays.items():
            np.testing.assert_array_equal(array, new.arrays[name])


def test_weights_are_the_very_same_numbers():
    carried = np.sort(np.concatenate([a.ravel() for s in carry(residual_net()).steps for a in s.arrays.values()]))
    np.testing.assert_array_equal(carried, np.sort(np.concatenate([w.ravel() for w in residual_net().get_weights()])))


def test_dropout_is_left_out_and_a_border_joins_its_convolution():
    model = net((9, 9, 2), layers.Dropout(0.5), layers.ZeroPadding2D(((1, 2), (0, 1))), layers.Conv2D(3, 3))
    (step,) = carry(model).steps
    assert step.options["pads"] == [1, 2, 0, 1]


@pytest.mark.parametrize(
    ("layer", "name"),
    [(layers.LayerNormalization(name="odd"), "odd is a LayerNormalization"), (layers.LeakyReLU(name="odd"), "odd")],
)
def test_an_unknown_layer_is_named(layer, name):
    with pytest.raises(BadModel, match=name):
        carry(net((4, 4, 2), layer))


def test_an_unknown_activation_is_named():
    with pytest.raises(BadModel, match=r"layer odd has the activation tanh.*known|layer odd has the activation tanh"):
        carry(net((4,), layers.Dense(2, activation="tanh", name="odd")))


@pytest.mark.parametrize("content", [b"", b"not a file", residual_net().name.encode()])
def test_something_else_is_not_a_carried_model(content):
    with pytest.raises(BadModel, match="carried model"):
        Steps.from_bytes(content)


NETS = {
    "asymmetric": ((8, 9, 3), lambda: [layers.Conv2D(4, (3, 2), 2, "same", activation="relu"), layers.Flatten()]),
    "multiplier": ((7, 7, 3), lambda: [layers.DepthwiseConv2D(3, 2, "same", depth_multiplier=2), layers.Flatten()]),
    "groups": ((6, 6, 4), lambda: [layers.Conv2D(6, 3, groups=2, padding="same"), layers.GlobalAveragePooling2D()]),
    "dilation": ((9, 9, 2), lambda: [layers.Conv2D(3, 3, dilation_rate=2, padding="same"), layers.Flatten()]),
    "pools": (
        (9, 9, 2),
        lambda: [layers.MaxPooling2D(3, 2, "same"), layers.AveragePooling2D(2), layers.Flatten(), layers.Dense(3)],
    ),
    "normalization": (
        (6, 6, 3),
        lambda: [
            layers.BatchNormalization(scale=False),
            layers.Conv2D(4, 3, 2, "same"),
            layers.BatchNormalization(epsilon=0.1),
            layers.ReLU(6.0),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ],
    ),
}


@pytest.fixture(scope="module")
def torch_worker():
    if engines.available()["torch"] is None:
        pytest.skip(f"torch is not installed: {engines.INSTALL['torch']}")
    with engines.Worker("torch") as running:
        yield running


@pytest.mark.parametrize("name", NETS)
def test_pytorch_gives_what_keras_gives(torch_worker, name):
    shape, stack = NETS[name]
    model = net(shape, *stack())
    inputs = samples(4, shape, seed=2)
    expected = np.asarray(model(inputs))
    loaded = torch_worker.load(engines.export(model, "steps").content)
    assert loaded.input_shape == (1, *shape)
    assert np.abs(torch_worker.predict(inputs) - expected).max() <= 1e-5 * max(1, np.abs(expected).max())
