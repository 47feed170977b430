import numpy as np
import pytest

from efficient_ai import models
from efficient_ai.compress import Magnitude, Sensitivity, allocate, prune, prune_layers, scan, sparsities, sparsity


@pytest.fixture(scope="module")
def net():
    return models.build("lenet_300_100")


def test_each_layer_gets_its_own_sparsity_and_the_others_stay_dense(net):
    wanted = {"hidden_300": 0.5, "logits": 0.25}
    assert sparsities(prune_layers(net, wanted)) == pytest.approx({**wanted, "hidden_100": 0})


def test_equal_sparsities_are_what_pruning_by_layer_gives(net):
    ours = prune_layers(net, dict.fromkeys(sparsities(net), 0.7)).get_weights()
    theirs = prune(net, Magnitude(0.7, scope="layer")).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_layer_that_the_model_lacks_is_named(net):
    with pytest.raises(ValueError, match=r"no kernel stem \(known: hidden_300"):
        prune_layers(net, {"stem": 0.5})
    with pytest.raises(ValueError, match=r"sparsity must be in \[0, 1\), got 1"):
        prune_layers(net, {"logits": 1})


def test_a_scan_prunes_one_layer_at_a_time_and_puts_it_back(net):
    before = net.get_weights()
    seen = []

    def score(model):
        seen.append(sparsities(model))
        return -sparsity(model)

    found = scan(net, score, sparsities=(0.5, 0.9))
    assert all(sum(s > 0 for s in state.values()) == 1 for state in seen[:-1])
    assert len(seen) == 3 * 2 + 1
    assert sum(seen[-1].values()) == 0
    assert found.dense == 0
    assert found.scores["hidden_300"] == pytest.approx((-0.5 * 235_200 / 266_200, -0.9 * 235_200 / 266_200))
    assert found.weights == {"hidden_300": 235_200, "hidden_100": 30_000, "logits": 1_000}
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


@pytest.mark.parametrize("wrong", [(), (0.5, 0.5), (0.9, 0.5), (0.0, 0.5), (0.5, 1.0)])
def test_a_scan_wants_sparsities_that_rise(net, wrong):
    with pytest.raises(ValueError, match="must rise within"):
        scan(net, lambda model: 0.0, sparsities=wrong)


def two_layers(cheap, dear, sizes=(100, 100)):
    return Sensitivity(
        (0.5, 0.9), {"cheap": cheap, "dear": dear}, dict(zip(("cheap", "dear"), sizes, strict=True)), 1.0
    )


def overall(chosen, sensitivity):
    return sum(s * sensitivity.weights[n] for n, s in chosen.items()) / sum(sensitivity.weights.values())


def test_weights_are_taken_where_they_cost_least():
    found = two_layers((1.0, 1.0), (0.5, 0.1))
    assert allocate(found, sparsity=0.45) == pytest.approx({"cheap": 0.9, "dear": 0.0})


def test_a_large_layer_gives_before_a_small_one_that_loses_as_much():
    found = two_layers((0.9, 0.8), (0.9, 0.8), sizes=(1_000, 10))
    chosen = allocate(found, sparsity=0.5)
    assert chosen["cheap"] > 0.5 > chosen["dear"]


@pytest.mark.parametrize("wanted", [0.0, 0.3, 0.62, 0.9])
def test_the_layers_together_have_the_sparsity_that_was_asked_for(wanted):
    found = two_layers((0.95, 0.7), (0.8, 0.2), sizes=(300, 50))
    chosen = allocate(found, sparsity=wanted)
    assert wanted - 1e-9 <= overall(chosen, found) <= wanted + 0.025 + 1e-9


def test_equal_layers_share_equally():
    found = two_layers((0.9, 0.5), (0.9, 0.5))
    chosen = allocate(found, sparsity=0.7)
    assert abs(chosen["cheap"] - chosen["dear"]) < 0.03


def test_a_score_that_rises_by_chance_counts_as_no_loss():
    found = two_layers((1.2, 1.1), (0.9, 0.8))
    assert allocate(found, sparsity=0.4)["dear"] == 0


def test_more_than_was_scanned_is_refused():
    with pytest.raises(ValueError, match=r"sparsity must be in \[0, 0.9\], the highest that was scanned, got 0.95"):
        allocate(two_layers((0.9, 0.8), (0.9, 0.8)), sparsity=0.95)
