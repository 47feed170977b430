"""What compilers made of a model, and how long they took for it."""

import functools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_nets import residual_net

from efficient_ai import cache
from efficient_ai.engines import available
from efficient_ai.measure import compiled_operators, compilers, first_answers, pays_after
from efficient_ai.records import EngineMissingRow

PROGRAM = """HloModule m, is_scheduled=true

%fused (p: f32[4]) -> f32[4] {
  %p = f32[4]{0} parameter(0)
  ROOT %add.9 = f32[4]{0} add(%p, %p)
}

ENTRY %main.3 (a: f32[1,4,4,2], b: f32[3,3,2,4]) -> f32[1,4] {
  %a = f32[1,4,4,2]{3,2,1,0} parameter(0), metadata={op_name="add(x)"}
  %c.1 = f32[1,4,4,4]{3,2,1,0} convolution(%a, %b), window={size=3x3 pad=1_1x1_1}
  %add_rsqrt_fusion.2 = f32[4]{0} fusion(%c.1), kind=kLoop, calls=%fused
  %add_maximum_fusion = f32[1,4,4,4]{3,2,1,0} fusion(%c.1, /*index=5*/%a), kind=kLoop, calls=%fused
  ROOT %dot_add_fusion = (f32[1,4]{1,0}, f32[2]{0}) fusion(%add_maximum_fusion), kind=kOutput, calls=%fused
}
"""


@functools.cache
def forms():
    return {form.form: form for form in compiled_operators(residual_net())}


def test_only_the_main_computations_instructions_are_read():
    assert compilers.instructions(PROGRAM) == ["parameter", "convolution", "rsqrt_fusion", "fusion", "dot_fusion"]


def test_a_form_counts_silent_operators_apart_and_unknown_ones_by_name():
    found = compilers._operators("graph", ["Const", "Conv2D", "Conv2D", "Strassen", "NoOp"])
    assert (found.total, found.silent, dict(found.counts)) == (3, 2, {"Conv2D": 2, "Strassen": 1})
    assert found.kinds["convolution"] == 2
    assert found.kinds["other"] == 1
    assert tuple(found.kinds) == compilers.KINDS


def test_every_form_has_the_networks_convolutions_and_nothing_is_lost_in_the_kinds():
    for form in forms().values():
        assert sum(form.kinds.values()) == form.total
    layers = forms()["layers"].kinds
    assert (layers["convolution"], layers["product"], layers["normalization"]) == (4, 1, 3)
    for name in ("graph, traced", "graph, optimised", "XLA, traced", "LiteRT"):
        assert forms()[name].kinds["convolution"] == 4, name
    fused = forms()["XLA, fused"].kinds
    assert fused["convolution"] + fused["product"] == 5  # a 1×1 convolution may become a matrix product


def test_only_the_converter_folds_normalizations_away():
    assert forms()["LiteRT"].kinds["normalization"] == 0
    assert all(form.kinds["normalization"] == 3 for name, form in forms().items() if name != "LiteRT")


def test_optimisers_leave_fewer_operators_than_tracing_made():
    assert forms()["graph, optimised"].total < forms()["graph, traced"].total
    assert forms()["XLA, fused"].total < forms()["XLA, traced"].total / 2


def test_first_answers_have_a_lap_each_or_a_row_that_says_what_is_missing():
    found = first_answers(residual_net(), rungs=("eager", "graph", "XLA", "LiteRT", "TVM"), laps=2)
    assert [len(found[rung]) for rung in ("eager", "graph", "XLA", "LiteRT")] == [2, 2, 2, 2]
    assert min(found["XLA"]) > 0
    if available()["tvm"] is None:
        assert isinstance(found["TVM"], EngineMissingRow)
    else:
        assert len(found["TVM"]) == 1


def test_the_cache_is_empty_meanwhile_and_gets_what_was_exported(monkeypatch, tmp_path):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path))
    cache.write_whole(tmp_path / "exports" / "old.so", b"old")
    with compilers._empty_cache():
        assert not (cache.root() / "exports").exists()
        cache.write_whole(cache.root() / "exports" / "new.so", b"new")
    assert cache.root() == tmp_path
    assert {f.name: f.read_bytes() for f in (tmp_path / "exports").iterdir()} == {"old.so": b"old", "new.so": b"new"}


@pytest.mark.parametrize(("rungs", "laps"), [(("graph", "Fortran"), 1), (("graph",), 0)])
def test_unknown_rungs_and_no_laps_are_refused(rungs, laps):
    with pytest.raises(ValueError, match="laps must be at least 1 and rungs of eager"):
        first_answers(residual_net(), rungs=rungs, laps=laps)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_both_have_taken_equally_long_where_a_compiler_has_paid_off(compiling, instead, each, other):
    found = pays_after(compiling, instead, each, other)
    if 0 < found < math.inf and abs(other - each) > 1e-6:
        assert compiling + found * each / 1_000 == pytest.approx(instead + found * other / 1_000, rel=1e-6)
    elif found == math.inf:
        assert each >= other
        assert compiling > instead or each > other
    assert found >= 0
