import itertools

from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.cost import Step, lifetimes


def chain(sizes):
    """A chain of operators over tensors 0, 1, 2, …"""
    steps = [Step(f"op{number}", (number,), (number + 1,)) for number in range(len(sizes) - 1)]
    return lifetimes(
        steps,
        dict(enumerate(sizes)),
        names={n: f"t{n}" for n in range(len(sizes))},
        inputs=[0],
        outputs=[len(sizes) - 1],
    )


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12))
def test_peak_of_a_chain_is_its_largest_pair_of_neighbours(sizes):
    assert chain(sizes).peak_bytes == max(a + b for a, b in itertools.pairwise(sizes))


def test_a_shortcut_is_alive_until_the_addition():
    steps = [Step("conv1", (0,), (1,)), Step("conv2", (1,), (2,)), Step("conv3", (2,), (3,)), Step("add", (1, 3), (4,))]
    found = lifetimes(steps, dict.fromkeys(range(5), 10), names=dict.fromkeys(range(5), "t"), inputs=[0], outputs=[4])
    assert found.live_bytes == (20, 20, 30, 30)
    assert found.peak_bytes == 30
    assert found.peak_step == 2


def test_the_order_of_two_branches_decides_the_peak():
    small, large = Step("small", (0,), (1,)), Step("large", (0,), (2,))
    shrink, join = Step("shrink", (2,), (3,)), Step("join", (1, 3), (4,))
    sizes = {0: 1, 1: 50, 2: 100, 3: 1, 4: 1}
    names = {number: str(number) for number in sizes}
    early = lifetimes([small, large, shrink, join], sizes, names=names, inputs=[0], outputs=[4])
    late = lifetimes([large, shrink, small, join], sizes, names=names, inputs=[0], outputs=[4])
    assert (early.peak_bytes, late.peak_bytes) == (151, 102)


def test_an_output_stays_and_a_result_that_nobody_reads_goes_at_once():
    steps = [Step("split", (0,), (1, 2)), Step("next", (1,), (3,)), Step("last", (3,), (4,))]
    sizes = {0: 1, 1: 2, 2: 4, 3: 8, 4: 16}
    names = {number: str(number) for number in sizes}
    thrown_away = lifetimes(steps, sizes, names=names, inputs=[0], outputs=[4])
    kept = lifetimes(steps, sizes, names=names, inputs=[0], outputs=[2, 4])
    assert thrown_away.live_bytes == (7, 10, 24)
    assert kept.live_bytes == (7, 14, 28)


def test_a_model_without_operators_has_no_peak():
    assert lifetimes([], {0: 5}, names={0: "x"}, inputs=[0], outputs=[0]).peak_bytes == 0
