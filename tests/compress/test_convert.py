import numpy as np
import pytest

from efficient_ai import cost, engines, models
from efficient_ai.compress import Float16, Float32, Int8, Magnitude, convert, ladder, precision, prune
from efficient_ai.errors import BadModel
from efficient_ai.metrics import agreement, sqnr_db


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(0).random((40, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def rungs(inputs):
    return {v.name: v for v in ladder(models.load("resnet8"), inputs)}


def test_the_ladder_has_five_rungs_and_each_is_smaller_where_it_should_be(rungs):
    sizes = {name: variant.size_bytes for name, variant in rungs.items()}
    assert list(sizes) == ["float32", "float16", "dynamic_int8", "int16x8", "int8"]
    assert sizes["float16"] < 0.6 * sizes["float32"]
    assert max(sizes["dynamic_int8"], sizes["int8"], sizes["int16x8"]) < 0.35 * sizes["float32"]


def test_float32_gives_what_keras_gives(rungs, inputs):
    keras = models.load("resnet8").predict(inputs, verbose=0)
    assert np.abs(engines.predict(rungs["float32"].content, inputs) - keras).max() < 1e-4


def test_fewer_bits_are_noisier(rungs, inputs):
    reference = engines.predict(rungs["float32"].content, inputs)
    noise = {n: sqnr_db(engines.predict(rungs[n].content, inputs), reference) for n in ("float16", "int16x8", "int8")}
    assert noise["float16"] > noise["int16x8"] > noise["int8"] > 10
    assert agreement(engines.predict(rungs["int8"].content, inputs), reference) > 0.8


def test_quantization_changes_no_multiply_accumulate(rungs):
    assert len({cost.count_file(v.content).macs for v in rungs.values()}) == 1


def test_the_batch_is_fixed_at_one(rungs):
    with pytest.raises(ValueError, match=r"shape|expected"):
        engines.predict(rungs["float32"].content, np.zeros((1, 28, 28, 1), np.float32))


@pytest.mark.parametrize("shape", [(0, 32, 32, 3), (4, 28, 28, 1)])
def test_a_calibration_set_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"calibration_set must be \(n, 32, 32, 3\), got \("):
        convert(models.build("resnet8"), Int8(calibration_set=np.zeros(shape, np.float32)))


def test_a_model_that_the_converter_refuses_is_named():
    import keras

    inputs = keras.Input((4,))
    model = keras.Model(
        inputs, keras.layers.Lambda(lambda x: keras.ops.linalg.cholesky(x[:, None] * x[:, :, None]))(inputs)
    )
    with pytest.raises(BadModel, match="can't be converted to float32"):
        convert(model, Float32())


def test_a_sparse_file_is_smaller_and_answers_the_same(inputs):
    net = prune(models.load("resnet8"), Magnitude(0.9))
    plain, sparse = (convert(net, Float32(), sparse=wanted) for wanted in (False, True))
    assert sparse.size_bytes < plain.size_bytes
    assert np.array_equal(engines.predict(sparse.content, inputs), engines.predict(plain.content, inputs))


def test_only_float32_and_dynamic_int8_have_a_sparse_form():
    with pytest.raises(ValueError, match="float32 or dynamic_int8, got float16"):
        convert(models.load("resnet8"), Float16(), sparse=True)


@pytest.mark.parametrize("name", ["float32", "float16", "dynamic_int8", "int16x8", "int8"])
def test_a_precision_is_known_by_its_name(name, inputs):
    assert precision(name, inputs).name == name


def test_an_unknown_precision_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"precision must be one of float32, .*, got 'int3'"):
        precision("int3")
