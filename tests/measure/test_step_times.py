import numpy as np
import pytest

from efficient_ai import measure
from efficient_ai.models import build

X = np.random.default_rng(0).random((8, 28, 28, 1)).astype(np.float32)
Y = np.arange(8) % 10


def test_recipes_are_timed_in_turn_and_their_weights_stay():
    nets = {name: build("softmax_regression", seed=0) for name in ("a", "b")}
    before = nets["a"].get_weights()
    rows = measure.compare_steps(nets, X, Y)
    assert set(rows) == {"a", "b"}
    assert all(row.runs == 50 and row.p50_ms > 0 for row in rows.values())
    assert all(np.array_equal(a, b) for a, b in zip(before, nets["a"].get_weights(), strict=True))
    same = measure.ratio(rows["a"], rows["b"])
    assert 0.2 < same.value < 5


def test_the_first_step_compiles_and_has_to_be_a_warm_up():
    with pytest.raises(ValueError, match="warmup"):
        measure.compare_steps({}, X, Y, warmup=0)
