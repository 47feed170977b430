"""Calls a function in a process that may do little and that ends with the call: for files that nobody vouches for.

A model file can crash the library that opens it, ask it for more memory than there is, or keep it busy for ever. In a
sandbox each of these becomes a BadModel of one line, and the next call works as if nothing had been.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from efficient_ai.errors import BadModel, EfficientAIError
from efficient_ai.report import outcome
from efficient_ai.report.limits import Limits

START_S = 180.0  # until TensorFlow is imported, on a machine that is busy
GRACE_S = 15.0  # that the fork server has to end a call which took too long
BOOTSTRAP = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from efficient_ai.report import fork_server
fork_server.main(sys.argv[2], preload=sys.argv[3] == "preload")
"""
STOP = b"{}"  # instead of a request: the one that asks will tidy up itself
SECRET = re.compile(
    r"TOKEN|SECRET|PASS|CREDENTIAL|COOKIE|SESSION|PRIVATE|AUTH|(^|_)KEY($|_)|APIKEY|^AWS_|_URL$|_DSN$", re.I
)


class Sandbox:
    """A place to open files in that nobody vouches for, for as long as the `with` block lasts; one call at a time.

    `folder` is the only place where a call may leave files, and goes with the sandbox. Once a call was made, links may
    lie in it that lead elsewhere: put files in with `put`, and take out what you want with `content`.

    Args:
        limits: What one call may use.
        preload: Whether TensorFlow is imported once, before the first call, and not by each call that needs it. On
            macOS it never is: its libraries don't bear a fork.

    Raises:
        EfficientAIError: If this system can't fork.
    """

    def __init__(self, limits: Limits | None = None, *, preload: bool = True) -> None:
        if not hasattr(os, "fork"):
            raise EfficientAIError("a model file of others is opened in a fork: that needs Linux, macOS or WSL")
        self.limits = limits or Limits()
        self._preload = "preload" if preload and sys.platform != "darwin" else "bare"
        self._place = tempfile.TemporaryDirectory(prefix="efficient-ai-sandbox-")
        self._root = Path(self._place.name).resolve()
        self.folder, self._home = self._root / "files", self._root / "home"
        for folder in (self.folder, self._home):
            folder.mkdir()
        self._server: subprocess.Popen | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, function: str, *arguments: Any, **named: Any) -> Any:
        """Run a function in a child of the fork server, with `folder` as its working directory.

        Args:
            function: As `package.module:function`.
            arguments: Its arguments; these, the named ones and the result are what JSON has, and no more.

        Returns:
            What it returned, as the child wrote it: a child that a file has taken over can answer what it likes, so
            check what matters.

        Raises:
            BadModel: In one line, if the function raised or answered nonsense, or if the child crashed, or ran out of
                time, processor time or memory.
            EfficientAIError: If the fork server itself doesn't work.
        """
        limits = {key: value for key, value in vars(self.limits).items() if key != "seconds"}
        request = {"function": function, "arguments": arguments, "named": named, "limits": limits}
        request |= {"places": [str(self.folder), str(self._home)], "folder": str(self.folder)}
        content = json.dumps({**request, "seconds": self.limits.seconds}).encode()
        try:
            server = self._started()
            server.stdin.write(_frame(content))
            server.stdin.flush()
            deadline = time.monotonic() + self.limits.seconds + GRACE_S
            found = json.loads(self._answer(server, deadline))
            answer = self._answer(server, deadline)
        except BrokenPipeError as error:
            self._stop()
            raise EfficientAIError("the sandbox's server ended by itself: run it again") from error
        except BaseException:
            self._stop()
            raise
        return outcome.result(found, answer, self.limits)

    def content(self, name: str, *, limit_bytes: int = 2**30) -> bytes:
        """The bytes of a file that a call left in `folder`.

        Args:
            name: The file's name, below `folder`.
            limit_bytes: The most that is read.

        Raises:
            BadModel: If there is no such file, if it is a link or no plain file, or if it is larger.
        """
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder):
            raise BadModel(f"{name} leads out of the sandbox's folder: it was not read")
        try:
            place = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise BadModel(f"the sandbox left no file {name} that can be read ({error.strerror})") from error
        with open(place, "rb") as file:
            state = os.fstat(place)
            if not stat.S_ISREG(state.st_mode) or state.st_size > limit_bytes:
                raise BadModel(f"{name} is no plain file of up to {limit_bytes:,} bytes: it was not read")
            return file.read(limit_bytes)

    def put(self, name: str, content: bytes) -> None:
        """Write a file into `folder` for a call to read, in place of what has that name.

        Args:
            name: The file's name, without folders.
            content: Its bytes.
        """
        if Path(name).name != name:
            raise ValueError(f"name must be a file's name without folders, got {name!r}")
        path = self.folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)

    def close(self) -> None:
        """End the processes and remove the folder; a second call does nothing."""
        try:
            self._stop()
        finally:
            self._place.cleanup()

    def _started(self) -> subprocess.Popen:
        if self._server is None:
            if not self.folder.is_dir():
                raise EfficientAIError("the sandbox is closed: open another")
            paths = json.dumps([os.path.abspath(path) for path in sys.path])
            with open(self._root / "log", "wb") as log:
                self._server = subprocess.Popen(
                    [sys.executable, "-c", BOOTSTRAP, paths, str(self._root), self._preload],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=self._root,
                    env=self._variables(),
                    start_new_session=True,
                )
            self._answer(self._server, time.monotonic() + START_S)
        return self._server

    def _variables(self) -> dict[str, str]:
        """The environment without what looks like a secret, on the processor, with every cache in the sandbox."""
        home = str(self._home)
        given = {name: value for name, value in os.environ.items() if not SECRET.search(name)}
        homes = dict.fromkeys(("HOME", "TMPDIR", "TMP", "TEMP", "MPLCONFIGDIR", "XDG_CACHE_HOME", "KERAS_HOME"), home)
        fixed = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        return {**given, **homes, **fixed, "EFFICIENT_AI_CACHE": str(self._home / "cache")}

    def _answer(self, server: subprocess.Popen, deadline: float) -> bytes:
        """Bytes with their length before them, from the fork server."""
        size = struct.unpack(">Q", self._exactly(server, 8, deadline))[0]
        return self._exactly(server, size, deadline)

    def _exactly(self, server: subprocess.Popen, size: int, deadline: float) -> bytes:
        place, content = server.stdout.fileno(), bytearray()
        while len(content) < size:
            ready, _, _ = select.select([place], [], [], max(0.0, deadline - time.monotonic()))
            got = os.read(place, min(2**20, size - len(content))) if ready else b""
            if not got:
                said = (self._root / "log").read_text("utf-8", "replace") if self._root.exists() else ""
                how = "ended" if ready else "gave no answer"
                raise EfficientAIError(
                    f"the sandbox's server {how}; the last that it wrote: {outcome.last_words(said)}"
                )
            content += got
        return bytes(content)

    def _stop(self) -> None:
        """End the fork server; it ends its child when its input ends."""
        server, self._server = self._server, None
        if server is None:
            return
        with contextlib.suppress(OSError):
            server.stdin.write(_frame(STOP))
            server.stdin.close()
        try:
            server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):  # once it has been waited for, it is gone
                server.kill()
            server.wait()
            server.stdout.close()


def _frame(content: bytes) -> bytes:
    return struct.pack(">Q", len(content)) + content
