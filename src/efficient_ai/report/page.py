"""The report as one page of HTML, made of its JSON alone: no script, nothing from elsewhere, every name escaped."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from efficient_ai.report import closing, drawings, markup, sections
from efficient_ai.report.verdicts import GOOD_DB, count, size

FOLDER = Path(__file__).parent
KINDS = {
    "keras": "a Keras model",
    "zoo": "a model of this package",
    "saved_model": "a SavedModel",
    "tflite": "a TensorFlow Lite file",
}


def render(document: dict[str, Any]) -> str:
    """Make the page.

    Args:
        document: Of `gather.gather`, or read from a report.json.

    Returns:
        All of its HTML.
    """
    operators, sizes, latency, memory = (
        markup.figure(*draw(document))
        for draw in (drawings.operators, drawings.sizes, drawings.latency, drawings.memory)
    )
    quality = markup.figure(*drawings.quality(document, GOOD_DB))
    body = "\n".join(
        [
            sections.what(document, operators),
            sections.variants(document, sizes),
            sections.quality(document, quality),
            sections.latency(document, latency),
            sections.boards(document, memory),
            closing.budget(document),
            closing.made(document),
        ]
    )
    model, made = document["model"], document["made"]
    return Template((FOLDER / "page.html").read_text("utf-8")).substitute(
        title=markup.text(f"{model['name']}: report"),
        style=(FOLDER / "page.css").read_text("utf-8"),
        kind=markup.text(f"Report on {KINDS[model['kind']]}, {made['date'][:10]}"),
        name=markup.text(model["name"]),
        lead=" ".join(markup.text(sentence) for sentence in document["summary"]),
        facts=markup.facts(_facts(document)),
        body=body,
    )


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    cost, name = document["cost"], document["choice"]["variant"]
    made = {row["name"]: row for row in document["variants"] if "size_bytes" in row}
    found = [("parameters", f"{cost['params']:,}" if cost.get("params") is not None else "not known")]
    if "macs" in cost:
        found.append(("multiply-accumulates", count(cost["macs"])))
    row = made.get(name) or made.get(document["choice"]["nearest"]) or next(iter(made.values()), None)
    if row is None:
        return found
    found.append((f"file as {row['name']}" if len(made) > 1 else "file", size(row["size_bytes"])))
    if "arena_bytes" in row["arena"]:
        found.append(("memory on a microcontroller", size(row["arena"]["arena_bytes"])))
    timed = [one for one in document["latency"] if one.get("variant") == row["name"] and "p50_ms" in one]
    if timed:
        found.append((f"median here, {timed[0]['engine']}", f"{timed[0]['p50_ms']:.3g} ms"))
    return found
