"""The ledgers of the two products as waterfalls: on a logarithmic axis factors are lengths, and lengths add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from efficient_ai.plots.style import COLORS, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from efficient_ai.decide.ledger import Amount, Step

REDESIGNED = "#0072B2"
KEPT = "#E6F2EC"  # the side on which a limit is kept
INK, FAINT = "#222222", "#8A8A8A"
BEST, LEFT = 0.62, "still to find"
# As the legend names them; a bar's hatching says how far its amount is known.
HATCHES = {"published": "", "computed": "", "measured": "", "modelled": "////"}


@dataclass(frozen=True)
class LedgerPanel:
    """One quantity: its key in the steps, the axis's label, the limit and its name, and what stands beside a bar."""

    key: str
    label: str
    limit: float
    limit_name: str
    says: Callable[[float], str]


def plot_ledger(steps: Sequence[Step], panels: Sequence[LedgerPanel], *, notes: Sequence[str] = ()) -> Figure:
    """A row a step, a panel a quantity: from what the step before left to what this one leaves.

    A step that stands instead of another begins where that one ended, is pale, and adds to nothing. Whiskers say how
    badly an amount is known, a dot what the fit to all published nets says. Below the steps that go on from one
    another stands what remains up to the first panel's limit, where that isn't reached.

    Args:
        steps: The ledger; those that go on from one another first.
        panels: At least one; the limits are upper ones.
        notes: Headings of the steps' notes, which stand to the right.

    Raises:
        ValueError: If there are no panels, or a step has another number of notes than there are headings.
    """
    if not panels:
        raise ValueError("a ledger needs at least one panel")
    if wrong := [step.name for step in steps if len(step.notes) != len(notes)]:
        raise ValueError(f"{wrong[0]} needs {len(notes)} notes, one for each heading")
    chain = [step for step in steps if not step.instead_of]
    aside = [step for step in steps if step.instead_of]
    left = _left(chain, panels[0])
    places = {step.name: row for row, step in enumerate(chain)}
    begin = len(chain) + (1 if left else 0) + 0.7
    places |= {step.name: begin + row for row, step in enumerate(aside)}
    last = (begin + len(aside) if aside else begin) - 0.4
    made, found = figure(
        1, len(panels), figsize=(6.4, 0.4 * last + 1.35), sharey=True, squeeze=False,
        gridspec_kw={"wspace": 0.08},
    )  # fmt: skip
    for axes, panel in zip(found[0], panels, strict=True):
        _panel(axes, panel, steps, places, begin - 0.75 if aside else None, 0.4 if len(panels) == 1 else 0.55)
        axes.set_ylim(last, -0.75)
    first = found[0][0]
    rows = [(places[step.name], step.name) for step in steps]
    if left:
        rows.append((len(chain), LEFT))
        _remainder(first, len(chain), left, panels[0])
    first.set_yticks([at for at, _ in rows], [name for _, name in rows])
    for text, (_, name) in zip(first.get_yticklabels(), rows, strict=True):
        text.set(color=INK if name in places and places[name] < begin else FAINT, fontsize=8.5)
    _notes(found[0][-1], steps, places, notes)
    _legend(made, steps)
    return made


def _panel(
    axes: Any, panel: LedgerPanel, steps: Sequence[Step], places: dict[str, float], rule: float | None, room: float
) -> None:
    amounts = {step.name: step.amounts.get(panel.key) for step in steps}
    known = [a for a in amounts.values() if a is not None]
    ends = [v for a in known for v in (a.value, a.low, a.high, a.fitted) if v is not None] + [panel.limit]
    high = max(ends) * 1.25
    low = min(ends) / max(1.5, (high / min(ends)) ** room)  # for what stands beside the shortest
    plain_log(axes.xaxis, low, high, marks=(1, 2, 5) if high / low < 100 else (1,))
    axes.set_xlim(low, high)
    axes.axvspan(low, panel.limit, color=KEPT, lw=0, zorder=0)
    axes.axvline(panel.limit, color=COLORS["pruned"], lw=1.4, zorder=1)
    axes.annotate(panel.limit_name, (panel.limit, 1), xycoords=("data", "axes fraction"), xytext=(-3, 2),
                  textcoords="offset points", ha="center", fontsize=8.5, color=COLORS["pruned"])  # fmt: skip
    if rule is not None:
        axes.axhline(rule, color="#BBBBBB", lw=0.8)
        axes.annotate("instead, and in no sum", (0, rule), xycoords=("axes fraction", "data"), xytext=(3, -9),
                      textcoords="offset points", fontsize=7.5, color=FAINT, style="italic")  # fmt: skip
    before: float | None = None
    for step in steps:
        amount, row = amounts[step.name], places[step.name]
        if amount is None:
            axes.annotate("nobody published it", (0.03, row), xycoords=("axes fraction", "data"), fontsize=8,
                          color=FAINT, va="center", style="italic")  # fmt: skip
            continue
        if step.instead_of:
            origin = amounts.get(step.instead_of)
            _bar(axes, step, row, origin.value if origin else None, amount, low, panel, pale=True)
            continue
        if before is not None:
            axes.plot([before, before], [row - 1 + BEST / 2, row - BEST / 2], color="#999999", lw=0.8, ls=":")
        _bar(axes, step, row, before, amount, low, panel)
        before = amount.value
    axes.set_xlabel(panel.label)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _bar(
    axes: Any, step: Step, row: float, before: float | None, amount: Amount, edge: float, panel: LedgerPanel, *,
    pale: bool = False,
) -> None:  # fmt: skip
    color = COLORS.get(step.technique, REDESIGNED)
    ends = sorted((edge if before is None else before, amount.value))
    face = "white" if pale else color
    axes.barh(row, ends[1] - ends[0], left=ends[0], height=BEST, color=face, edgecolor=color if pale else "white",
              hatch=HATCHES[amount.kind], lw=1.2 if pale else 0.4, alpha=0.8 if pale else 1, zorder=2)  # fmt: skip
    axes.plot([amount.value] * 2, [row - BEST / 2, row + BEST / 2], color=color, lw=2.2, zorder=3)
    if amount.low is not None and amount.high is not None and amount.low < amount.high:
        axes.plot([amount.low, amount.high], [row] * 2, color=INK, lw=1.1, zorder=4)
        for end in (amount.low, amount.high):
            axes.plot([end] * 2, [row - 0.12, row + 0.12], color=INK, lw=1.1, zorder=4)
    if amount.fitted is not None and before is not None:
        axes.plot(amount.fitted, row, "o", ms=4.5, mfc="white", mec=INK, mew=1, zorder=5)
    text = panel.says(amount.value)
    if before is None:  # the first bar carries its text
        axes.annotate(text, ((edge * amount.value) ** 0.5, row), ha="center", va="center", fontsize=8.5,
                      color="white", fontweight="bold", zorder=6)  # fmt: skip
        return
    lowest = min(v for v in (amount.value, amount.low, amount.fitted, before) if v is not None)
    axes.annotate(text, (lowest, row), xytext=(-7, 0), textcoords="offset points", ha="right", va="center",
                  fontsize=8.5, color=INK, zorder=6)  # fmt: skip


def _left(chain: Sequence[Step], panel: LedgerPanel) -> float | None:
    """What the last step leaves in the panel, where that is above the limit."""
    known = [amount.value for step in chain if (amount := step.amounts.get(panel.key)) is not None]
    return known[-1] if known and known[-1] > panel.limit else None


def _remainder(axes: Any, row: float, value: float, panel: LedgerPanel) -> None:
    axes.barh(row, value - panel.limit, left=panel.limit, height=BEST, color="white", edgecolor=INK, lw=1.2, zorder=3)
    axes.annotate(f"{value / panel.limit:.2f}× too much", (value, row), xytext=(5, 0), textcoords="offset points",
                  va="center", fontsize=8.5, color=INK)  # fmt: skip


def _notes(axes: Any, steps: Sequence[Step], places: dict[str, float], headings: Sequence[str]) -> None:
    for column, heading in enumerate(headings):
        style = {"textcoords": "offset points", "fontsize": 8.5, "ha": "center", "color": INK}
        x = 34 + 50 * column
        axes.annotate(heading, (1, 1), xycoords="axes fraction", xytext=(x, 2), fontweight="bold", **style)
        for step in steps:
            axes.annotate(step.notes[column], (1, places[step.name]), xycoords=("axes fraction", "data"),
                          xytext=(x, 0), va="center", **style)  # fmt: skip


def _legend(made: Figure, steps: Sequence[Step]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    amounts = [a for step in steps for a in step.amounts.values() if a is not None]
    plain = " or ".join(dict.fromkeys(a.kind for a in amounts if not HATCHES[a.kind]))
    handles: list[Any] = [Patch(facecolor="#B0B0B0", edgecolor="white", label=plain)] if plain else []
    if any(HATCHES[a.kind] for a in amounts):
        handles.append(Patch(facecolor="#B0B0B0", edgecolor="white", hatch=HATCHES["modelled"], label="modelled"))
    if any(a.low is not None for a in amounts):
        handles.append(Line2D([], [], color=INK, marker="|", label="at other nets' prices"))
    if any(a.fitted is not None for a in amounts):
        handles.append(Line2D([], [], ls="", marker="o", mfc="white", mec=INK, ms=4.5, label="at a fitted price"))
    made.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8.5)
