import numpy as np
import pytest

from efficient_ai import studies
from efficient_ai.studies import qat

TESTED = {"resnet8": 10_000, "ds_cnn": 1_140}


def test_every_width_is_trained_with_every_seed_and_rounded_once():
    shards = [tuple(sorted(shard.items())) for shard in qat.STUDY.shards]
    assert len(set(shards)) == len(shards)
    trained = {(s["bits"], s["seed"]) for s in qat.STUDY.shards if (s["net"], s["method"]) == ("resnet8", "qat")}
    assert trained == {(bits, seed) for bits in qat.BITS for seed in qat.SEEDS}
    assert {s["seed"] for s in qat.STUDY.shards if s["method"] != "qat"} == {0}


@pytest.mark.parametrize("net", qat.NETS)
def test_accuracies_are_those_of_the_examples_named_rightly(net):
    for entry in studies.record("qat").where(net=net):
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(entry["test_correct_hex"]), np.uint8))[: TESTED[net]]
        assert bits.mean() == pytest.approx(entry["test_accuracy"], abs=1e-9)


def test_only_training_has_losses_and_each_file_answers_as_its_model():
    for entry in studies.record("qat").entries:
        assert len(entry["first_losses"]) == (qat.FIRST_STEPS if entry["method"] == "qat" else 0)
        assert entry["file_agreement"] > 0.95
        if entry["method"] == "qat":
            assert abs(entry["file_accuracy"] - entry["test_accuracy"]) <= (1 - entry["file_agreement"]) + 1e-9
