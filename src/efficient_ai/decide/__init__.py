"""Deciding: a product's budget as a file, what a model's figures say to it, and which variant wins.

`budget` reads the limits and gives verdicts, `quantities` lists what may be limited, `figures` finds what a budget
asks for in a model's file, `on_board` models published microcontrollers, `choose` compares variants, `explorer` gathers
what can be explored, `price` models what an inference costs, and `report` writes verdicts down. `findings` gathers what
the pages found, `ledger` a product's steps, and `guide` proposes what to try first.
"""

from efficient_ai.decide.budget import (
    BadBudget,
    Budget,
    Figure,
    Limit,
    Verdict,
    check,
    product,
    products,
    read,
)
from efficient_ai.decide.choose import Choice, Loss, RankAgreement, Row, choose, rank_agreements
from efficient_ai.decide.explorer import Exploration, as_data, axis_label, explore
from efficient_ai.decide.figures import figures_of, load
from efficient_ai.decide.price import Price, Usage, linpack_seconds, most_per_day, price_of
from efficient_ai.decide.quantities import QUANTITIES, Quantity
from efficient_ai.decide.report import as_json, parse_given, verdict_entry, verdict_lines

__all__ = [
    "QUANTITIES",
    "BadBudget",
    "Budget",
    "Choice",
    "Exploration",
    "Figure",
    "Limit",
    "Loss",
    "Price",
    "Quantity",
    "RankAgreement",
    "Row",
    "Usage",
    "Verdict",
    "as_data",
    "as_json",
    "axis_label",
    "check",
    "choose",
    "explore",
    "figures_of",
    "linpack_seconds",
    "load",
    "most_per_day",
    "parse_given",
    "price_of",
    "product",
    "products",
    "rank_agreements",
    "read",
    "verdict_entry",
    "verdict_lines",
]
