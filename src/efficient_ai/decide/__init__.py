"""Deciding: a product's budget as a file, what a model's figures say to it, and which variant wins.

`budget` reads the limits and gives verdicts, `quantities` lists what may be limited, `figures` finds what a budget
asks for in a model's file, `on_board` models published microcontrollers, `choose` compares
variants, and `report` writes verdicts down.
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
from efficient_ai.decide.figures import figures_of, load
from efficient_ai.decide.quantities import QUANTITIES, Quantity
from efficient_ai.decide.report import as_json, parse_given, verdict_lines

__all__ = [
    "QUANTITIES",
    "BadBudget",
    "Budget",
    "Choice",
    "Figure",
    "Limit",
    "Loss",
    "Quantity",
    "RankAgreement",
    "Row",
    "Verdict",
    "as_json",
    "check",
    "choose",
    "figures_of",
    "load",
    "parse_given",
    "product",
    "products",
    "rank_agreements",
    "read",
    "verdict_lines",
]
