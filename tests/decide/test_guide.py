"""The decision guide."""

from dataclasses import replace

import pytest

from efficient_ai.decide import QUANTITIES, Figure, Limit, Row, product
from efficient_ai.decide import guide as deciding
from efficient_ai.decide.findings import HERE, MISSING, Found, expected

KNOWN = {"engine": 30.0, "int8": 4.0, "int8_time": 3.0, "int8_old": 0.1, "deep_compression": 40.0, "channels": 1.4,
         "zeros": 1.0, "sleep": 5.0, "accelerator": 50.0, "two_threads": 1.0, "by_macs": 0.5}  # fmt: skip


def finding(one):
    factor, points = KNOWN.get(one.id), {"weather": 6.0, "taught": 0.9, "search": 0.5}.get(one.id)
    return Found(one, HERE, factor=factor, points=points, gave=f"{one.id} gave", cost=f"{one.id} cost")


FOUND = tuple(finding(one) for one in expected())


def budget(name="mobile", **limits):
    wanted = tuple(Limit(QUANTITIES[key], value, QUANTITIES[key].kind) for key, value in limits.items())
    return replace(product(name), limits=wanted)


def figures(**values):
    return {key: Figure(value, QUANTITIES[key].kind, "told by the test") for key, value in values.items()}


def names(made):
    return [proposal.lever.name for proposal in made.first]


def test_levers_that_reach_the_limit_stand_first_and_the_cheap_before_the_dear():
    made = deciding.propose(budget(download_kib=64), figures(download_kib=200.0), FOUND)
    assert names(made) == ["int8", "prune, share values, pack", "a smaller net, taught by the large one"]
    assert made.first[0].reach == 1
    assert made.first[0].reason.startswith("int8 gave for int8 cost")


def test_what_was_done_is_not_proposed_again():
    made = deciding.propose(budget(download_kib=64), figures(download_kib=200.0), FOUND, done={"int8", "pruned"})
    assert names(made) == ["a smaller net, taught by the large one"]


def test_a_lever_that_covers_little_of_the_way_comes_after_one_that_covers_it():
    made = deciding.propose(budget(mega_macs=1), figures(mega_macs=20.0), FOUND)
    assert names(made) == ["a smaller net, taught by the large one", "remove channels"]
    assert made.first[1].reach < deciding.MUCH


def test_zeros_are_advised_against_where_time_is_missed_and_not_where_bytes_travel():
    slow = deciding.propose(budget(latency_p50_ms=1), figures(latency_p50_ms=9.0), FOUND)
    assert "zeros, for speed or energy" in [one.name for one, _ in slow.not_to_try]
    large = deciding.propose(budget(download_kib=64), figures(download_kib=200.0), FOUND)
    assert not large.not_to_try


def test_int8_without_kernels_is_advised_against_on_the_engine_that_has_none():
    limits = budget(latency_p50_ms=1)
    for engine, wanted in (("tflite-runtime", True), ("litert", False)):
        made = deciding.propose(replace(limits, engine=engine), figures(latency_p50_ms=9.0), FOUND)
        assert ("int8 without int8 kernels" in [one.name for one, _ in made.not_to_try]) is wanted


def test_what_helped_where_it_was_tried_is_not_advised_against():
    limits = budget(latency_p50_ms=1)
    helped = tuple(replace(one, factor=1.7) if one.expected.id == "two_threads" else one for one in FOUND)
    for findings, wanted in ((FOUND, True), (helped, False)):
        made = deciding.propose(limits, figures(latency_p50_ms=9.0), findings)
        assert ("a second thread" in [one.name for one, _ in made.not_to_try]) is wanted


def test_points_that_are_missing_ask_for_a_lever_with_points():
    limits = budget("automotive", noisy_accuracy=0.7)
    assert names(deciding.propose(limits, figures(noisy_accuracy=0.66), FOUND)) == ["train against bad weather"]


def test_a_limit_for_which_nothing_was_found_is_named():
    limits = budget("smart_home", false_accepts_per_hour=0.5)
    made = deciding.propose(limits, figures(false_accepts_per_hour=2.0), FOUND)
    assert made.unanswered == ("false_accepts_per_hour",)
    assert not made.first


def test_where_a_board_has_figures_for_int8_alone_int8_comes_first():
    whole = product("smart_home")
    unknown = {"battery_days": Figure(None, "modelled", "the published results are of int8 nets, and this is none")}
    made = deciding.propose(whole, unknown, FOUND)
    assert names(made)[0] == "int8"
    assert "battery_days" in made.first[0].limits


def test_where_no_limit_is_missed_the_deciding_quantity_is_worked_on():
    made = deciding.propose(budget(download_kib=64), figures(download_kib=10.0), FOUND)
    assert not made.missed
    assert made.first[0].limits == ("download_kib",)


def test_without_findings_the_guide_proposes_nothing_and_names_what_it_cannot_speak_of():
    silent = tuple(Found(one, MISSING) for one in expected())
    made = deciding.propose(budget(download_kib=64), figures(download_kib=200.0), silent)
    assert not made.first
    assert "int8" in made.silent
    assert made.unanswered == ("download_kib",)


def test_the_number_of_proposals_is_at_least_one():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        deciding.propose(budget(download_kib=64), figures(download_kib=200.0), FOUND, most=0)


def test_every_lever_and_refusal_is_told_by_a_finding():
    offered, against = deciding.levers()
    ids = {one.id for one in expected()}
    told = {one.tells for one in (*offered, *against)} | {h for one in offered for h in one.helps.values()}
    assert told - {deciding.AS_NEEDED} <= ids
    assert all(set(one.tempts) <= set(QUANTITIES) for one in against)


def test_a_variants_steps_are_its_techniques_and_its_precision():
    assert deciding.steps_of(Row("student_pruned int8", "distilled and pruned", {})) == {"distilled", "pruned", "int8"}
    assert deciding.steps_of(Row("resnet8 float32", "float32", {})) == frozenset()
