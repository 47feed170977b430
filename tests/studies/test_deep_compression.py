import base64

import numpy as np
import pytest

from efficient_ai import models, studies
from efficient_ai.compress import sparsity, storage
from efficient_ai.studies import deep_compression


def kept():
    """Every file in the record, with its shard."""
    entries = studies.record("deep_compression").entries
    return [(entry, file) for entry in entries for file in entry["files"] if file["content"]]


def test_the_record_keeps_a_file_for_each_codebook_of_each_network():
    assert [entry["network"] for entry, _ in kept()].count("lenet5") == len(deep_compression.CODEBOOKS)
    assert {entry["network"] for entry, _ in kept()} == set(deep_compression.PLANS)


@pytest.mark.parametrize("number", range(2 * len(deep_compression.CODEBOOKS)))
def test_a_kept_file_is_a_model_of_its_sparsity_and_gives_the_same_bytes_again(number):
    entry, file = kept()[number]
    content = base64.b64decode(file["content"])
    model = storage.decompress(content)
    assert storage.compress(model)[0] == content
    assert sparsity(model) >= entry["sparsity"] - 1e-4
    assert sum(file["parts"].values()) == file["size_bytes"] == len(content)
    assert file["ratio"] == pytest.approx(4 * models.build(entry["network"]).count_params() / len(content))


def test_accuracies_are_those_of_the_pictures_named_rightly():
    for entry in studies.record("deep_compression").entries:
        for judged in (entry["trained"], *entry["files"]):
            bits = np.unpackbits(np.frombuffer(bytes.fromhex(judged["test_correct_hex"]), np.uint8))
            assert bits.sum() / 10_000 == pytest.approx(judged["test_accuracy"])
