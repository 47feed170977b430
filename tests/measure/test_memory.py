import numpy as np
import pytest
from small_nets import tflite

from efficient_ai import engines, measure
from efficient_ai.errors import BadModel
from efficient_ai.measure import memory
from efficient_ai.records import Variant

ENGINES = [name for name in ("litert", "tflite-runtime") if engines.available()[name]]


def wide(units):
    """A file whose weights are a matrix of so many rows and columns."""
    import keras

    from efficient_ai.compress import Float32, convert

    model = keras.Sequential([keras.Input((units,)), keras.layers.Dense(units)])
    return convert(model, Float32())


@pytest.mark.parametrize("engine", ENGINES)
def test_steps_add_up_to_what_the_process_holds_at_its_end(engine):
    runs = measure.resident_memory(Variant("net", "int8", tflite("int8")), engine=engine, repeats=2)
    assert len(runs) == 2
    for run in runs:
        assert tuple(run.bytes_after) == memory.STEPS
        assert sum(run.growth_bytes.values()) == run.total_bytes
        assert run.growth_bytes["numpy"] > 2**20
        assert 2**20 < run.bytes_after["python"] < run.total_bytes


@pytest.mark.skipif(not ENGINES, reason="no interpreter is installed")
def test_a_large_matrix_shows_in_the_model_s_step_and_not_before():
    small, large = wide(8), wide(1_500)
    found = [measure.resident_memory(v, engine=ENGINES[0], repeats=1)[0] for v in (small, large)]
    added = [run.bytes_after["run"] - run.bytes_after["library"] for run in found]
    assert added[1] - added[0] > 0.9 * (large.size_bytes - small.size_bytes)
    assert abs(found[1].bytes_after["library"] - found[0].bytes_after["library"]) < 2**22


@pytest.mark.skipif(not ENGINES, reason="no interpreter is installed")
def test_what_is_held_by_the_starting_process_is_not_counted():
    variant = Variant("net", "int8", tflite("int8"))
    before = measure.resident_memory(variant, engine=ENGINES[0], repeats=1)[0]
    ballast = np.ones(2**26)  # half a GiB, touched
    after = measure.resident_memory(variant, engine=ENGINES[0], repeats=1)[0]
    assert len(ballast) == 2**26
    assert after.total_bytes - before.total_bytes < 2**25


def test_bad_input_is_told_apart():
    variant = Variant("net", "int8", tflite("int8"))
    with pytest.raises(ValueError, match=r"one of litert, tf\.lite, tflite-runtime, got 'tflm'"):
        measure.resident_memory(variant, engine="tflm")
    with pytest.raises(ValueError, match="repeats must be at least 1, got 0"):
        measure.resident_memory(variant, repeats=0)


@pytest.mark.skipif(not ENGINES, reason="no interpreter is installed")
def test_a_damaged_file_is_refused_in_one_line():
    with pytest.raises(BadModel, match=r"can't run model\.tflite") as error:
        measure.resident_memory(Variant("net", "int8", b"no model"), engine=ENGINES[0], repeats=1)
    assert "\n" not in str(error.value)
