"""The study of all variants, and its rows."""

import numpy as np
import pytest

from efficient_ai import decide, studies
from efficient_ai.errors import EfficientAIError
from efficient_ai.studies import variant_files as files
from efficient_ai.studies import variants


@pytest.mark.parametrize("task", ["fashion_mnist", "keywords"])
def test_rows_have_known_figures_and_names_of_their_own(task):
    rows = variants.rows(task)
    assert len({row.name for row in rows}) == len(rows) > 5
    assert all(set(row.figures) <= set(decide.QUANTITIES) for row in rows)
    assert all(row.figures["accuracy"].kind == "measured" for row in rows)
    assert all(row.figures["energy_mj_per_inference"].kind == "modelled" for row in rows)


def test_counts_of_an_entry_fit_together():
    for entry in variants.entries("fashion_mnist").values():
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(entry["test_correct_hex"]), np.uint8))[: entry["count"]]
        assert bits.sum() == entry["hits"] == sum(entry["class_hits"])
        assert sum(entry["class_counts"]) == entry["count"] == 10_000
        assert all(lost <= changed for lost, changed in zip(entry["lost"], entry["changed"], strict=True))
        assert entry["agreement"] == pytest.approx(1 - sum(entry["changed"]) / entry["count"])
        assert entry["noisy_accuracy"] == pytest.approx(np.mean(list(entry["corrupted"].values())))


def test_only_int8_nets_have_a_life_on_the_button():
    budget = decide.product("smart_home")
    for row in variants.rows("keywords", budget):
        assert (row.figures["battery_days"].value is not None) == row.name.endswith(" int8")
        assert row.figures["latency_p50_ms"].kind == "modelled"


def test_an_unknown_task_is_refused():
    with pytest.raises(EfficientAIError, match="no variants for 'text'"):
        variants.entries("text")


def test_the_file_of_a_student_is_the_one_that_was_judged():
    (made,) = files.files("student_pruned")
    kept = variants.entries("fashion_mnist")[made.name]
    assert (made.file.size_bytes, made.file.compressed_bytes) == (kept["size_bytes"], kept["compressed_bytes"])


def test_a_third_of_the_weathered_lesson_is_clean():
    plain, spoilt = files.lesson("resnet8")[0], files.lesson("resnet8_weather")[0]
    alike = (plain == spoilt).all(axis=(1, 2)).mean()
    assert alike == pytest.approx(1 / 3, abs=0.02)


def test_an_unknown_family_is_refused():
    with pytest.raises(ValueError, match="no family 'vgg'"):
        files.files("vgg")


def test_a_study_is_an_attribute_of_the_package_and_nothing_else_is():
    assert studies.variants.STUDY.name == "variants"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = studies.nonsense


def test_scores_are_the_log_odds_of_the_best_word():
    logits = np.random.default_rng(0).normal(0, 2, (50, 12))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    best = chances[:, :10].max(axis=1)
    np.testing.assert_allclose(variants._scores(logits), np.log(best / (1 - best)))
