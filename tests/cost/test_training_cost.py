import pytest

from efficient_ai.cost import Widths, count, count_step
from efficient_ai.cost.training import kept_shapes
from efficient_ai.models import build


def dense_net():
    import keras

    inputs = keras.Input((20,))
    x = keras.layers.Dense(30, activation="relu", name="a")(inputs)
    return keras.Model(inputs, keras.layers.Dense(5, name="b")(x), name="net")


def test_a_dense_net_costs_what_its_shapes_say():
    step = count_step(dense_net(), batch=7)
    first, second = 20 * 30, 30 * 5
    assert step.forward_macs == 7 * (first + second)
    assert step.backward_macs == 7 * (first + 2 * second)  # the first layer's inputs need no gradient
    params = first + 30 + second + 5
    assert step.weight_bytes == step.gradient_bytes == step.optimizer_bytes == 4 * params
    assert step.activation_bytes == 7 * 4 * (20 + 30)
    assert step.peak_bytes == 3 * 4 * params + 7 * 4 * 50


def test_a_relu_of_its_own_keeps_no_more_than_one_within_a_layer():
    import keras

    inputs = keras.Input((20,))
    x = keras.layers.Dense(30)(inputs)
    x = keras.layers.ReLU()(x)
    apart = keras.Model(inputs, keras.layers.Dense(5)(x))
    assert sorted(kept_shapes(apart)) == sorted(kept_shapes(dense_net())) == [(20,), (30,)]


def test_adam_remembers_twice_as_much_and_a_master_copy_is_counted():
    net = dense_net()
    sgd, adam = (count_step(net, batch=1, optimizer=name) for name in ("sgd", "adam"))
    assert adam.optimizer_bytes == 2 * sgd.optimizer_bytes
    half = count_step(net, batch=1, widths=Widths(2, 2, 2, master=True))
    assert half.weight_bytes == 1.5 * sgd.weight_bytes
    assert half.activation_bytes == sgd.activation_bytes / 2
    assert half.macs == sgd.macs


def test_absent_weights_save_products_but_no_activations():
    net = dense_net()
    whole, sparse = count_step(net, batch=4), count_step(net, batch=4, density=0.1)
    assert sparse.macs == pytest.approx(0.1 * whole.macs)
    assert sparse.activation_bytes == whole.activation_bytes


def test_operations_are_those_that_tensorflow_counts_in_its_own_graph():
    import tensorflow as tf

    model = build("resnet8", seed=0)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x, training=True)))
        return tape.gradient(loss, [v.value for v in model.trainable_variables])

    graph = step.get_concrete_function(tf.TensorSpec((1, 32, 32, 3)), tf.TensorSpec((1,), tf.int32)).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    theirs = tf.compat.v1.profiler.profile(graph, options=options).total_float_ops
    ours = 2 * count_step(model, batch=1).macs
    assert 1 <= theirs / ours < 1.05  # theirs has the additions of biases and normalizations too


def test_the_way_forward_is_what_the_counter_of_answers_says():
    model = build("lenet5", seed=0)
    assert count_step(model, batch=3).forward_macs == 3 * count(model).macs


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"batch": 0}, "batch"),
        ({"batch": 1, "optimizer": "rmsprop"}, "optimizer"),
        ({"batch": 1, "density": 0}, "densi"),
    ],
)
def test_what_cannot_be_is_refused(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        count_step(dense_net(), **options)


def test_a_number_has_more_than_zero_bytes():
    with pytest.raises(ValueError, match="zero bytes"):
        Widths(0)
