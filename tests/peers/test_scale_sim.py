"""SCALE-Sim's cycles beside ours: equal, but for where it begins to count and which columns it drains."""

import pytest

from efficient_ai.errors import EngineMissing
from efficient_ai.hardware import Product, SystolicArray, product_cycles
from efficient_ai.peers import scale_sim

HERE = pytest.mark.skipif(scale_sim.available() is None, reason=f"SCALE-Sim can't run here: {scale_sim.INSTALL}")


@HERE
def test_it_counts_one_cycle_less_on_whole_columns():
    products = [(30, 16, 16), (30, 33, 20), (5, 9, 1), (7, 16, 40)]
    theirs = scale_sim.weight_stationary_cycles(products, rows=16, columns=8)
    array = SystolicArray(
        name="array",
        rows=16,
        columns=8,
        clock_hz=1,
        bandwidth_bytes_per_s=1,
        activation_memory_bytes=0,
        double_buffered=False,
    )
    for (vectors, inner, outputs), cycles in zip(products, theirs, strict=True):
        whole = -(-outputs // 8) * 8
        assert cycles == product_cycles(array, Product(vectors, inner, whole)) - 1


def test_a_missing_tool_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(scale_sim.util, "find_spec", lambda name: None)
    with pytest.raises(EngineMissing, match=r"pip install .scalesim"):
        scale_sim.weight_stationary_cycles([(1, 1, 1)], rows=2, columns=2)
    assert scale_sim.missing_row().engine == "SCALE-Sim"
