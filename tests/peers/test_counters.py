import keras
import pytest
from small_nets import residual_net

from efficient_ai import cost
from efficient_ai.errors import BadModel
from efficient_ai.peers import counters


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "x.cc:4302] Estimated count of arithmetic ops: 25.122 M  ops, equivalently 12.561 M  MACs",
            (25_122_000, 1000),
        ),
        ("Estimated count of arithmetic ops: 0.602 G  ops, equivalently 0.301 G  MACs", (602_000_000, 1_000_000)),
        ("Estimated count of arithmetic ops: 812  ops, equivalently 406  MACs", (812, 1)),
        ("nothing of the kind", (None, 0)),
    ],
)
def test_the_converter_s_line_is_read_with_its_last_place(line, expected):
    assert counters.read_log(f"first\n{line}\nlast") == expected


def test_of_several_counts_the_last_stands():
    text = "Estimated count of arithmetic ops: 1 K  ops\nEstimated count of arithmetic ops: 2 K  ops"
    assert counters.read_log(text)[0] == 2000


def test_tensorflow_counts_what_we_count():
    model = residual_net()
    found, ours = counters.tensorflow_counts(model), cost.conventions(model)
    crumbs = ours.bias_ops + ours.addition_ops
    if found.converter_ops is not None:  # max pooling is nothing to it, and average pooling something
        assert 0 <= found.converter_ops - ours.ops - crumbs <= ours.pooling_ops + found.converter_step
    if found.profiler_ops is not None:
        rest = found.profiler_ops - ours.ops - crumbs - ours.normalization_ops
        assert 0 <= rest <= ours.pooling_ops + 10 * 24 + 100
    assert found.version


def test_a_model_that_cannot_be_read_again_is_refused_in_one_line():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs), name="odd")
    with pytest.raises(BadModel, match="TensorFlow can't count odd") as error:
        counters.tensorflow_counts(model)
    assert "\n" not in str(error.value)
