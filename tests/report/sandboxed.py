"""Functions that a sandbox calls: one for each way in which opening a file can go."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def echo(*arguments, **named):
    return {"arguments": list(arguments), "named": named, "folder": os.getcwd()}


def environment():
    return {"variables": dict(os.environ), "input": sys.stdin.read(), "pid": os.getpid()}
