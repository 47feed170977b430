"""The page's last sections: the budget's verdicts, and how the report was made."""

from __future__ import annotations

from typing import Any

from efficient_ai.report.markup import folded, paragraph, section, table


def budget(document: dict[str, Any]) -> str:
    """The budget's limits for each variant, and the winner; nothing where there is no budget."""
    found = document["budget"]
    if not found:
        return ""
    rows = [
        (one["variant"], f"{one['met']}", f"{one['missed']}", f"{one['not_evaluated']}", _loss(found, one["variant"]))
        for one in found["variants"]
    ]
    names = [one["variant"] for one in found["variants"]]
    chosen = [names.index(found["winner"])] if found["winner"] in names else []
    winner = f"{found['winner']} wins" if found["winner"] else "No variant keeps it"
    still = (
        f"Left open, for no variant has a figure: {', '.join(found['open_limits'])}." if found["open_limits"] else ""
    )
    parts = [
        paragraph(found["why"], f"{winner}; the rule: {found['rule']}.", still),
        table(
            f"The limits of {found['name']}, counted",
            ("variant", "met", "missed", "not evaluated", "outcome"),
            rows,
            chosen=chosen,
            wide=(4,),
        ),
    ]
    parts += _advice(found["advice"])
    for one in found["variants"]:
        lines = [_limit(verdict) for verdict in one["verdicts"]]
        headings = ("limit", "wanted", "found", "outcome", "how")
        inner = table(f"{one['variant']} against {found['name']}", headings, lines, wide=(4,))
        parts.append(folded(f"{one['variant']}, limit by limit", inner))
    return section(f"The budget: {found['name']} on {found['device']}", *parts)


def _advice(advice: dict[str, Any]) -> list[str]:
    """What to try next, and what not to, with the book's reasons; nothing where the guide has nothing to say."""
    parts = []
    if advice["first"]:
        numbered = enumerate(advice["first"], start=1)
        rows = [(f"{place}. {one['try']}", ", ".join(one["for"]), one["since"]) for place, one in numbered]
        caption = f"What to try next on {advice['variant']}, by what the book found with other nets"
        parts.append(table(caption, ("try", "for", "since"), rows, wide=(2,)))
    if advice["not_to_try"]:
        rows = [(one["name"], one["since"]) for one in advice["not_to_try"]]
        parts.append(table("What doesn't help, though it is often tried", ("not to try", "since"), rows, wide=(1,)))
    if advice["unanswered"]:
        parts.append(paragraph(f"For {', '.join(advice['unanswered'])} the book has found nothing that helps."))
    return parts


def _loss(found: dict[str, Any], name: str) -> str:
    if name == found["winner"]:
        return "the winner"
    return next((one["reason"] for one in found["losses"] if one["variant"] == name), "")


def _limit(one: dict[str, Any]) -> tuple[Any, ...]:
    value = "–" if one["value"] is None else f"{'≥ ' if one['lower_bound'] else ''}{one['value']:.4g}"
    kind = {"met": "good", "missed": "bad"}.get(one["outcome"], "soft")
    wanted = f"{one['side']} {one['limit']:g} {one['unit']}".strip()
    how = f"{one['reason']}; {one['method']}" if one["method"] and one["method"] != one["reason"] else one["reason"]
    return one["key"], wanted, value, (one["outcome"], kind), f"{one['kind']}: {how}" if one["kind"] else how


def made(document: dict[str, Any]) -> str:
    """When, where and with what the report was made, and how to have a variant as a file."""
    found, model = document["made"], document["model"]
    data = f" --data {found['data']}" if found["data"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    name = document["choice"]["variant"]
    rows = {row["name"]: row for row in document["variants"]}
    command = ""
    if name in rows and rows[name]["precision"] and not rows[name]["technique"]:
        precision = rows[name]["precision"]
        command = (
            f"To have the recommended file: efficient-ai quantize {model['file']} --precision {precision}"
            f"{data if precision == 'int8' else ''} --out {model['name']}-{precision}.tflite"
        )
    sha = f"SHA-256 of the source: {model['sha256']}." if model["sha256"] else ""
    return section(
        "How this was made",
        paragraph(command),
        paragraph(
            f"{found['date']}, in {found['seconds']:.0f} s, on {found['cpu']} with {found['cores']} cores, "
            f"{found['system']}, Python {found['python']}; {versions}. Seed {found['seed']}.",
            "The file report.json beside this page holds every figure.",
            sha,
        ),
    )
