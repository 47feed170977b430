import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_nets import tflite

from efficient_ai import cost, engines
from efficient_ai.cost import Liveness, LiveTensor, plan_memory
from efficient_ai.errors import BadModel


def live(*tensors):
    """A schedule from (size, first step, last step), numbered in this order."""
    made = [LiveTensor(f"t{i}", size, first, last, i) for i, (size, first, last) in enumerate(tensors)]
    steps = max((last for _, _, last in tensors), default=-1) + 1
    return Liveness(tuple(str(i) for i in range(steps)), tuple(sorted(made, key=lambda t: t.first_step)))


LIVES = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 8), st.integers(0, 8)).map(lambda t: (t[0], *sorted(t[1:]))),
    max_size=12,
)


@given(LIVES, st.sampled_from(("last", "first")), st.sampled_from((1, 16)))
def test_tensors_that_live_together_never_share_a_byte(tensors, ties, alignment):
    plan = plan_memory(live(*tensors), ties=ties, alignment_bytes=alignment)
    assert len(plan.tensors) == len(tensors)
    for a, b in itertools.combinations(plan.tensors, 2):
        if a.first_step <= b.last_step and b.first_step <= a.last_step:
            assert a.end_bytes <= b.offset_bytes or b.end_bytes <= a.offset_bytes
    assert all(t.offset_bytes % alignment == t.size_bytes % alignment == 0 for t in plan.tensors)


@given(LIVES)
def test_a_plan_lies_between_the_bound_and_sharing_nothing(tensors):
    plan = plan_memory(live(*tensors))
    assert plan.lower_bound_bytes <= plan.planned_bytes <= plan.unshared_bytes


def test_a_chain_alternates_between_two_ends_and_reaches_the_bound():
    plan = plan_memory(live((64, 0, 0), (64, 0, 1), (64, 1, 2), (64, 2, 2)))
    assert plan.planned_bytes == plan.lower_bound_bytes == 128
    assert {t.offset_bytes for t in plan.tensors} == {0, 64}


def test_a_small_tensor_goes_into_the_first_gap_that_fits():
    # At step 3 the tensor of 48 lies above the gap that the large one before it leaves: 32 fit below it, at 0.
    plan = plan_memory(live((96, 0, 1), (48, 2, 3), (96, 1, 2), (32, 3, 3), (80, 3, 3)))
    assert {t.name: t.offset_bytes for t in plan.tensors} == {"t2": 0, "t0": 96, "t4": 0, "t1": 96, "t3": 144}


def test_which_of_equals_comes_first_can_cost_a_tensor():
    tensors = ((16, 0, 3), (16, 1, 2), (16, 2, 3), (16, 3, 6))
    sizes = {ties: plan_memory(live(*tensors), ties=ties) for ties in ("last", "first")}
    assert sizes["last"].tensors[-1].offset_bytes == 0  # placed first
    assert sizes["first"].tensors[0].offset_bytes == 0


def test_sizes_are_rounded_up_in_plan_and_bound():
    plan = plan_memory(live((17, 0, 0), (1, 0, 0)))
    assert plan.planned_bytes == plan.lower_bound_bytes == 48
    assert plan_memory(live((17, 0, 0), (1, 0, 0)), alignment_bytes=1).planned_bytes == 18


def test_an_empty_schedule_takes_nothing():
    assert plan_memory(live()).planned_bytes == 0


@pytest.mark.parametrize("precision", ["float32", "int8", "int16x8"])
def test_the_plan_of_a_file_is_the_head_of_the_microcontrollers_interpreter(precision):
    if engines.available()["tflm"] is None:
        pytest.skip(engines.INSTALL["tflm"])
    content = tflite(precision)
    assert plan_memory(content).planned_bytes == engines.arena(content).head_bytes


def test_the_bound_is_the_peak_of_the_counted_file_up_to_rounding():
    plan, peak = plan_memory(tflite("int8")), cost.count_file(tflite("int8")).peak_activation_bytes
    assert peak <= plan.lower_bound_bytes < peak + 16 * len(plan.tensors)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="ties must be one of last, first"):
        plan_memory(live(), ties="random")
    with pytest.raises(ValueError, match="alignment_bytes must be at least 1"):
        plan_memory(live(), alignment_bytes=0)
    with pytest.raises(BadModel, match=r"not a \.tflite file"):
        plan_memory(b"nothing of the kind")
