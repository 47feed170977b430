"""Runs in a process of its own, started by `background`: works until its standard input ends, or its time is over.

The parent holds the other end of that pipe and writes nothing. When the parent ends, however it ends, the system
closes the pipe, and this process sees it and goes. It imports nothing but the standard library.
"""

from __future__ import annotations

import os
import sys
import threading

BUFFER_BYTES = 64 * 2**20


def leave_with_the_parent():
    while os.read(0, 1):
        pass
    os._exit(0)


def arithmetic():
    value = 1
    while True:
        for _ in range(10_000):
            value = (value * 1_103_515_245 + 12_345) % 2_147_483_648


def memory():
    source = bytearray(BUFFER_BYTES)
    target = bytearray(BUFFER_BYTES)
    while True:
        target[:] = source


if __name__ == "__main__":
    kind, seconds = sys.argv[1], float(sys.argv[2])
    threading.Thread(target=leave_with_the_parent, daemon=True).start()
    limit = threading.Timer(seconds, os._exit, (0,))
    limit.daemon = True
    limit.start()
    os.write(1, b".")  # at work from here on
    {"arithmetic": arithmetic, "memory": memory}[kind]()
