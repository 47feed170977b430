"""The Edge TPU: operators and memory from the maker's pages, and a latency that is transfers plus cycles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_nets import residual_net, tflite

from efficient_ai import cost, published
from efficient_ai.errors import BadModel
from efficient_ai.hardware import Product, coral, edge_tpu, product_cycles
from efficient_ai.hardware.edge_tpu import EdgeTpuNet
from efficient_ai.records import Variant

SMALL = EdgeTpuNet("small", (Product(100, 64, 64),), 1000, 10)
LARGE = EdgeTpuNet("large", (Product(1, 4000, 3000),), 4000, 3000)


def test_the_array_is_the_square_that_gives_the_published_rate():
    chip = edge_tpu.array()
    assert chip.rows == chip.columns == 64
    assert chip.peak_ops_per_s == pytest.approx(published.figure("edge_tpu.peak").value * 1e12, rel=0.03)


def test_an_int8_net_runs_whole_and_others_not_at_all():
    found = edge_tpu.compatibility(Variant("net", "int8", tflite("int8")))
    assert found.runs_whole
    assert found.unsupported == ()
    assert found.streamed_bytes == 0
    for precision in ("float32", "dynamic_int8", "int16x8"):
        assert edge_tpu.compatibility(tflite(precision)).on_chip == 0, precision


def test_the_first_operator_that_is_not_on_the_list_ends_the_part_on_the_chip():
    found = edge_tpu.compatibility(tflite("int8", float_io=True))
    assert found.quantized
    assert (found.on_chip, found.unsupported) == (0, ("QUANTIZE", "DEQUANTIZE"))


def test_a_file_that_is_none_is_refused():
    with pytest.raises(BadModel):
        edge_tpu.compatibility(b"no model")


def test_latency_is_the_transfers_and_then_the_cycles():
    chip = edge_tpu.array()
    cycles = product_cycles(chip, SMALL.products[0])
    assert edge_tpu.latency_ms(SMALL, 1e6) == pytest.approx(1010 / 1e3 + 1e3 * cycles / chip.clock_hz)
    assert edge_tpu.moved_bytes(LARGE) == 7000 + 12_000_000 - edge_tpu.memory_bytes()


@given(st.floats(1e7, 1e10))
def test_the_fit_gives_back_the_bandwidth_that_made_the_latencies(bandwidth):
    nets = [SMALL, LARGE]
    fitted = edge_tpu.fit_bandwidth(nets, [edge_tpu.latency_ms(net, bandwidth) for net in nets])
    assert fitted == pytest.approx(bandwidth, rel=1e-6)


def test_a_keras_model_and_its_int8_file_are_the_same_net():
    wide, small = cost.count(residual_net()), cost.count_file(tflite("int8"))
    assert edge_tpu.net_of(wide, name="net") == edge_tpu.net_of(small, name="net")


@pytest.mark.parametrize("key", ["mobilenet_v1_025", "mobilenet_v2", "squeezenet", "efficientnet_edge_tpu_s"])
def test_a_shipped_net_is_the_net_that_is_built(key):
    assert coral.build(key) == coral.load(key)


def test_shipped_nets_have_the_published_multiplications():
    for key, figure in (
        ("mobilenet_v2", "torchvision.mobilenet_v2.macs"),
        ("vgg16", "torchvision.vgg16.macs"),
        ("squeezenet", "torchvision.squeezenet1_0.macs"),
        ("mobilenet_v1", "tf_slim.mobilenet_v1_100_224.macs"),
    ):
        assert coral.load(key).macs / 1e9 == pytest.approx(published.figure(figure).value, rel=0.01), key


def test_every_net_has_a_published_latency():
    assert len(coral.names()) >= 15
    assert all(coral.published_ms(key) > 0 for key in coral.names())


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="there is no net 'alexnet'"):
        coral.load("alexnet")
    with pytest.raises(ValueError, match="above 0, got 0"):
        edge_tpu.latency_ms(SMALL, 0)
    with pytest.raises(ValueError, match="1 nets and 2 latencies"):
        edge_tpu.fit_bandwidth([SMALL], [1.0, 2.0])
    with pytest.raises(ValueError, match="leave nothing for the cable"):
        edge_tpu.fit_bandwidth([SMALL], [1e-9])
