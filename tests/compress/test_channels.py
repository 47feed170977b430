import keras
import numpy as np
import pytest

from efficient_ai import cost, models
from efficient_ai.compress import Channels, prune_channels, tied_channels
from efficient_ai.compress.channel_graph import ChannelGraph, nearest_multiple
from efficient_ai.compress.channels import CRITERIA
from efficient_ai.errors import BadModel
from efficient_ai.models import mobilenet_v2


def squeeze_like():
    """Fire modules: two branches of different widths, concatenated."""
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, 2, "same", activation="relu", name="stem")(inputs)
    for i in range(2):
        x = keras.layers.Conv2D(4, 1, activation="relu", name=f"fire{i}_squeeze")(x)
        left = keras.layers.Conv2D(6, 1, activation="relu", name=f"fire{i}_small")(x)
        right = keras.layers.Conv2D(10, 3, 1, "same", activation="relu", name=f"fire{i}_large")(x)
        x = keras.layers.Concatenate(name=f"fire{i}_out")([left, right])
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.Conv2D(5, 1, name="classes")(x)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x), name="squeeze_like")


NETS = {
    "resnet8": lambda: models.build("resnet8"),
    "lenet5": lambda: models.build("lenet5"),
    "lenet_300_100": lambda: models.build("lenet_300_100"),
    "mobilenet_v2": lambda: mobilenet_v2(width=0.35, classes=10, side=32),
    "squeeze_like": squeeze_like,
}


@pytest.fixture(params=NETS)
def net(request):
    """A net whose every weight and statistic has moved away from where it starts."""
    keras.utils.set_random_seed(1)
    model = NETS[request.param]()
    random = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([w + random.uniform(0.05, 0.2, w.shape).astype(w.dtype) for w in layer.get_weights()])
    return model


def inputs_of(model, count=4):
    return np.random.default_rng(3).random((count, *model.input_shape[1:])).astype(np.float32)


def silence(model, removed):
    """Set to zero whatever makes the channels that go: the oracle that shares nothing with the rebuilding."""
    graph = ChannelGraph(model)
    for call in graph.graph.calls:
        kind = type(call.layer).__name__
        gone = np.array([graph.find(label) in removed for label in graph.labels[call.outputs[0]]])
        if kind in ("Conv2D", "Dense"):
            call.layer.set_weights([np.where(gone, 0, w) for w in call.layer.get_weights()])
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = call.layer.get_weights()
            call.layer.set_weights([np.where(gone, 0, gamma), np.where(gone, 0, beta), mean, variance])


def test_removing_channels_that_are_zero_everywhere_leaves_the_answers_as_they_were(net):
    random = np.random.default_rng(2)
    groups = tied_channels(net)
    removed = {c for g in groups for c in random.choice(g.channels, len(g.channels) // 3, replace=False)}
    assert removed
    smaller = ChannelGraph(net).without(removed)
    silence(net, removed)
    x = inputs_of(net)
    expected = np.asarray(net(x))
    assert np.allclose(smaller(x), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
    assert smaller.count_params() < net.count_params()


def test_keeping_all_channels_changes_nothing(net):
    same = prune_channels(net, Channels(keep=1.0))
    x = inputs_of(net)
    assert np.allclose(same(x), net(x), rtol=1e-6)
    assert same.count_params() == net.count_params()


def test_half_of_the_channels_leave_the_widths_halved_and_the_input_and_output_alone():
    halved = prune_channels(models.build("resnet8"), Channels(keep=0.5))
    width = {layer.name: layer.filters for layer in halved.layers if isinstance(layer, keras.layers.Conv2D)}
    assert width["stem_conv"] == width["stage1_block1_b_conv"] == 8
    assert width["stage3_block1_a_conv"] == width["stage3_block1_shortcut_conv"] == 32
    assert halved.output_shape == (None, 10)
    assert halved.input_shape == (None, 32, 32, 3)


def test_macs_of_a_halved_chain_follow_from_the_widths():
    halved = prune_channels(models.build("lenet5"), Channels(keep=0.5))
    expected = 24 * 24 * 25 * 10 + 8 * 8 * 25 * 10 * 25 + 4 * 4 * 25 * 250 + 250 * 10
    assert cost.count(halved).macs == expected


def test_an_addition_ties_the_layers_that_it_adds():
    groups = {g.layers: len(g.channels) for g in tied_channels(models.build("resnet8"))}
    assert groups[("stem_conv", "stage1_block1_b_conv")] == 16
    assert groups[("stage2_block1_b_conv", "stage2_block1_shortcut_conv")] == 32
    assert groups[("stage1_block1_a_conv",)] == 16
    assert "logits" not in {name for layers in groups for name in layers}


def test_a_channel_of_mobilenets_widening_goes_with_its_depthwise_filter():
    net = mobilenet_v2(width=0.35, classes=10, side=32)
    smaller = prune_channels(net, Channels(keep=0.5, criterion="bn_scale"))
    for layer in smaller.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            assert layer.kernel.shape[2] == net.get_layer(layer.name).kernel.shape[2] // 2


def test_the_smallest_kernel_goes_first_by_l1():
    model = models.build("lenet_300_100")
    layer = model.get_layer("hidden_100")
    kernel, bias = layer.get_weights()
    kernel[:, :50] *= 0.001
    layer.set_weights([kernel, bias])
    smaller = prune_channels(model, Channels(keep=0.5))
    assert np.abs(smaller.get_layer("hidden_100").kernel).mean() > 0.01


def test_a_channel_that_no_one_listens_to_scores_nothing_by_taylor():
    model = models.build("lenet_300_100")
    reader = model.get_layer("logits")
    kernel, bias = reader.get_weights()
    kernel[7] = 0
    reader.set_weights([kernel, bias])
    random = np.random.default_rng(0)
    images, labels = random.random((20, 28, 28, 1)).astype(np.float32), random.integers(0, 10, 20)
    graph = ChannelGraph(model)
    how = Channels(0.5, "taylor", images=images, labels=labels)
    (group,) = (g for g in graph.groups() if g.layers == ("hidden_100",))
    scores = CRITERIA["taylor"](graph, how)
    assert scores[group.channels[7]] == 0
    assert sum(scores[c] > 0 for c in group.channels) > 50


def test_taylor_is_the_loss_that_silencing_costs_where_the_loss_is_nearly_linear():
    model = models.build("lenet_300_100")
    layer = model.get_layer("logits")
    layer.set_weights([w * 1e-3 for w in layer.get_weights()])  # tiny logits: the loss is linear in them
    random = np.random.default_rng(0)
    image, label = random.random((1, 28, 28, 1)).astype(np.float32), np.array([3])
    graph = ChannelGraph(model)
    (group,) = (g for g in graph.groups() if g.layers == ("hidden_100",))
    scores = CRITERIA["taylor"](graph, Channels(0.5, "taylor", images=image, labels=label))

    def loss():
        logits = np.asarray(model(image), np.float64)[0]
        return np.log(np.exp(logits).sum()) - logits[label[0]]

    before, channel = loss(), int(np.argmax([scores[c] for c in group.channels]))
    kernel, bias = layer.get_weights()
    kernel[channel] = 0
    layer.set_weights([kernel, bias])
    assert abs(loss() - before) == pytest.approx(scores[group.channels[channel]], rel=0.02)


def test_activation_is_the_mean_magnitude_over_all_batches():
    model = models.build("lenet_300_100")
    images = np.random.default_rng(0).random((130, 28, 28, 1)).astype(np.float32)
    graph = ChannelGraph(model)
    (group,) = (g for g in graph.groups() if g.layers == ("hidden_300",))
    scores = CRITERIA["activation"](graph, Channels(0.5, "activation", images=images))
    hidden = np.asarray(model.get_layer("hidden_300")(images.reshape(130, -1)))
    assert np.allclose([scores[c] for c in group.channels], np.abs(hidden).mean(axis=0), rtol=1e-4)


def test_a_global_ranking_takes_more_where_channels_stand_out_less():
    model = models.build("lenet_300_100")
    layer = model.get_layer("hidden_300")
    kernel, bias = layer.get_weights()
    kernel[:, :10] *= 100
    layer.set_weights([kernel, bias])
    smaller = prune_channels(model, Channels(keep=0.5, scope="global"))
    left = {layer.name: layer.units for layer in smaller.layers if isinstance(layer, keras.layers.Dense)}
    assert left["hidden_300"] + left["hidden_100"] == 200
    assert left["hidden_100"] > 90


def test_the_same_call_twice_gives_the_same_net():
    model = models.build("lenet5")
    first, second = (prune_channels(model, Channels(0.5, "random", seed=4)).get_weights() for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_widths_are_rounded_to_a_multiple_and_never_vanish():
    assert [nearest_multiple(x, multiple=8, most=64) for x in (1, 11, 12, 33)] == [8, 8, 16, 32]
    assert nearest_multiple(6, multiple=8, most=6) == 6
    narrow = prune_channels(models.build("resnet8"), Channels(keep=0.5, multiple=16))
    widths = {layer.filters for layer in narrow.layers if isinstance(layer, keras.layers.Conv2D)}
    assert widths == {16, 32}


def test_pruning_channels_leaves_its_argument_as_it_was():
    model = models.build("lenet5")
    before = model.get_weights()
    prune_channels(model, Channels(keep=0.5))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (Channels(keep=0), r"keep must be in \(0, 1\], got 0"),
        (Channels(keep=1.5), r"keep must be in \(0, 1\], got 1.5"),
        (Channels(keep=0.5, criterion="size"), "criterion must be one of l1, bn_scale"),
        (Channels(keep=0.5, scope="net"), "scope must be"),
        (Channels(keep=0.5, multiple=0), "multiple must be at least 1"),
        (Channels(keep=0.5, criterion="bn_scale"), "needs a batch normalization behind 'conv_1'"),
        (Channels(keep=0.5, criterion="activation"), "needs images from the training data"),
        (Channels(keep=0.5, criterion="taylor", images=np.zeros((2, 28, 28, 1))), "needs images and as many labels"),
    ],
)
def test_a_wrong_wish_is_refused_with_its_reason(how, message):
    with pytest.raises(ValueError, match=message):
        prune_channels(models.build("lenet5"), how)


def test_a_layer_that_channels_cant_be_followed_through_is_named():
    inputs = keras.Input((8, 8, 4))
    grouped = keras.layers.Conv2D(4, 3, groups=2, name="in_two_halves")(inputs)
    with pytest.raises(BadModel, match=r"'in_two_halves' \(Conv2D with 2 groups\)"):
        prune_channels(keras.Model(inputs, grouped), Channels(keep=0.5))
    turned = keras.layers.Permute((3, 1, 2), name="turned")(keras.layers.Conv2D(4, 3)(inputs))
    with pytest.raises(BadModel, match="'turned'"):
        prune_channels(keras.Model(inputs, turned), Channels(keep=0.5))


def test_a_layer_that_is_used_twice_is_named():
    inputs = keras.Input((8, 8, 4))
    shared = keras.layers.Conv2D(4, 3, padding="same", name="shared")
    with pytest.raises(BadModel, match="'shared"):
        prune_channels(keras.Model(inputs, shared(shared(inputs))), Channels(keep=0.5))
