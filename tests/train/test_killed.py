"""A run whose process is killed in the middle of an epoch ends where an uninterrupted one does."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

RUN = """
import sys, time
import numpy as np
import keras
from efficient_ai.compress import half_precision
from efficient_ai.models import build
from efficient_ai.train import Recipe, fit

checkpoint, out, scaled, slow = sys.argv[1], sys.argv[2], sys.argv[3] == "scaled", sys.argv[4] == "slow"
random = np.random.default_rng(0)
images = random.random((256, 28, 28, 1)).astype(np.float32)
labels = (images.mean(axis=(1, 2, 3)) > 0.5).astype(int)
net = build("lenet_300_100", seed=1)
wrap = None
if scaled:
    net = half_precision(net, "float16")
    wrap = lambda inner: keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**8, dynamic_growth_steps=5)
wait = lambda step, loss: time.sleep(0.2 if slow and step >= 10 else 0)
logs = fit(net, images, labels, Recipe(4, 0.05, 32, seed=2), checkpoint=checkpoint, wrap=wrap, after_step=wait)
np.savez(out, *[np.asarray(w, np.float32) for w in net.get_weights()], losses=[log.loss for log in logs])
"""


def start(checkpoint, out, kind, speed):
    return subprocess.Popen([sys.executable, "-c", RUN, str(checkpoint), str(out), kind, speed], env=os.environ.copy())


@pytest.mark.parametrize("kind", ["plain", "scaled"])
def test_a_killed_run_is_resumed_bit_for_bit(tmp_path, kind):
    whole = start(tmp_path / "whole.npz", tmp_path / "whole_end.npz", kind, "fast")
    killed = start(tmp_path / "cut.npz", tmp_path / "cut_end.npz", kind, "slow")
    for _ in range(1_200):
        if (tmp_path / "cut.npz").exists():
            break
        time.sleep(0.1)
    time.sleep(0.6)  # into the second epoch, whose steps are slow
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "cut_end.npz").exists()
    assert whole.wait() == 0
    assert start(tmp_path / "cut.npz", tmp_path / "cut_end.npz", kind, "fast").wait() == 0
    with np.load(tmp_path / "whole_end.npz") as first, np.load(tmp_path / "cut_end.npz") as second:
        assert sorted(first.files) == sorted(second.files)
        assert len(first["losses"]) == 4
        for name in first.files:
            assert np.array_equal(first[name], second[name]), name
