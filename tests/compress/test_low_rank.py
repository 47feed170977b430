import numpy as np
import pytest

from efficient_ai import cost, models
from efficient_ai.compress.low_rank import LowRank, factorize, paying_rank, singular_values


@pytest.fixture(scope="module")
def net():
    """Strides, both paddings, a dilation, an activation inside a layer and a residual addition."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    source = keras.Input((12, 12, 3))
    x = shortcut = layers.Conv2D(6, 3, 2, "same", activation="relu", name="first")(source)
    x = layers.Conv2D(6, (3, 1), padding="same", use_bias=False, name="second")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Add(name="sum")([x, shortcut])
    x = layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = layers.Conv2D(5, 2, dilation_rate=2, bias_initializer="normal", name="third")(x)
    x = layers.Flatten(name="flat")(x)
    return keras.Model(source, layers.Dense(7, "tanh", bias_initializer="normal", name="last")(x), name="net")


FACTORABLE = ("first", "second", "third", "last")
INPUTS = np.random.default_rng(0).normal(size=(4, 12, 12, 3)).astype(np.float32)


def full_ranks(model, split):
    return {name: len(values) for name, values in singular_values(model, split=split).items()}


@pytest.mark.parametrize(("split", "images"), [("channel", None), ("spatial", None), ("channel", INPUTS)])
def test_at_full_rank_nothing_changes(net, split, images):
    ranks = full_ranks(net, split)
    assert tuple(ranks) == FACTORABLE
    thin = factorize(net, LowRank(ranks=ranks, split=split, images=images))
    assert len(thin.layers) == len(net.layers) + len(ranks)
    np.testing.assert_allclose(thin(INPUTS), net(INPUTS), atol=2e-5)


@pytest.mark.parametrize("name", ["lenet_300_100", "lenet5", "resnet8"])
def test_the_books_nets_can_be_factorized_and_keep_their_shape(name):
    net = models.build(name)
    thin = factorize(net, LowRank(energy=0.5))
    assert thin.output_shape == net.output_shape
    assert cost.count(thin).macs < cost.count(net).macs


def test_macs_are_those_of_the_formula():
    net = models.build("lenet5")
    whole = {layer.name: layer.macs for layer in cost.count(net).layers}
    channel = {c.name: c.macs for c in cost.count(factorize(net, LowRank(ranks={"conv_2": 8, "hidden": 20}))).layers}
    assert whole["conv_2"] == 8 * 8 * 25 * 20 * 50
    assert (channel["conv_2_reduce"], channel["conv_2"]) == (8 * 8 * 25 * 20 * 8, 8 * 8 * 8 * 50)
    assert (channel["hidden_reduce"], channel["hidden"]) == (800 * 20, 20 * 500)
    spatial = {c.name: c.macs for c in cost.count(factorize(net, LowRank(ranks={"conv_2": 8}, split="spatial"))).layers}
    assert (spatial["conv_2_reduce"], spatial["conv_2"]) == (8 * 12 * 5 * 20 * 8, 8 * 8 * 5 * 8 * 50)


def test_a_truncated_kernel_misses_exactly_the_energy_of_the_singular_values_left_out(net):
    kernel = np.asarray(net.get_layer("last").kernel)
    values = singular_values(net)["last"]
    thin = factorize(net, LowRank(ranks={"last": 3}))
    product = np.asarray(thin.get_layer("last_reduce").kernel) @ np.asarray(thin.get_layer("last").kernel)
    assert np.sum((product - kernel) ** 2) == pytest.approx(np.sum(values[3:] ** 2), rel=1e-4)


def test_directions_of_the_answers_keep_the_answers_better_than_directions_of_the_weights(net):
    """By the variance left out, exactly: of one layer, on the images that the directions were read off."""
    import keras

    images = np.random.default_rng(1).normal(size=(64, 12, 12, 3)).astype(np.float32) * [5, 1, 0.1]
    before = keras.Model(net.inputs, net.get_layer("second").output)
    missed = {}
    for name, shown in (("weights", None), ("answers", images)):
        thin = factorize(net, LowRank(ranks={"second": 2}, images=shown))
        after = keras.Model(thin.inputs, thin.get_layer("second").output)
        missed[name] = float(np.mean((after.predict(images, verbose=0) - before.predict(images, verbose=0)) ** 2))
    strengths = singular_values(net, images=images)["second"]
    assert missed["answers"] == pytest.approx(np.sum(strengths[2:] ** 2) / 6, rel=1e-3)
    assert missed["answers"] < missed["weights"]


def test_what_never_varies_is_left_to_the_bias(net):
    same = np.repeat(INPUTS[:1], 8, axis=0)
    thin = factorize(net, LowRank(ranks={"last": 1}, images=same))
    np.testing.assert_allclose(thin(INPUTS[:1]), net(INPUTS[:1]), atol=2e-5)


@pytest.mark.parametrize("shape", [(784, 300), (10, 10), (2, 2), (1, 5), (3, 3, 16, 32)])
@pytest.mark.parametrize("split", ["channel", "spatial"])
def test_the_paying_rank_is_the_last_that_saves(shape, split):
    if len(shape) == 2:
        m, n = shape
    else:
        m, n = (
            (shape[0] * shape[2], shape[1] * shape[3]) if split == "spatial" else (shape[0] ** 2 * shape[2], shape[3])
        )
    rank = paying_rank(shape, split=split)
    assert rank * (m + n) < m * n <= (rank + 1) * (m + n)


def test_energy_leaves_layers_whole_where_no_rank_pays(net):
    assert len(factorize(net, LowRank(energy=1.0)).layers) == len(net.layers)


def test_a_share_of_the_macs_is_kept_to_from_below():
    net = models.build("lenet_300_100")
    share = cost.count(factorize(net, LowRank(macs=0.3))).macs / cost.count(net).macs
    assert 0.28 < share <= 0.3


def test_the_model_itself_stays_as_it_was(net):
    before = net.get_weights()
    thin = factorize(net, LowRank(ranks={"last": 2}))
    thin.get_layer("third").bias.assign(np.ones(5))
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "exactly one of energy, macs and ranks"),
        ({"energy": 0.5, "macs": 0.5}, "exactly one"),
        ({"energy": 1.1}, r"energy must be in \(0, 1\], got 1.1"),
        ({"macs": 0.0}, r"macs must be in \(0, 1\), got 0.0"),
        ({"energy": 0.5, "split": "spatial", "images": INPUTS}, "with images, split must be channel, got 'spatial'"),
        ({"energy": 0.5, "split": "depth"}, "split must be one of channel, spatial"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LowRank(**options)


@pytest.mark.parametrize(
    ("ranks", "message"),
    [
        ({"lost": 2}, "net has no layer 'lost'"),
        ({"norm": 2}, "norm can't be factorized: it is a BatchNormalization"),
        ({"depthwise": 2}, "depthwise can't be factorized: it is a DepthwiseConv2D"),
        ({"last": 0}, "rank of last must be from 1 to 7, got 0"),
        ({"last": 8}, "rank of last must be from 1 to 7, got 8"),
    ],
)
def test_layers_and_ranks_that_cannot_be_are_named(net, ranks, message):
    with pytest.raises(ValueError, match=message):
        factorize(net, LowRank(ranks=ranks))


def test_a_share_of_the_macs_that_is_out_of_reach_is_refused(net):
    with pytest.raises(ValueError, match="of its MACs even with rank 1 everywhere, got macs"):
        factorize(net, LowRank(macs=0.001))
