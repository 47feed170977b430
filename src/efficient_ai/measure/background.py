"""A load on the machine that is there as long as it is wanted: to see what a latency's tail does beside other work."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from efficient_ai.errors import EfficientAIError

KINDS = ("arithmetic", "memory")
_BURNER = Path(__file__).with_name("_burner.py")


@contextlib.contextmanager
def background_load(
    *, processes: int = 1, kind: str = "arithmetic", limit_s: float = 120.0
) -> Iterator[tuple[int, ...]]:
    """Keep the machine busy while the `with` block lasts.

    The processes end with the block. They end as well when this process ends, however it does, and after `limit_s`.

    Args:
        processes: How many, at least 1; each keeps one core busy.
        kind: "arithmetic", which stays in a core, or "memory", which copies 64 MiB again and again.
        limit_s: Seconds after which they end by themselves, above 0.

    Yields:
        The processes' numbers; all of them are at work by then.

    Raises:
        ValueError: If an argument is out of range.
        EfficientAIError: If a process doesn't start.
    """
    if processes < 1 or not limit_s > 0:
        raise ValueError(f"processes must be at least 1 and limit_s above 0, got {processes} and {limit_s}")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    command = [sys.executable, "-I", str(_BURNER), kind, str(limit_s)]
    with contextlib.ExitStack() as stack:
        started = []
        for _ in range(processes):
            one = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            stack.callback(_end, one)
            started.append(one)
        for one in started:
            if one.stdout.read(1) != b".":
                raise EfficientAIError(f"a process of the background load ended with exit code {one.wait()}")
        yield tuple(one.pid for one in started)


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()
