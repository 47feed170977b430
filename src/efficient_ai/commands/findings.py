"""`efficient-ai findings`: what the book's pages found, technique by technique, and the snapshot that ships."""

from __future__ import annotations

import argparse

TEXT = "what each technique gave and cost, as this machine's pages entered it; exit code 1 when something isn't there"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--snapshot", action="store_true", help="let the package ship these results, for readers who have run no page"
    )


def run(options: argparse.Namespace) -> int:
    """Print a line for each finding, and say which pages to run for what is missing, stale or from elsewhere.

    Returns:
        0, or 1 where not all findings are this machine's and of the present code.
    """
    from efficient_ai import cache
    from efficient_ai.decide import findings

    found = findings.gather()
    for one in found:
        mark = "missing" if one.missing else "stale" if one.stale else "" if one.source == findings.HERE else "shipped"
        beside = f"; published: {one.paper} ({one.paper_source})" if one.paper else ""
        said = f"{one.gave}; cost: {one.cost}" if not one.missing else f"run the page {one.expected.page}"
        print(f"{mark:<8}{one.expected.name:<52} {said}{beside}")
    print(findings.state(found))
    if options.snapshot:
        entries = findings.to_ship(found)
        file = cache.ship_results(entries)
        print(f"{file}: {sum(map(len, entries.values()))} entries of {len(entries)} pages")
    return 1 if findings.to_execute(found) else 0
