import numpy as np
import pytest

from efficient_ai import engines, models
from efficient_ai.compress import Float32, LowBits, convert, fewer_bits, packed_size_bytes, round_weights
from efficient_ai.compress.low_bits import kernels
from efficient_ai.errors import BadModel
from efficient_ai.metrics import sqnr_db
from efficient_ai.records import Variant


@pytest.fixture(scope="module")
def dense():
    return models.load("resnet8")


def test_only_kernels_are_rounded_and_the_model_given_stays(dense):
    before = [np.array(w) for w in dense.get_weights()]
    rounded = fewer_bits(dense, LowBits(2))
    treated = {kernel.path for kernel, _ in kernels(rounded)}
    assert len(treated) == 10
    for ours, given in zip(rounded.weights, before, strict=True):
        assert (ours.path not in treated) == np.array_equal(np.asarray(ours), given)
    assert all(np.array_equal(a, b) for a, b in zip(before, dense.get_weights(), strict=True))


def test_a_file_loses_more_with_fewer_bits_and_with_one_scale_for_all(dense):
    wide = convert(dense, Float32())
    inputs = np.random.default_rng(0).random((16, 32, 32, 3)).astype(np.float32)
    reference = engines.predict(wide.content, inputs)

    def noise(bits, granularity):
        return sqnr_db(engines.predict(round_weights(wide, LowBits(bits, granularity)).content, inputs), reference)

    by_bits = [noise(bits, "per_channel") for bits in (8, 4, 2)]
    assert by_bits == sorted(by_bits, reverse=True)
    assert noise(8, "per_tensor") < by_bits[0]


def test_packed_size_halves_with_the_bits(dense):
    sizes = {bits: packed_size_bytes(dense, LowBits(bits, "per_tensor")) for bits in (8, 4)}
    weights = sum(int(np.prod(k.shape)) for k, _ in kernels(dense))
    assert sizes[8] - sizes[4] == pytest.approx(weights / 2, abs=10)


def test_bad_input_is_named(dense):
    with pytest.raises(ValueError, match="granularity must be one of"):
        fewer_bits(dense, LowBits(4, "per_row"))
    with pytest.raises(BadModel, match="float32 file, got int8"):
        round_weights(Variant("x", "int8", b""), LowBits(4))
