"""Where a search keeps its trials: a file or a database that several workers join, and that outlives them.

A worker that dies leaves a trial marked as running. Which trials those are is found in two ways. On the same computer,
`release` looks whether the process still lives; it works with every storage. On other computers only a heartbeat can
tell: workers on a database (SQLite, PostgreSQL, ...) write one every `HEARTBEAT_S` seconds, and Optuna gives up a
trial that has been silent for `SILENCE_S`; a journal file has no heartbeat. Both ways the trial counts as failed, and
its net is queued again, up to `RETRIES` times.
"""

from __future__ import annotations

import os
import socket
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from efficient_ai.errors import EfficientAIError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import optuna

HEARTBEAT_S = 10
SILENCE_S = 120
RETRIES = 3
LOST_LOCK_S = 10  # after which a journal's lock belongs to nobody: whoever held it was killed
OPENINGS, OPENING_S = 5, 0.5  # how often, and how far apart, a database is opened that others are just making
LOCK_S = 60  # how long a worker waits for another's writing to SQLite
DATABASES = ("sqlite", "postgresql", "mysql")
DRIVERS = {"postgresql": "psycopg2-binary", "mysql": "mysqlclient"}  # of the URLs that name none


def me() -> str:
    """How this process signs its trials: computer, process, and when it started, since numbers are used again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


@contextmanager
def calm() -> Iterator[None]:
    """Silence what Optuna says of parts that it calls experimental: the heartbeat is one."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def open_storage(where: str | None) -> optuna.storages.BaseStorage:
    """Open what keeps the trials, and make it where it doesn't exist.

    Args:
        where: A file's name that ends in .db (SQLite) or .journal (a file to which every change is appended), or a
            URL that SQLAlchemy reads, as in "postgresql://user@host/search"; None for this process's memory.

    Raises:
        EfficientAIError: If it is none of these, its driver isn't installed, or it can't be opened.
    """
    import optuna
    from sqlalchemy import event

    if where is None:
        return optuna.storages.InMemoryStorage()
    if "://" not in where and Path(where).suffix not in (".db", ".journal"):
        raise EfficientAIError(f"storage must end in .db or .journal, or be a URL as in sqlite:///FILE, got {where!r}")
    if "://" not in where and not Path(where).absolute().parent.is_dir():
        raise EfficientAIError(f"storage {where}: there is no folder {Path(where).absolute().parent}")
    if "://" not in where and where.endswith(".journal"):
        lock = optuna.storages.journal.JournalFileOpenLock(where, grace_period=LOST_LOCK_S)
        try:
            return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(where, lock_obj=lock))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EfficientAIError(
                f"storage {where} is no journal of Optuna's, or a damaged one: name another"
            ) from error
    url = where if "://" in where else f"sqlite:///{where}"
    if url.partition(":")[0].partition("+")[0] not in DATABASES:
        raise EfficientAIError(f"storage must be a URL of {', '.join(DATABASES)}, got {url!r}")
    try:
        opened = _database(url)
        if url.startswith("sqlite"):
            with opened.engine.connect() as connection:  # readers don't wait for a writer, nor he for every disk write
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            event.listen(opened.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=NORMAL"))
            opened.engine.dispose()
        return opened
    except ImportError as error:
        kind = url.partition(":")[0]
        hint = f", such as {DRIVERS[kind]} (pip install {DRIVERS[kind]})" if kind in DRIVERS else ""
        raise EfficientAIError(f"storage {url} needs a driver for {kind} that isn't installed{hint}") from error
    except Exception as error:
        raise EfficientAIError(f"storage {url} can't be opened: {str(error).splitlines()[0]}") from error


def _database(url: str) -> optuna.storages.RDBStorage:
    """Open a database; whoever comes while another is making its tables tries again."""
    import optuna
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    for left in reversed(range(OPENINGS)):
        try:
            with calm():
                return optuna.storages.RDBStorage(
                    url,
                    engine_kwargs={"connect_args": {"timeout": LOCK_S}} if url.startswith("sqlite") else None,
                    heartbeat_interval=HEARTBEAT_S,
                    grace_period=SILENCE_S,
                    heartbeat_stale_trial_callback=again,
                )
        except (IntegrityError, OperationalError, ProgrammingError) as error:
            if not left or not any(word in str(error).lower() for word in ("unique", "duplicate", "already exists")):
                raise
        time.sleep(OPENING_S)
    raise AssertionError("not reached")


def again(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Queue the net of a trial that was lost, unless it has been lost too often."""
    tries = trial.user_attrs.get("tries", 0) + 1
    if trial.params and tries <= RETRIES:
        study.enqueue_trial(trial.params, user_attrs={"tries": tries})


def release(study: optuna.Study) -> int:
    """Give up the running trials whose worker on this computer is dead, and queue their nets again.

    Returns:
        How many.
    """
    import optuna

    lost = 0
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        if here(trial) and not lives(trial.user_attrs["worker"]):
            try:
                study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
                continue  # another worker was quicker
            again(study, trial)
            lost += 1
    return lost


def here(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial was begun on this computer."""
    return trial.user_attrs.get("worker", "").startswith(f"{socket.gethostname()}:")


def lives(worker: str) -> bool:
    """Whether the process that signs so still runs on this computer."""
    _, process, started = worker.rsplit(":", 2)
    return _started(int(process)) == int(started)


def _started(process: int) -> int:
    """When a process started, in the kernel's ticks; 0 where that can't be read, -1 where it has ended."""
    stat = Path(f"/proc/{process}/stat")
    try:
        state, *fields = stat.read_text().rpartition(")")[2].split()
        return -1 if state in "ZX" else int(fields[18])
    except OSError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return -1
    except PermissionError:
        pass
    return 0
