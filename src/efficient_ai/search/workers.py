"""Workers: processes with one thread each that join a search in its storage."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import optuna

    from efficient_ai.search.nas import Evaluate, Found, Price, Search

ONE_THREAD = dict.fromkeys(
    (
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
    ),
    "1",
) | {"TF_CPP_MIN_LOG_LEVEL": "3"}


@dataclass(frozen=True)
class WorkerProcess:
    """A worker that `start` has started; at the end of a `with` it is killed if it still works."""

    process: subprocess.Popen
    says: Any

    @property
    def name(self) -> str:
        """What its trials' signature has in it: see `Found.worker`."""
        return f":{self.process.pid}:"

    def working(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def busy(self, study: optuna.Study) -> bool:
        """Whether it is in the midst of a trial."""
        import optuna

        running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        return any(self.name in trial.user_attrs.get("worker", "") for trial in running)

    def kill(self) -> str:
        """End it at once if it still runs, as a power cut would: what it was doing is lost, and it can't tell anybody.

        Returns:
            The last line that it wrote to its standard error, such as that of a traceback.
        """
        if self.working():
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.says.closed:
            return "it has been ended before"
        with self.says:
            self.says.seek(0)
            lines = [line for line in self.says.read().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait until it has ended.

        Returns:
            0 where enough nets have been judged.

        Raises:
            subprocess.TimeoutExpired: If it takes longer.
        """
        return self.process.wait(timeout_s)


def rate(found: Sequence[Found]) -> float:
    """How many nets a second workers judge together, each counted from the end of its first trial, which is slow, to
    the end of its last.

    Raises:
        ValueError: If no worker has judged two nets.
    """
    ends: dict[str, list[float]] = {}
    for one in found:
        ends.setdefault(one.worker, []).append(one.finished)
    able = [times for times in ends.values() if len(times) > 1]
    if not able:
        raise ValueError(f"expected a worker that has judged at least two nets, got {len(found)} nets in all")
    return sum((len(times) - 1) / (max(times) - min(times)) for times in able)


def start(evaluate: Evaluate, price: Price, how: Search, *, storage: str, part: int = 0) -> WorkerProcess:
    """Start a process that joins a search, judges nets, and ends when there are enough.

    It ends after its trial, too, when the process that started it has ended.

    Args:
        evaluate: Sent to it, with what a notebook's functions need.
        price: Likewise.
        how: The search.
        storage: See `open_storage`.
        part: See `join`.
    """
    import cloudpickle

    # Not in a `with`: the worker writes there as long as it lives.
    says = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, "-c", "from efficient_ai.search.workers import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=says,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(cloudpickle.dumps((evaluate, price, how, storage, part)))
    process.stdin.close()
    return WorkerProcess(process, says)


def main() -> None:
    """What a worker does: read its orders, join, work."""
    parent = os.getppid()
    evaluate, price, how, storage, part = pickle.load(sys.stdin.buffer)

    from efficient_ai.search import nas

    def alone() -> None:
        if os.getppid() != parent:
            sys.exit("whoever started this worker has ended")

    nas.work(nas.join(how, storage, part=part), evaluate, price, how, after=alone)
