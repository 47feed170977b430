"""Energy that predicts: one number for each board, fitted on published tasks and tested on the task left out.

What comes out is modelled, though it rests on measurements: of other boards, other nets and other people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from efficient_ai import published

TASKS = ("kws", "ic", "vww", "ad")
_PREFIX = "mlperf_tiny_v"


@dataclass(frozen=True)
class BoardTask:
    """What was published of a task on a board: its energy, and the time an inference takes."""

    board: str
    task: str
    time_s: float
    energy_uj: float

    @property
    def power_mw(self) -> float:
        return self.energy_uj * 1e-3 / self.time_s


@dataclass(frozen=True)
class EnergyFit:
    """energy = slope × amount. `per` names the amount: "time", in s (the slope is then in µJ/s), or "macs"."""

    board: str
    per: str
    slope: float
    tasks: tuple[str, ...]

    @property
    def power_mw(self) -> float:
        """The fitted power; of a fit per time."""
        self._is("time")
        return self.slope * 1e-3

    @property
    def pj_per_mac(self) -> float:
        """The fitted energy of a multiply-accumulate, all else on the board included; of a fit per MAC."""
        self._is("macs")
        return self.slope * 1e6

    def energy_uj(self, amount: float) -> float:
        """The modelled energy of an inference that takes so many seconds, or so many multiply-accumulates."""
        return self.slope * amount

    def _is(self, per: str) -> None:
        if self.per != per:
            raise ValueError(f"this fit is per {self.per}, not per {per}")


@dataclass(frozen=True)
class HeldOut:
    """A task that the fit didn't see: what was published, what the fit says."""

    board: str
    task: str
    per: str
    published_uj: float
    modelled_uj: float

    @property
    def error(self) -> float:
        """The prediction's relative error, signed."""
        return self.modelled_uj / self.published_uj - 1


def boards() -> tuple[str, ...]:
    """The published boards whose energy is known for all four tasks."""
    keys = {figure.key for figure in published.figures()}
    found = dict.fromkeys(key.rsplit(".", 2)[0] for key in keys if key.startswith(_PREFIX) and key.endswith(".energy"))
    return tuple(sorted(b for b in found if all({f"{b}.{t}.energy", f"{b}.{t}.throughput"} <= keys for t in TASKS)))


def board_tasks(board: str) -> tuple[BoardTask, ...]:
    """What was published of a board, task by task.

    Raises:
        UnknownFigure: If there is no such board, or it lacks a task.
    """

    def value(task: str, what: str) -> float:
        return published.figure(f"{board}.{task}.{what}").value

    return tuple(BoardTask(board, task, 1 / value(task, "throughput"), value(task, "energy")) for task in TASKS)


def fit_energy(points: Sequence[BoardTask], *, macs: Mapping[str, int] | None = None) -> EnergyFit:
    """Fit one slope through the origin, so that relative errors are least in the sense of squares.

    Args:
        points: Of one board, at least one.
        macs: Multiply-accumulates of each task's net: the fit is then per MAC; per second where it is None.

    Returns:
        The fit.

    Raises:
        ValueError: If there are no points, they are of several boards, or `macs` lacks a task.
    """
    if len({point.board for point in points}) != 1:
        raise ValueError("points must be of one board, and at least one")
    shares = [_amount(point, macs) / point.energy_uj for point in points]
    slope = sum(shares) / sum(share * share for share in shares)
    per = "time" if macs is None else "macs"
    return EnergyFit(points[0].board, per, slope, tuple(point.task for point in points))


def leave_one_out(board: str, *, macs: Mapping[str, int] | None = None) -> tuple[HeldOut, ...]:
    """Predict each task of a board from the other three.

    Args:
        board: One of `boards()`.
        macs: As for `fit_energy`.

    Returns:
        A prediction for each task, beside what was published.

    Raises:
        UnknownFigure: If there is no such board.
        ValueError: If `macs` lacks a task.
    """
    points = board_tasks(board)
    found = []
    for point in points:
        fit = fit_energy([other for other in points if other is not point], macs=macs)
        modelled = fit.energy_uj(_amount(point, macs))
        found.append(HeldOut(board, point.task, fit.per, point.energy_uj, modelled))
    return tuple(found)


def mean_error(held_out: Sequence[HeldOut]) -> float:
    """The mean of the absolute relative errors.

    Raises:
        ValueError: If there are none.
    """
    if not held_out:
        raise ValueError("expected at least one prediction, got none")
    return fmean(abs(one.error) for one in held_out)


def _amount(point: BoardTask, macs: Mapping[str, int] | None) -> float:
    if macs is None:
        return point.time_s
    if point.task not in macs:
        raise ValueError(f"macs lacks {point.task}: give the multiply-accumulates of {', '.join(TASKS)}")
    return macs[point.task]
