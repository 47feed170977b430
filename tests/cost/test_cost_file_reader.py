import random

import pytest
import tflite as schema
from hypothesis import given, settings
from hypothesis import strategies as st
from small_nets import PRECISIONS, residual_net, tflite

from efficient_ai import cost
from efficient_ai.errors import BadModel
from efficient_ai.records import ModelCost


@pytest.mark.parametrize("precision", PRECISIONS)
def test_keras_and_file_agree_on_macs_whatever_the_precision(precision):
    found = cost.count_file(tflite(precision))
    assert found.macs == cost.count(residual_net()).macs
    assert found.unknown_operators == ()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_parameters_are_keras_own_with_batch_normalization_folded(precision):
    # conv 8·27+8, depthwise 8·9+8, pointwise 8·8+8, conv 24·72+24, dense 24·5+5
    assert cost.count_file(tflite(precision)).params == 224 + 80 + 72 + 1752 + 125


def test_peak_activations_agree_with_keras_and_shrink_with_the_precision():
    keras_peak = cost.count(residual_net()).peak_activation_bytes
    assert cost.count_file(tflite("float32")).peak_activation_bytes == keras_peak
    assert cost.count_file(tflite("float16")).peak_activation_bytes == keras_peak
    assert cost.count_file(tflite("int8")).peak_activation_bytes == keras_peak // 4
    assert cost.count_file(tflite("int16x8")).peak_activation_bytes == keras_peak // 2


def test_weight_bytes_are_what_the_file_holds():
    first = {p: next(r for r in cost.count_file(tflite(p)).layers if r.operator == "CONV_2D") for p in PRECISIONS}
    assert first["float32"].weight_bytes == 4 * (216 + 8)
    assert first["float16"].weight_bytes == 2 * (216 + 8)
    # Weights of one byte and biases of four (eight at int16x8); for both, a scale (4) and zero point (8) a channel.
    assert first["int8"].weight_bytes == 216 + 4 * 8 + 2 * 12 * 8
    assert first["int16x8"].weight_bytes == 216 + 8 * 8 + 2 * 12 * 8
    for precision in PRECISIONS:
        assert cost.count_file(tflite(precision)).weight_bytes < len(tflite(precision))


def test_a_path_gives_its_name_and_the_same_counts(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(tflite())
    found = cost.count_file(path)
    assert found.model == "net"
    assert found.layers == cost.count_file(str(path)).layers == cost.count_file(tflite()).layers
    with pytest.raises(BadModel, match="cannot read"):
        cost.count_file(tmp_path / "none.tflite")


def test_a_foreign_file_is_refused_in_one_line():
    for content in (b"", b"TFL3", b"PK\x03\x04" + bytes(100), b"\x1c\0\0\0ONNX" + bytes(50)):
        with pytest.raises(BadModel, match=r"not a \.tflite file") as caught:
            cost.count_file(content)
        assert "\n" not in str(caught.value)


def attempt(content):
    """The counts, or the message of a clear refusal."""
    try:
        return cost.count_file(content)
    except BadModel as error:
        return str(error)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_truncated_file_is_refused_or_read_correctly(precision):
    whole = tflite(precision)
    expected = cost.count_file(whole)
    lengths = {*range(0, len(whole), 61), *range(max(len(whole) - 40, 0), len(whole)), *range(60)}
    results = {length: attempt(whole[:length]) for length in lengths}
    for found in results.values():
        assert found == expected or "\n" not in found
    assert "truncated" in results[61 * 50]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 20))
def test_a_damaged_file_never_fails_otherwise(seed, bytes_changed):
    rng = random.Random(seed)
    content = bytearray(tflite("int8"))
    for _ in range(bytes_changed):
        content[rng.randrange(8, len(content))] = rng.randrange(256)
    found = attempt(bytes(content))
    assert isinstance(found, ModelCost) or "\n" not in found


def renamed(content: bytes, *, old: int, new: int) -> bytes:
    """The file with one builtin operator's code changed."""
    changed = bytearray(content)
    model = schema.Model.GetRootAs(changed, 0)
    for number in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(number)
        if max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) == old:
            for slot, width in ((4, 1), (10, 4)):
                if code._tab.Offset(slot):
                    at = code._tab.Pos + code._tab.Offset(slot)
                    changed[at : at + width] = new.to_bytes(width, "little")
    return bytes(changed)


def test_an_operator_that_the_counter_does_not_know_stands_by_name():
    operators = schema.BuiltinOperator
    content = renamed(tflite(), old=operators.MAX_POOL_2D, new=operators.SVDF)
    found = cost.count_file(content)
    assert found.unknown_operators == ("SVDF",)
    assert any(layer.operator == "SVDF" and layer.macs == 0 for layer in found.layers)


def test_live_tensors_of_a_file_explain_the_peak():
    lives = cost.live_tensors_of_file(tflite("int8"))
    assert lives.peak_bytes == cost.count_file(tflite("int8")).peak_activation_bytes
    assert len(lives.steps) == len(cost.count_file(tflite("int8")).layers)
