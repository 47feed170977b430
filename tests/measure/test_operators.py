import numpy as np
import pytest
from small_nets import samples, tflite

from efficient_ai import cost, engines, measure
from efficient_ai.errors import BadModel
from efficient_ai.records import Variant


def variants():
    return [Variant("residual_net", p, tflite(p)) for p in ("float32", "int8")]


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_cut_file_runs_the_first_operators_and_no_other(precision):
    content = tflite(precision)
    whole = cost.count_file(content).layers
    for after in range(len(whole)):
        assert cost.count_file(measure.cut(content, after)).layers == whole[: after + 1]


def test_a_cut_file_gives_what_the_whole_has_at_that_place():
    # The last cut is the file itself; the one before, put through the last layer by hand, gives the same.
    content = tflite("float32")
    last = len(cost.count_file(content).layers) - 1
    inputs = samples(4, seed=11)
    np.testing.assert_array_equal(engines.predict(measure.cut(content, last), inputs), engines.predict(content, inputs))
    from small_nets import residual_net

    pooled = engines.predict(measure.cut(content, last - 1), inputs)
    weights, bias = residual_net().layers[-1].get_weights()
    np.testing.assert_allclose(
        pooled.reshape(4, -1) @ weights + bias, engines.predict(content, inputs), rtol=1e-4, atol=1e-4
    )


def test_parts_end_where_one_tensor_alone_is_alive():
    ends = measure.part_ends(tflite("float32"))
    kinds = [layer.operator for layer in cost.count_file(tflite("float32")).layers]
    assert ends[-1] == len(kinds) - 1
    addition = kinds.index("ADD")
    assert addition in ends
    assert not {end for end in ends if 0 < end < addition}  # the shortcut spans them


def test_the_parts_add_up_to_the_whole_by_construction():
    parts = measure.part_costs(variants(), runs=50, rounds=5)
    assert set(parts) == {"float32", "int8"}
    for variant in variants():
        rows = parts[variant.name]
        whole = cost.count_file(variant.content)
        assert sum(row.macs for row in rows) == whole.macs
        assert [o for row in rows for o in row.operators] == [layer.operator for layer in whole.layers]
        assert all(row.time_ms.low <= row.time_ms.value <= row.time_ms.high for row in rows)
        assert sum(row.time_ms.value for row in rows) > 0


def test_places_to_cut_must_rise_to_the_end():
    with pytest.raises(ValueError, match="ends must rise up to the last operator"):
        measure.part_costs(variants(), ends=(3, 2))
    with pytest.raises(ValueError, match="ends must rise up to the last operator"):
        measure.part_costs(variants(), ends=())
    with pytest.raises(ValueError, match="after must be in 0 to"):
        measure.cut(tflite("float32"), 99)
    with pytest.raises(BadModel, match=r"not a \.tflite file"):
        measure.cut(b"nothing of the kind", 0)


def test_a_difference_has_the_sign_of_what_takes_longer():
    from efficient_ai.records import LatencyStats

    rng = np.random.default_rng(0)

    def stats(median):
        return LatencyStats("v", "litert", "none", 1, "cpu", 0, 5, tuple(rng.normal(median, 0.01, 50)))

    slow, fast = stats(2.0), stats(1.5)
    found = measure.difference(slow, fast)
    assert found.low < 0.5 < found.high or abs(found.value - 0.5) < 0.02
    assert 0.4 < found.low <= found.value <= found.high < 0.6
    assert measure.difference(fast, slow).value == -found.value
    with pytest.raises(ValueError, match="two rows of one comparison"):
        measure.difference(slow, LatencyStats("v", "litert", "none", 1, "cpu", 0, 5, (1.0,) * 10))
