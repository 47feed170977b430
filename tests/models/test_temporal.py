import numpy as np

from efficient_ai import cost
from efficient_ai.models.ds_cnn import ds_cnn
from efficient_ai.models.temporal import temporal


def test_its_multiplications_are_those_of_its_layers():
    width, blocks, kernel, rows = 40, 4, 9, 25  # the stem halves the 49 frames
    stem = rows * 3 * 10 * width
    block = rows * (kernel * width + width * width)
    assert cost.count(temporal(width=width, blocks=blocks, kernel=kernel)).macs == stem + blocks * block + width * 12
    assert cost.count(temporal()).macs < cost.count(ds_cnn(seed=0)).macs / 10


def test_every_filter_hears_all_coefficients_and_only_frames_near_it():
    """Other coefficients of a frame change the answer as that frame does; the receptive field is finite in time."""
    net = temporal(width=8, blocks=1, kernel=3)
    sound = np.random.default_rng(0).normal(size=(1, 49, 10, 1)).astype(np.float32)
    layer = net.get_layer("block1_mix_relu")
    import keras

    rows = keras.Model(net.input, layer.output)
    before = np.asarray(rows(sound, training=False))
    other = sound.copy()
    other[0, 0, 9] += 5
    changed = np.flatnonzero((np.asarray(rows(other, training=False)) != before).any(axis=(0, 2, 3)))
    assert changed.size
    assert changed.max() <= 2


def test_the_seed_decides_the_weights():
    first, again, other = (temporal(width=8, blocks=1, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
