import pytest

from efficient_ai import cost, data, search
from efficient_ai.compress import Int8, convert
from efficient_ai.hardware.catalogue import UnknownDevice
from efficient_ai.search import Candidate, Costs, FromShapes, Limits, RecordedCosts
from efficient_ai.studies import net_table

NETS = (Candidate("plain", 8, stages=2), Candidate("residual", 12, side=16), Candidate("inverted", 16, expansion=2))


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.block)
def test_size_and_arena_from_shapes_are_close_to_the_files(net):
    model = search.build(net)
    few = data.as_inputs(data.fashion_mnist().train_images[:20], (32, 32, 3))
    file = convert(model, Int8(few))
    guessed = FromShapes()(net)
    assert guessed.size_bytes == pytest.approx(file.size_bytes, rel=0.05)
    assert guessed.arena_bytes == cost.plan_memory(file.content).planned_bytes
    assert guessed.macs == cost.count(model).macs


def test_a_devices_memories_are_limits_and_an_unknown_one_is_refused():
    limits = search.limits_of("STM32F746NG", latency_s=0.01)
    assert limits == Limits(0.01, 1_048_576, 327_680)
    assert search.limits_of("Raspberry Pi 4, 4 GB").size_bytes is None
    with pytest.raises(UnknownDevice, match="near ones"):
        search.limits_of("STM32F746")


def test_excess_is_a_share_of_the_limit_and_what_is_not_limited_is_left_out():
    excess = Limits(latency_s=0.01, size_bytes=1000).excess(Costs(0.005, 1500, 1))
    assert excess == {"latency_s": -0.5, "size_bytes": 0.5}


def test_a_limit_to_what_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="limit to arena_bytes"):
        Limits(arena_bytes=1000).excess(Costs(0.005, 1500, 1))
    with pytest.raises(ValueError, match="must be above 0"):
        Limits(size_bytes=0)


def test_a_net_that_the_record_lacks_is_named():
    known, other = NETS[:2]
    recorded = RecordedCosts({search.name_of(known): Costs(1, 2, 3)})
    assert recorded(known) == Costs(1, 2, 3)
    for lookup in (recorded, search.Recorded({search.name_of(known): 0.5})):
        with pytest.raises(ValueError, match=f"no net {search.name_of(other)}"):
            lookup(other)


def test_a_brief_training_is_the_tables_training():
    training = search.BriefTraining()
    assert training.recipe == net_table.recipe(0)
    assert training.examples == net_table.EXAMPLES


def test_a_brief_training_is_the_same_twice_and_judges_what_it_says():
    training = search.BriefTraining(examples=640, epochs=1, max_steps=3, judged=500)
    one, again = (training(NETS[0]) for _ in range(2))
    assert one == again
    assert one * 500 == pytest.approx(round(one * 500))


@pytest.mark.parametrize("wrong", [{"data": "cats"}, {"examples": 0}, {"judged": 0}, {"epochs": 0}])
def test_a_training_that_can_not_be_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        search.BriefTraining(**wrong)
