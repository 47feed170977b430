import numpy as np
import pytest

from efficient_ai import cost, models
from efficient_ai.errors import BadModel
from efficient_ai.measure.streaming import StreamingDsCnn


@pytest.fixture(scope="module")
def model():
    return models.load("ds_cnn")


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).normal(0, 3, (80, 10)).astype(np.float32)


def answers(stream, frames):
    return [stream.push(frames[i : i + 2]) for i in range(0, len(frames), 2)]


def test_the_outputs_are_those_of_the_windowed_net(model, frames):
    found = answers(StreamingDsCnn(model), frames)
    assert [answer is None for answer in found] == [True] * 24 + [False] * 16
    windows = np.stack([frames[start : start + 49] for start in range(0, 31, 2)])[..., None]
    expected = np.asarray(model(windows, training=False))
    np.testing.assert_allclose(np.stack(found[24:]), expected, atol=1e-3 * np.abs(expected).max())


def test_the_multiply_accumulates_done_are_those_that_are_stated(model, frames):
    stream = StreamingDsCnn(model)
    answers(stream, frames[:60])
    before = stream.macs_done
    stream.push(frames[60:62])
    assert stream.macs_done - before == stream.macs().streaming


def test_the_values_kept_are_those_that_are_held_once_the_stream_runs(model, frames):
    stream = StreamingDsCnn(model)
    answers(stream, frames)
    held = sum(rows.size for rows in stream._kept) + stream._frames.size
    assert stream.kept_values() == held


def test_the_windowed_count_is_the_cost_counters(model):
    macs = StreamingDsCnn(model).macs()
    assert macs.windowed == cost.count(model).macs
    assert macs.streaming < macs.windowed / 2
    assert macs.saved == pytest.approx(1 - macs.streaming / macs.windowed)


def test_two_streams_do_not_share_what_they_keep(model, frames):
    alone = answers(StreamingDsCnn(model), frames)[-1]
    first, second = StreamingDsCnn(model), StreamingDsCnn(model)
    for i in range(0, len(frames), 2):
        answer = first.push(frames[i : i + 2])
        second.push(frames[::-1][i : i + 2])
    np.testing.assert_array_equal(answer, alone)


def test_the_model_stays_as_it_was(model, frames):
    before = [weight.copy() for weight in model.get_weights()]
    answers(StreamingDsCnn(model), frames[:60])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_bad_arguments_are_named(model):
    with pytest.raises(ValueError, match=r"frames must be \(2, 10\), got \(3, 10\)"):
        StreamingDsCnn(model).push(np.zeros((3, 10)))
    with pytest.raises(BadModel, match=r"expected a DS-CNN of the zoo, got softmax_regression"):
        StreamingDsCnn(models.load("softmax_regression"))
