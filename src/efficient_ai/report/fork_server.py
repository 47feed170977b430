"""The process that forks a child for each call of a sandbox; it imports TensorFlow once, and opens no file itself.

It has one thread and never runs an operation of TensorFlow, so a fork of it is whole, and takes milliseconds where
an import takes seconds. Requests and answers are JSON with their length before them. A child's answer is passed on as
bytes that this process doesn't look into.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import shutil
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

from efficient_ai.report import confine

ANSWER_BYTES = 64 * 2**20
LOG_BYTES = 16 * 2**10
# Imported before the first call, so that no call has to.
PRELOADED = ("tensorflow", "keras", "h5py", "tflite", "efficient_ai.report.opening")


def write_frame(place: int, content: bytes) -> None:
    """Write bytes with their length before them."""
    view = memoryview(struct.pack(">Q", len(content)) + content)
    while view:
        view = view[os.write(place, view) :]


def _request() -> dict[str, Any] | None:
    """The next request; an empty one asks to stop, and None says that the process that asks is gone."""
    content = b""
    needed = 8
    while len(content) < needed:
        got = os.read(0, needed - len(content))
        if not got:
            return None
        content += got
        if len(content) == needed == 8:
            needed += struct.unpack(">Q", content)[0]
    return json.loads(content[8:])


def _run(request: dict[str, Any], answer: int, server: int) -> None:
    """In the child: confine it, call the function, answer. Never returns."""
    try:
        held = confine.apply([Path(each) for each in request["places"]], parent=server, **request["limits"])
        confine.HELD[:] = held
        os.chdir(request["folder"])
        module, _, name = request["function"].partition(":")
        result = getattr(importlib.import_module(module), name)(*request["arguments"], **request["named"])
        try:
            said = json.dumps({"result": result}, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            said = json.dumps({"unfit": f"{type(error).__name__}: {error}"})
    except MemoryError:
        said = '{"memory": true}'
    except BaseException as error:
        from efficient_ai.errors import EfficientAIError

        own = isinstance(error, EfficientAIError)
        said = json.dumps({"raised": str(error) if own else f"{type(error).__name__}: {error}"})
    with contextlib.suppress(OSError):
        write_frame(answer, said.encode())
    os._exit(0)


def _fork(request: dict[str, Any], replies: int) -> tuple[int, int, int]:
    """Start a child; the process, and where its answer and what it prints can be read."""
    answer_read, answer = os.pipe()
    log_read, log = os.pipe()
    server = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            for place in {answer_read, log_read, log, nothing, replies} - {0, 1, 2}:
                os.close(place)
            _run(request, answer, server)
        finally:
            os._exit(1)
    os.close(answer)
    os.close(log)
    return child, answer_read, log_read


class _Call:
    """What is known of a child that runs."""

    def __init__(self, child: int, answer: int, log: int) -> None:
        self.child, self.answer, self.log = child, answer, log
        self.content, self.said = bytearray(), b""
        self.status: int | None = None
        self.open = {answer, log}

    def read(self, timeout_s: float) -> bool:
        """Take what the child sends; whether the process that asked is still there."""
        ready, _, _ = select.select([0, *self.open], [], [], max(0.0, timeout_s))
        for place in self.open.intersection(ready):
            got = os.read(place, 2**16)
            if not got:
                self.open.discard(place)
            elif place == self.log:
                self.said = (self.said + got)[-LOG_BYTES:]
            else:
                self.content += got
        return 0 not in ready

    @property
    def length(self) -> int:
        """Bytes that the answer should have, its length included."""
        return 8 + struct.unpack(">Q", self.content[:8])[0] if len(self.content) >= 8 else 8

    @property
    def whole(self) -> bool:
        """Whether nothing more is to be read: all of the answer is here, or it grew too long to be one."""
        return len(self.content) >= self.length or self.length > ANSWER_BYTES or len(self.content) > ANSWER_BYTES

    def ended(self) -> bool:
        """Whether the child is gone."""
        if self.status is None:
            gone, status = os.waitpid(self.child, os.WNOHANG)
            if gone:
                self.status = status
        return self.status is not None


def _end(call: _Call) -> None:
    """End the child and all that it started, and wait until they are gone."""
    while True:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(call.child, signal.SIGKILL)
        try:
            gone, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if gone == call.child:
            call.status = status
        if not gone:
            for child in _children():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.002)


def _children() -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def _serve(request: dict[str, Any], replies: int) -> tuple[dict[str, Any], bytes] | None:
    """Run one call; what became of it and the child's answer, or None when something else is asked meanwhile."""
    deadline = time.monotonic() + request["seconds"]
    call = _Call(*_fork(request, replies))
    try:
        asked = True
        while asked and not call.whole and call.answer in call.open and not call.ended():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            asked = call.read(min(0.2, left))
        late = not call.whole and call.answer in call.open and not call.ended()
        if not late and not call.whole:  # it closed its answer, so it is about to end: how?
            while not call.ended() and time.monotonic() < deadline:
                time.sleep(0.002)
    finally:
        status = call.status
        _end(call)
    while asked and call.open and not call.whole:  # what it wrote before it ended; nobody holds the far ends now
        call.read(1.0)
    os.close(call.answer)
    os.close(call.log)
    whole = call.whole and len(call.content) == call.length
    found = {
        "whole": whole,
        "late": late and not whole,
        "status": None if status is None else os.waitstatus_to_exitcode(status),
        "said": call.said.decode("utf-8", "replace"),
    }
    return (found, bytes(call.content[8:]) if whole else b"") if asked else None


def main(root: str, *, preload: bool) -> None:
    """Answer requests until the process that asks is gone, and remove its folder if it couldn't.

    Args:
        root: The sandbox's folder.
        preload: Whether to import what calls need before the first.
    """
    replies = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks decides
    confine.adopt_orphans()
    for name in PRELOADED if preload else ():
        importlib.import_module(name)
    try:
        write_frame(replies, json.dumps({"ready": len(sys.modules)}).encode())
        while request := _request():
            served = _serve(request, replies)
            if served is not None:
                write_frame(replies, json.dumps(served[0]).encode())
                write_frame(replies, served[1])
    except BrokenPipeError:
        request = None
    if request is None:
        shutil.rmtree(root, ignore_errors=True)
    os._exit(0)  # there is nothing to take leave of: TensorFlow would need seconds for it
