"""The published figures: keys, units, sources, and the arithmetic that ties some of them together."""

import re
from pathlib import Path

import pytest

from efficient_ai import published
from efficient_ai.errors import EfficientAIError

BIB = Path(__file__).parents[2] / "references.bib"
GROUP = """
[[group]]
prefix = "a"
source = "b"
where = "table 1"
verified = "{verified}"
figures = [{figures}]
"""


def bib_keys():
    return re.findall(r"^@\w+\{([^,\s]+),", BIB.read_text(encoding="utf-8"), re.MULTILINE)


def value(key):
    return published.figure(key).value


def test_every_source_stands_in_the_bibliography():
    missing = {f.source for f in published.figures()} - set(bib_keys())
    assert not missing


def test_bibliography_has_each_key_once_with_title_and_year():
    keys = bib_keys()
    assert len(keys) == len(set(keys))
    entries = re.split(r"(?m)^(?=@)", BIB.read_text(encoding="utf-8"))[1:]
    assert len(entries) == len(keys)
    for entry in entries:
        assert re.search(r"\btitle\s*=", entry), entry
        assert re.search(r"\byear\s*=\s*\{\d{4}\}", entry), entry
        assert re.search(r"\bauthor\s*=", entry), entry


def test_every_figure_says_where_it_stands_and_how_it_was_checked():
    for figure in published.figures():
        assert figure.where, figure.key
        assert figure.verified in {"V", "2"}, figure.key
        assert figure.unit in published.UNITS, figure.key


def test_fractions_lie_between_zero_and_one_and_all_else_is_positive():
    for figure in published.figures():
        assert figure.value > 0, figure.key
        assert figure.unit != "fraction" or figure.value < 1, figure.key


def test_top1_is_always_a_fraction():
    tops = [f for f in published.figures() if ".top1" in f.key]
    assert len(tops) > 50
    assert {f.unit for f in tops} == {"fraction"}


@pytest.mark.parametrize("verified", ["M", "", "v"])
def test_a_figure_from_memory_is_refused(verified):
    text = GROUP.format(verified=verified, figures='{ key = "x", value = 1, unit = "count" }')
    with pytest.raises(ValueError, match="look it up"):
        published.parse(text)


def test_a_figure_from_memory_hidden_in_a_verified_group_is_refused():
    text = GROUP.format(verified="V", figures='{ key = "x", value = 1, unit = "count", verified = "M" }')
    with pytest.raises(ValueError, match=r"a\.x must be verified"):
        published.parse(text)


def test_an_unknown_unit_is_refused():
    text = GROUP.format(verified="V", figures='{ key = "x", value = 1, unit = "percent" }')
    with pytest.raises(ValueError, match="percent"):
        published.parse(text)


def test_a_key_that_stands_twice_is_refused():
    one = '{ key = "x", value = 1, unit = "count" }'
    with pytest.raises(ValueError, match="twice"):
        published.parse(GROUP.format(verified="V", figures=f"{one}, {one}"))


def test_a_figure_may_replace_where_and_verified_of_its_group():
    text = GROUP.format(
        verified="V", figures='{ key = "x", value = 1, unit = "count", where = "p. 3", verified = "2" }'
    )
    (figure,) = published.parse(text)
    assert (figure.key, figure.source, figure.where, figure.verified) == ("a.x", "b", "p. 3", "2")


def test_an_unknown_key_names_near_ones_in_one_unquoted_line():
    with pytest.raises(published.UnknownFigure) as caught:
        published.figure("torchvision.resnet50.mac")
    message = str(caught.value)
    assert "torchvision.resnet50.macs" in message
    assert message.startswith("no published figure")
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, EfficientAIError)


def test_a_prefix_matches_whole_parts_of_a_key_only():
    keys = {f.key for f in published.figures("torchvision.squeezenet1_0")}
    assert keys == {f"torchvision.squeezenet1_0.{part}" for part in ("params", "macs", "top1")}
    with pytest.raises(published.UnknownFigure):
        published.figures("torchvision.squeezenet1")


def test_tpu_peak_follows_from_its_multipliers_and_clock():
    operations = 2 * value("tpu_v1.macs_per_cycle") * value("tpu_v1.clock") * 1e6
    assert operations == pytest.approx(value("tpu_v1.peak") * 1e12, rel=0.01)


def test_edge_tpu_efficiency_is_peak_over_power():
    assert value("edge_tpu.peak") / value("edge_tpu.power") == pytest.approx(value("edge_tpu.efficiency"))


@pytest.mark.parametrize("net", ["lenet_300_100", "lenet_5", "alexnet", "vgg16"])
def test_deep_compression_ratio_is_the_quotient_of_its_sizes(net):
    quotient = value(f"han2016.{net}.size") / value(f"han2016.{net}.size_compressed")
    assert quotient == pytest.approx(value(f"han2016.{net}.ratio"), rel=0.02)


@pytest.mark.parametrize("net", ["lenet_300_100", "lenet_5", "alexnet", "vgg16"])
def test_pruning_ratio_is_the_quotient_of_its_parameters(net):
    quotient = value(f"han2015.{net}.params") / value(f"han2015.{net}.params_pruned")
    assert quotient == pytest.approx(value(f"han2015.{net}.params_ratio"), rel=0.05)


def test_lenet_size_is_its_parameters_in_float32():
    assert value("lottery.lenet.params") * 4 / 1000 == pytest.approx(value("han2016.lenet_300_100.size"), rel=0.01)


@pytest.mark.parametrize("board", ["stm32l4r5", "stm32u575"])
def test_mlperf_tiny_power_is_the_same_on_every_task(board):
    """Energy × throughput is power: a mistyped figure of one task would stand out of the four."""
    powers = [
        value(f"mlperf_tiny_v1_3.{board}.{task}.energy") * value(f"mlperf_tiny_v1_3.{board}.{task}.throughput")
        for task in ("kws", "ic", "vww", "ad")
    ]
    assert max(powers) / min(powers) < 1.06


def test_wider_mobilenets_and_larger_inputs_cost_and_reach_more():
    widths = [value(f"tf_slim.mobilenet_v1_{w}_224.macs") for w in ("025", "050", "075", "100")]
    sides = [value(f"tf_slim.mobilenet_v1_100_{s}.top1") for s in (128, 160, 192, 224)]
    assert widths == sorted(widths)
    assert sides == sorted(sides)
