import numpy as np
import pytest

from efficient_ai import search, studies
from efficient_ai.search.candidate_shapes import candidate_layers
from efficient_ai.studies import net_predictions, searched, searched_nets


def macs(name):
    return sum(layer.macs for layer in candidate_layers(search.places()[name]))


def test_the_drawn_nets_are_the_first_small_ones_of_a_draw():
    names = list(search.places())
    order = (names[i] for i in np.random.default_rng(0).permutation(len(names)))
    small = [name for name in order if macs(name) <= 2_000_000]
    assert tuple(small[: len(searched_nets.DRAWN)]) == searched_nets.DRAWN


def test_the_family_differs_in_width_alone_and_is_small_enough_for_the_table():
    nets = [search.places()[name] for name in searched_nets.FAMILY]
    assert len({(net.block, net.stages, net.blocks, net.kernel, net.side) for net in nets}) == 1
    assert sorted({net.width for net in nets}) == [net.width for net in nets]
    assert max(map(macs, searched_nets.FAMILY)) <= search.MOST_MACS


def test_every_net_of_the_study_has_its_shard_once():
    shards = [(shard["name"], shard["seed"]) for shard in searched.STUDY.shards]
    assert len(set(shards)) == len(shards)
    wanted = {*searched_nets.FAMILY, *searched_nets.DRAWN, *searched_nets.CHOSEN}
    assert {name for name, seed in shards if seed == 0} == wanted


def test_the_record_is_of_this_code_and_its_bits_agree_with_its_accuracies():
    assert not studies.stale("searched")
    for entry in studies.record("searched").entries:
        for kind in ("test", "int8_test"):
            bits = np.unpackbits(np.frombuffer(bytes.fromhex(entry[f"{kind}_correct_hex"]), np.uint8))
            assert bits.mean() == pytest.approx(entry[f"{kind}_accuracy"])


def test_recorded_costs_price_every_place_of_the_table():
    assert not studies.stale("net_predictions")
    costs = net_predictions.costs()
    assert set(costs) == set(search.places())
    assert all(cost.macs == macs(name) for name, cost in list(costs.items())[::50])
    assert all(cost.latency_s > 0 and cost.size_bytes > 0 for cost in costs.values())
    with pytest.raises(KeyError):
        net_predictions.costs("int4")


def test_the_first_losses_are_the_same_twice(monkeypatch):
    few = searched.train_validation
    monkeypatch.setattr(searched, "train_validation", lambda labels: (few(labels)[0][:1280], few(labels)[1]))
    first, again = (searched.first_losses("separable-8-2x1-k3-16") for _ in range(2))
    assert len(first) == searched.FIRST_STEPS
    assert np.allclose(first, again, rtol=1e-4)
