"""What a process may no longer do before it opens a file that nobody vouches for.

Limits hold wherever POSIX is; the rest is Linux's, and each lock that a kernel or a container doesn't grant is left
out: `apply` says which ones hold. Locks can't be taken off again, so this is for a child that ends after one call.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LINUX = sys.platform.startswith("linux")
OPEN_FILES = 1024
# linux/prctl.h, linux/sched.h
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
# linux/landlock.h; the system calls have these numbers on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
WRITE_FILE, TRUNCATE, REFER = 1 << 1, 1 << 14, 1 << 13
REMOVE_OR_MAKE = sum(1 << bit for bit in range(4, 13))
BIND_OR_CONNECT_TCP = 3
ABSTRACT_SOCKETS_AND_SIGNALS = 3


def apply(
    folders: Sequence[Path], *, cpu_seconds: int, memory_bytes: int, file_bytes: int, parent: int | None = None
) -> tuple[str, ...]:
    """Take from this process what opening a model needs not.

    Args:
        folders: Below which it may still write; nowhere else, where Landlock is.
        cpu_seconds: Processor time; the system ends the process one second later.
        memory_bytes: Of memory of its own (Linux: RLIMIT_DATA, since TensorFlow reserves addresses that it never
            uses; elsewhere RLIMIT_AS).
        file_bytes: Size of a file that it writes.
        parent: Process number of the parent, with whose death this process ends.

    Returns:
        The locks that hold, of "limits", "no new privileges", "no network" and "writes in its folders only".
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_DATA if LINUX else resource.RLIMIT_AS, memory_bytes)
    os.umask(0o077)
    if not LINUX:
        return ("limits",)
    library = ctypes.CDLL(None, use_errno=True)
    found = ["limits"]
    if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        found.append("no new privileges")
    if _without_network(library):
        found.append("no network")
    if _writes_only_in(folders, library):
        found.append("writes in its folders only")
    if parent is not None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before this
            os._exit(1)
    return tuple(found)


def adopt_orphans() -> None:
    """Make processes whose parent ended the children of this one, so that it can end them: Linux only."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or as much of it as an older one leaves."""
    _, most = resource.getrlimit(what)
    values = [value if most == resource.RLIM_INFINITY else min(value, most) for value in (soft, hard or soft)]
    with contextlib.suppress(ValueError, OSError):  # macOS has limits that it doesn't let anyone set
        resource.setrlimit(what, tuple(values))


def _without_network(library: ctypes.CDLL) -> bool:
    """Move to a network of its own in which there is nothing; a plain user's needs a namespace of users as well."""
    user, group = os.getuid(), os.getgid()
    if library.unshare(CLONE_NEWNET) == 0:
        return True
    if library.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    for file, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with contextlib.suppress(OSError):
            Path("/proc/self", file).write_text(line)
    return True


def _writes_only_in(folders: Sequence[Path], library: ctypes.CDLL) -> bool:
    """Landlock: files are written below some folders only; TCP and signals to other processes end too where it can."""
    version = library.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    files = WRITE_FILE | REMOVE_OR_MAKE | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    fields = [files]
    if version >= 4:
        fields.append(BIND_OR_CONNECT_TCP)
    if version >= 6:
        fields.append(ABSTRACT_SOCKETS_AND_SIGNALS)
    wanted = struct.pack(f"={len(fields)}Q", *fields)
    rules = library.syscall(CREATE_RULESET, wanted, ctypes.c_size_t(len(wanted)), 0)
    if rules < 0:
        return False
    try:
        allowed = [*((folder, files) for folder in folders), (Path(os.devnull), files & (WRITE_FILE | TRUNCATE))]
        return all(_allow(library, rules, *each) for each in allowed) and library.syscall(RESTRICT_SELF, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(library: ctypes.CDLL, rules: int, path: Path, accesses: int) -> bool:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return library.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", accesses, place), 0) == 0
    finally:
        os.close(place)


HELD: list[Any] = []


def held() -> list[str]:
    """The locks of the process that is asked, for a call in a sandbox."""
    return list(HELD)
