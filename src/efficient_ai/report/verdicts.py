"""What follows from a report: the budget's verdicts, the variant to take, and a few sentences for the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from efficient_ai import decide
from efficient_ai.decide import findings, guide
from efficient_ai.decide.budget import MET, MISSED, Budget
from efficient_ai.measure.latency import FEWEST_RUNS
from efficient_ai.records import Variant
from efficient_ai.report.judging import EXACT_DB
from efficient_ai.report.wanted import Wanted

KIB = 1024
GOOD_DB = 20.0  # of the outputs' signal over their error: an error of a tenth
GOOD_AGREEMENT = 0.98
WORST_LOSS = 0.01
KEEPING = " of those that keep every limit"  # how a budget's own rule ends
PERCENTS = ("p50", "p90", "p99")


def against(budget: Budget, variants: Sequence[Variant], document: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Hold every variant against a budget and choose among them.

    Args:
        budget: The limits.
        variants: Those that were made.
        document: Their rows, with what was measured of them already.
        wanted: Its threads are used.
    """
    rows = {row["name"]: row for row in document["variants"]}
    entries, contenders = [], []
    for variant in variants:
        row = rows[variant.name]
        known = _known(row, document["latency"], budget, wanted)
        figures = decide.figures_of(
            variant, budget, given={key: value for key, (value, _) in known.items()}, runs=FEWEST_RUNS
        )
        figures |= {key: replace(figures[key], method=how) for key, (_, how) in known.items()}
        verdicts = decide.check(budget, figures)
        contenders.append(decide.Row(variant.name, variant.technique, figures))
        entries.append(
            {
                "variant": variant.name,
                "met": sum(one.outcome == MET for one in verdicts),
                "missed": sum(one.outcome == MISSED for one in verdicts),
                "not_evaluated": sum(one.outcome not in (MET, MISSED) for one in verdicts),
                "verdicts": [decide.verdict_entry(one) for one in verdicts],
            }
        )
    found = {"name": budget.name, "why": budget.why, "device": budget.device.name, "variants": entries}
    found |= _chosen(contenders, budget)
    return found | {"advice": _advice(budget, contenders, found["winner"] or _nearest(found))}


def _advice(budget: Budget, contenders: Sequence[decide.Row], name: str | None) -> dict[str, Any]:
    """What the book's guide would try next on a variant, from what the book found with other nets."""
    row = next((one for one in contenders if one.name == name), None)
    if row is None:
        return {"variant": None, "first": [], "not_to_try": [], "unanswered": []}
    told = guide.propose(budget, row.figures, findings.gather(), done=guide.steps_of(row))
    return {
        "variant": name,
        "first": [{"try": one.lever.name, "for": list(one.limits), "since": one.reason} for one in told.first],
        "not_to_try": [{"name": one.name, "since": why} for one, why in told.not_to_try],
        "unanswered": list(told.unanswered),
    }


def _nearest(found: dict[str, Any]) -> str | None:
    """The variant that misses the fewest limits, and those by the least."""
    nearest = min(found["variants"], key=lambda one: (_unkept(one, found["open_limits"]), _excess(one)), default=None)
    return nearest and nearest["variant"]


def _known(
    row: dict[str, Any], latency: Sequence[dict[str, Any]], budget: Budget, wanted: Wanted
) -> dict[str, tuple[float, str]]:
    """What the report has measured of a variant among what the budget limits, with how."""
    found: dict[str, tuple[float, str]] = {}
    kinds = {limit.key: limit.kind for limit in budget.limits}
    accuracy = (row.get("quality") or {}).get("accuracy")
    if "accuracy" in kinds and accuracy:
        found["accuracy"] = (accuracy["value"], f"{row['quality']['examples']} examples of {wanted.data.name}")
    timed = [one for one in latency if one.get("variant") == row["name"] and one["engine"] == budget.engine]
    for one in timed:
        for percent in PERCENTS:
            key = f"latency_{percent}_ms"
            if kinds.get(key) == "measured" and "p50_ms" in one and one["threads"] == budget.threads:
                how = f"{one['runs']} runs on {one['engine']} {one['delegate']}, {one['cpu']}: this machine"
                found[key] = (one[f"{percent}_ms"], how)
    if "ram_kib" in kinds and "arena_bytes" in row["arena"]:
        found["ram_kib"] = (row["arena"]["arena_bytes"] / KIB, "arena of TensorFlow Lite Micro")
    return found


def _chosen(contenders: Sequence[decide.Row], budget: Budget) -> dict[str, Any]:
    """The winner by the budget's own rule, or by size where nobody has a value of what should decide."""
    if not contenders:
        return {"winner": None, "rule": "no variant could be made", "losses": [], "open_limits": []}
    try:
        choice, note = decide.choose(contenders, budget), ""
    except ValueError:  # what should decide isn't known of one that keeps every limit
        choice = decide.choose(contenders, budget, best="flash_kib" if _sized(contenders) else "mega_macs")
        note = f" ({budget.best} should decide, and isn't known: pass --data with y)"
    return {
        "winner": choice.winner.name if choice.winner else None,
        "rule": choice.rule + note,
        "losses": [{"variant": loss.row.name, "reason": loss.reason} for loss in choice.losses],
        "open_limits": list(choice.open_limits),
    }


def _sized(contenders: Sequence[decide.Row]) -> bool:
    return all((found := row.figures.get("flash_kib")) and found.value is not None for row in contenders)


def choice(document: dict[str, Any]) -> dict[str, Any]:
    """The variant to take, why, and what it costs: the budget's winner, else the smallest that stays good."""
    made = [row for row in document["variants"] if "size_bytes" in row]
    if document["budget"]:
        found = document["budget"]
        why = f"of those that keep the budget {found['name']}, the one with {found['rule'].removesuffix(KEEPING)}"
        return {"variant": found["winner"], "rule": why, "nearest": _nearest(found)}
    rule = f"the smallest file whose outputs stay within {GOOD_DB:.0f} dB of the source's"
    if document["quality"]["basis"] == "labels":
        rule = f"the smallest file that loses at most {100 * WORST_LOSS:.0f} point of accuracy"
    elif document["quality"]["basis"] == "data":
        rule += f", and that names the same class {100 * GOOD_AGREEMENT:.0f} times of 100"
    good = [row for row in made if good_enough(row, document["quality"]["basis"])]
    best = min(good, key=lambda row: row["size_bytes"], default=None)
    return {"variant": best["name"] if best else None, "rule": rule, "nearest": None}


def _unkept(one: dict[str, Any], still_open: Sequence[str]) -> int:
    """How many limits a variant misses or has no figure for, those apart that nobody has one for."""
    return sum(verdict["outcome"] != MET and verdict["key"] not in still_open for verdict in one["verdicts"])


def _excess(one: dict[str, Any]) -> float:
    """How far a variant is over the limits that it misses, as a sum of shares of the limits."""
    missed = [verdict for verdict in one["verdicts"] if verdict["outcome"] == MISSED and verdict["limit"]]
    return sum(verdict["excess"] / verdict["limit"] for verdict in missed if verdict["excess"] is not None)


def good_enough(row: dict[str, Any], basis: str) -> bool:
    """Whether a variant's outputs stay good, by what there is to judge them."""
    quality = row.get("quality") or {}
    if "reason" in quality or not quality:
        return False
    if basis == "labels" and quality["accuracy_change"]:
        return quality["accuracy_change"]["value"] >= -WORST_LOSS
    agrees = basis == "noise" or not quality["agreement"] or quality["agreement"]["value"] >= GOOD_AGREEMENT
    return agrees and all(one is not None and one >= GOOD_DB for one in quality["sqnr_db"])


def summary(document: dict[str, Any]) -> list[str]:
    """The head of the report: what the model is, where it fits, which variant to take, and what that costs."""
    return [_what(document), _where(document), *_which(document)]


def _what(document: dict[str, Any]) -> str:
    model, cost = document["model"], document["cost"]
    tensors = " and ".join(_shape(one) for one in document["inputs"][:4])
    given = " and ".join(_shape(one) for one in document["outputs"][:4])
    params = f"{cost['params']:,} parameters" if cost.get("params") is not None else "an unknown number of parameters"
    macs = f" and takes {count(cost['macs'])} multiply-accumulates an inference" if "macs" in cost else ""
    bound = ", at least: some of its operators aren't counted" if cost["unknown_operators"] else ""
    return f"{model['name']} takes {tensors} and gives {given}; it has {params}{macs}{bound}."


def _shape(one: dict[str, Any]) -> str:
    sizes = "×".join("?" if size < 0 else str(size) for size in one["shape"][1:]) or "1"
    word = "text" if one["dtype"] == "string" else "value"
    kind = "" if one["dtype"] == "string" else f" ({one['dtype']})"
    return f"{sizes} {word}{'' if sizes == '1' else 's'}{kind}"


def _where(document: dict[str, Any]) -> str:
    made = [row for row in document["variants"] if "size_bytes" in row]
    if not made:
        why = document["variants"][0]["reason"].removeprefix("can't be converted: ")
        return f"It can't be converted to a .tflite file here: {why}."
    places = {row["name"]: [one["name"] for one in row["devices"] if one["fits"]] for row in made}
    total = len(made[0]["devices"])
    taken = document["choice"]["variant"]
    name, found = max(places.items(), key=lambda pair: (len(pair[1]), pair[0] == taken))
    memory = [row["arena"]["arena_bytes"] for row in made if "arena_bytes" in row["arena"]]
    if not memory:
        return f"Which of the {total} microcontrollers of the catalogue it fits isn't known: no arena could be had."
    if not found:
        least = f"the smallest file has {size(min(row['size_bytes'] for row in made))}"
        least += f", the smallest arena {size(min(memory))}"
        return f"It fits none of the {total} microcontrollers of the catalogue: {least}."
    which = f"As {name} it" if len(made) > 1 else "It"
    if len(found) == total:
        return f"{which} fits each of the {total} microcontrollers of the catalogue."
    named = ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return f"{which} fits {len(found)} of the {total} microcontrollers of the catalogue: {named}."


def _which(document: dict[str, Any]) -> list[str]:
    rows = {row["name"]: row for row in document["variants"] if "size_bytes" in row}
    name = document["choice"]["variant"]
    if len(rows) < 2 and not document["budget"]:
        return []
    if name is None and document["budget"]:
        found, nearest = document["budget"], document["choice"]["nearest"]
        why = next((one["reason"] for one in found["losses"] if one["variant"] == nearest), "")
        return [f"No variant keeps every limit of the budget {found['name']}; {nearest} comes nearest ({why})."]
    if name is None:
        return [f"No variant can be recommended by the rule: {document['choice']['rule']}; see the table of quality."]
    row, wide = rows[name], rows.get("float32")
    lines = [f"Take {name}, by the rule: {document['choice']['rule']}."]
    if wide is None or name == "float32":
        return lines
    share = row["size_bytes"] / wide["size_bytes"]
    cost = f"Against float32 its file has {share:.2f} times the size ({size(row['size_bytes'])})"
    timed = {one["variant"]: one for one in document["latency"] if one["engine"] == "litert" and "p50_ms" in one}
    if name in timed and timed[name]["times_float32"]:
        ratio = timed[name]["times_float32"]
        cost += f", an inference takes {ratio['value']:.2f} times as long here on litert"
    return [*lines, f"{cost}; {_price(row, document['quality'])}."]


def _price(row: dict[str, Any], quality: dict[str, Any]) -> str:
    found = row.get("quality") or {}
    if found.get("accuracy_change"):
        change, accuracy = found["accuracy_change"], found["accuracy"]
        return (
            f"its accuracy is {accuracy['value']:.1%}, {signed(100 * change['value'])} points from the source's "
            f"({signed(100 * change['low'])} to {signed(100 * change['high'])}, {found['examples']} examples)"
        )
    if not found or "reason" in found:
        return "its outputs couldn't be judged"
    db = min((one for one in found["sqnr_db"] if one is not None), default=None)
    near = "aren't finite" if db is None else f"stay within {db:.0f} dB of the source's"
    near = near if db is None or db < EXACT_DB else "are exactly the source's"
    if quality["basis"] == "noise":
        return f"on noise its outputs {near}, which says little of real inputs: pass --data to know more"
    agrees = f" and it names the same class on {found['agreement']['value']:.1%} of them" if found["agreement"] else ""
    return f"on {found['examples']} examples its outputs {near}{agrees}"


def size(number: float) -> str:
    """Bytes as KiB or MiB."""
    return f"{number / KIB:.1f} KiB" if number < KIB * KIB else f"{number / KIB / KIB:.2f} MiB"


def count(number: float) -> str:
    """A large whole number in words."""
    for unit, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if number >= unit:
            return f"{number / unit:.1f} {word}"
    return f"{number:,.0f}"


def signed(number: float) -> str:
    """A difference with its sign."""
    return f"{number:+.1f}".replace("-", "−")
