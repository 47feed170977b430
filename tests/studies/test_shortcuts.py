import numpy as np

from efficient_ai.studies import shortcuts


def test_halving_averages_two_by_two():
    picture = np.zeros((1, 28, 28), np.uint8)
    picture[0, 2:4, 4:6] = [[0, 255], [255, 255]]
    small = shortcuts.halved(picture)
    assert small.shape == (1, 14, 14, 1)
    assert small.dtype == np.float32
    assert small[0, 1, 2, 0] == 0.75
    assert small.sum() == 0.75


def test_every_depth_runs_with_and_without_shortcuts_on_every_seed():
    shards = shortcuts.STUDY.shards
    assert len(shards) == len(shortcuts.DEPTHS) * len(shortcuts.SEEDS) * 2
    assert len({tuple(sorted(shard.items())) for shard in shards}) == len(shards)


def test_the_first_losses_are_the_same_twice():
    first, again = (shortcuts.first_losses(8, True, 0) for _ in range(2))
    assert len(first) == shortcuts.FIRST_STEPS
    assert np.allclose(first, again, rtol=1e-4)
