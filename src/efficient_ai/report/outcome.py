"""Says in one line what became of a call in a sandbox that gave no result.

What a child wrote is read as JSON and as text, and is never more than that.
"""

from __future__ import annotations

import json
import re
import signal
from typing import Any

from efficient_ai.errors import BadModel
from efficient_ai.report.limits import Limits

NOTHING = "nothing"
LINE = 400  # characters of a message
OUT_OF_MEMORY = re.compile(
    r"bad_alloc|out of memory|\bOOM\b|MemoryError|[Cc](?:an|ould )not allocate memory|ResourceExhausted|"
    r"[Ff]ailed to (?:allocate|map)|unable to (?:allocate|mmap)"
)
NOISE = re.compile(r"^\s*$|^\s*@|^[IW]\d{4} |^\d{4}-\d\d-\d\d .*: [IW] |^WARNING: All log messages|^INFO:|^\s*\^+\s*$")


def one_line(text: str) -> str:
    """The first line with something in it, without what a terminal would obey, and not too long."""
    lines = [line for line in text.splitlines() if line.strip()] or [NOTHING]
    plain = "".join(mark if mark.isprintable() else " " for mark in lines[0].strip())
    return plain if len(plain) <= LINE else plain[: LINE - 1] + "…"


def last_words(said: str) -> str:
    """The last line that a process wrote, passing over what is no message."""
    lines = [line for line in said.splitlines() if not NOISE.search(line)]
    return one_line(lines[-1] if lines else "")


def result(found: dict[str, Any], answer: bytes, limits: Limits) -> Any:
    """What a child answered, or the line that says why there is no answer."""
    memory = f"working with it needs more than {limits.memory_bytes / 2**30:.3g} GiB of memory: try a smaller model"
    if found["whole"]:
        said = _parsed(answer)
        if "result" in said:
            return said["result"]
        if "memory" in said or OUT_OF_MEMORY.search(str(said.get("raised"))):
            raise BadModel(memory)
        if "raised" in said:
            raise BadModel(one_line(str(said["raised"])))
        if "unfit" in said:
            raise BadModel(f"what came of it can't be written as JSON: {one_line(str(said['unfit']))}")
        raise BadModel("the process that opened it gave an answer of the wrong form: it is damaged or hostile")
    if found["late"]:
        raise BadModel(f"working with it took more than {limits.seconds:g} s and was stopped: it may need more time")
    status, words = found["status"], last_words(found["said"])
    if status is None or status >= 0:
        how = "gave an answer of the wrong form" if status in (None, 0) else f"ended with exit code {status}"
        raise BadModel(f"the process that opened it {how}; the last that it wrote: {words}")
    name = _signal(-status)
    if name == "SIGXCPU":
        raise BadModel(f"working with it took more than {limits.cpu_seconds} s of the processor and was stopped")
    if OUT_OF_MEMORY.search(found["said"]):
        raise BadModel(f"{memory} ({name})")
    after = "" if words == NOTHING else f"; last words: {words}"
    raise BadModel(f"it crashed the process that opened it ({name}): it is damaged or hostile{after}")


def _signal(number: int) -> str:
    """A signal's name; those for real time have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def _parsed(answer: bytes) -> dict[str, Any]:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number of JSON")

    try:
        said = json.loads(answer, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise BadModel(
            f"the process that opened it answered something that isn't JSON ({one_line(str(error))})"
        ) from error
    if not isinstance(said, dict):
        raise BadModel("the process that opened it answered in a form that no call has")
    return said
