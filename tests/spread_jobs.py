"""What the tests of spreading run on workers: functions of a module, since a worker imports them by name."""

import os
import signal
import time
from pathlib import Path

from efficient_ai.studies import Study


def squared(*, number):
    return {"square": number**2, "process": os.getpid()}


def slow_square(*, number, folder):
    """A square that ends the first worker which comes to 3, as a power cut would."""
    marker = Path(folder, "cut")
    if number == 3 and not marker.exists():
        marker.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return {"square": number**2}


def study(shards, run):
    return Study(name="squares", shards=tuple(shards), run=run, depends_on=("records",), inputs=dict)
