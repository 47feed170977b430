import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from small_nets import PRECISIONS, residual_net, samples, tflite

from efficient_ai import cost, engines
from efficient_ai.compress import Int8, convert
from efficient_ai.engines import Worker, registry, sessions
from efficient_ai.errors import BadModel, EfficientAIError, EngineMissing
from efficient_ai.records import EngineMissingRow, Variant

FAMILY = ("litert", "tf.lite", "tflite-runtime")
# How far float32 outputs, of size 1, may lie from Keras for each precision: rounding of sums, of weights, of both.
TOLERANCE = {"float32": 1e-5, "float16": 2e-3, "dynamic_int8": 0.05, "int8": 0.15, "int16x8": 0.15}


def need(*names):
    for name in names:
        if engines.available()[name] is None:
            pytest.skip(f"{name} is not installed: {engines.INSTALL[name]}")


@pytest.fixture(scope="module", params=FAMILY)
def worker(request):
    need(request.param)
    with Worker(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def litert():
    need("litert")
    with Worker("litert") as running:
        yield running


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_interpreter_agrees_with_keras(worker, precision):
    inputs = samples(16, seed=3)
    expected = np.concatenate([residual_net()(sample[None]).numpy() for sample in inputs])
    worker.load(tflite(precision))
    outputs = worker.predict(inputs)
    assert outputs.dtype == np.float32
    assert outputs.shape == expected.shape
    assert np.abs(outputs - expected).max() <= TOLERANCE[precision] * max(1, np.abs(expected).max())


def test_float_and_int8_inputs_and_outputs_give_the_same(worker):
    inputs = samples(8, seed=4)
    worker.load(tflite("int8", float_io=True))
    with_floats = worker.predict(inputs)
    step = worker.load(tflite("int8"))
    assert step.input_dtype == "int8"
    # The file quantizes inside what we quantize outside; a tie may round the other way.
    assert np.abs(worker.predict(inputs) - with_floats).max() <= 0.05 * np.abs(with_floats).max()


def predict_twice(content, inputs):
    """Outputs of the microcontroller's kernels and of TensorFlow Lite's reference kernels, and the output's step."""
    need("tf.lite", "tflm")
    with Worker("tf.lite") as running:
        step = running.load(content, delegate="reference").output_scale
        reference = running.predict(inputs)
    return engines.predict(content, inputs, engine="tflm"), reference, step


def test_microcontroller_kernels_equal_the_reference_kernels_bit_for_bit():
    from keras import Input, Model, layers

    source = Input((12, 12, 3))
    x = shortcut = layers.Conv2D(8, 3, padding="same", activation="relu")(source)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.MaxPooling2D(2)(layers.Add()([layers.Conv2D(8, 1)(x), shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    content = convert(Model(source, x), Int8(calibration_set=samples(32))).content
    micro, reference, _ = predict_twice(content, samples(100, seed=5))
    np.testing.assert_array_equal(micro, reference)


@pytest.mark.parametrize("precision", ["int8", "int16x8"])
def test_a_classifier_on_a_microcontroller_is_within_one_step_of_the_reference(precision):
    # Its fully connected kernel rounds a tie differently: one output in a thousand at int8, more at int16x8.
    micro, reference, step = predict_twice(tflite(precision), samples(64, seed=9))
    assert np.abs(micro - reference).max() <= 1.01 * step


def test_the_delegate_that_runs_is_named_not_the_one_asked_for(worker):
    assert worker.load(tflite("float32")).delegate == "XNNPACK"
    assert worker.load(tflite("float32"), delegate="none").delegate == "none"
    assert worker.load(tflite("float32"), delegate="reference").delegate == "reference"
    assert worker.load(tflite("int16x8")).delegate == "none"


def test_arena_is_its_head_and_its_tail():
    need("tflm")
    used = engines.arena(Variant("residual_net", "int8", tflite("int8")))
    assert used.variant == "int8"
    assert used.arena_bytes == used.head_bytes + used.tail_bytes
    assert used.head_bytes >= cost.count_file(tflite("int8")).peak_activation_bytes
    assert engines.arena(tflite("float32")).head_bytes > used.head_bytes


@pytest.mark.parametrize(
    ("precision", "reason"), [("float16", "DEQUANTIZE"), ("dynamic_int8", "CONV_2D .*Hybrid models are not supported")]
)
def test_microcontrollers_refuse_a_model_with_the_operator_and_the_reason(precision, reason):
    need("tflm")
    with pytest.raises(BadModel, match=f"tflm refuses the model: .*{reason}") as caught:
        engines.arena(tflite(precision))
    assert "\n" not in str(caught.value)


def test_an_arena_that_needs_more_than_the_heuristic_is_found():
    need("tflm")
    import tensorflow as tf
    from tensorflow import keras

    source = keras.Input(batch_shape=(1, 400, 400, 1))
    model = keras.Model(source, keras.layers.MaxPooling2D(2)(keras.layers.Conv2D(2, 1)(source)))
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    assert engines.arena(content).arena_bytes > 10 * len(content)


def test_a_damaged_model_is_refused_and_the_worker_lives_on(worker):
    with pytest.raises(BadModel, match="refuses the model"):
        worker.load(b"\x1c\0\0\0TFL3" + bytes(64))
    worker.load(tflite())
    assert worker.predict(samples(1)).shape == (1, 5)


def test_a_wrong_shape_is_named_with_the_one_expected(litert):
    litert.load(tflite())
    with pytest.raises(ValueError, match=r"inputs have shape \(2, 12, 11, 3\), expected \(samples, 12, 12, 3\)"):
        litert.predict(samples(2, (12, 11, 3)))
    with pytest.raises(ValueError, match=r"expected \(samples, 12, 12, 3\)"):
        litert.predict(samples(1)[0])


def test_an_empty_batch_gives_an_empty_result(litert):
    litert.load(tflite())
    assert litert.predict(samples(0)).shape == (0, 5)


def test_one_worker_holds_several_models(litert):
    first, second = litert.load(tflite("float32")), litert.load(tflite("int8"))
    inputs = samples(4)
    differs = litert.predict(inputs, model=first.model) != litert.predict(inputs, model=second.model)
    assert differs.any()
    np.testing.assert_array_equal(litert.predict(inputs), litert.predict(inputs, model=second.model))


def test_every_run_gives_one_positive_sample(litert):
    litert.load(tflite())
    found = litert.time(7, warmup=2)
    assert len(found) == 7
    assert min(found) > 0


def test_a_killed_worker_gives_one_clear_error():
    need("litert")
    with Worker("litert") as running:
        running.load(tflite())
        os.kill(running.pid, signal.SIGKILL)
        with pytest.raises(engines.EngineFailed, match="litert worker ended with signal SIGKILL while timing"):
            running.time(5)
        with pytest.raises(EfficientAIError, match="SIGKILL"):
            running.time(5)


def test_a_worker_that_dies_is_quoted(tmp_path):
    need("litert")
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'cannot find libfancy.so' >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(engines.EngineFailed, match=r"exit code 3 while starting; .*cannot find libfancy\.so"):
        Worker("litert", python=str(broken))


def test_a_closed_worker_says_so():
    need("litert")
    running = Worker("litert")
    running.load(tflite())
    running.close()
    running.close()
    with pytest.raises(engines.EngineFailed, match="closed"):
        running.time(5)


def test_what_an_engine_prints_does_not_break_the_protocol():
    program = (
        "import os\nfrom efficient_ai.engines.worker import private_stdout\n"
        "answers = private_stdout()\nprint('chatter', flush=True)\nos.write(1, b'more')\nanswers.write('answer')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "answer"
    assert "chatter" in done.stderr


def test_a_missing_engine_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(registry.DISTRIBUTIONS, "litert", ("not-a-distribution-anywhere",))
    assert engines.available()["litert"] is None
    with pytest.raises(EngineMissing, match="pip install ai-edge-litert"):
        Worker("litert")
    assert engines.missing_row("litert") == EngineMissingRow("litert", "pip install ai-edge-litert")


def test_unknown_names_and_numbers_are_refused():
    with pytest.raises(ValueError, match="engine must be one of litert"):
        Worker("onnx")
    need("litert", "tflm")
    with pytest.raises(ValueError, match="threads must be at least 1"):
        Worker("litert", threads=0)
    with pytest.raises(ValueError, match="threads must be 1 for tflm"):
        Worker("tflm", threads=2)
    with Worker("tflm") as running, pytest.raises(ValueError, match="delegate must be one of none"):
        running.load(tflite(), delegate="XNNPACK")


def test_importing_the_room_imports_no_engine():
    program = (
        "import sys, efficient_ai.engines, efficient_ai.cost, efficient_ai.measure\n"
        "print(sorted({'tensorflow', 'keras', 'tflite_runtime', 'ai_edge_litert', 'tflite_micro'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_quantizing_and_back_is_within_half_a_step():
    spec = sessions.TensorSpec((1, 50), np.dtype("int8"), scale=0.1, zero_point=5)
    values = np.linspace(-13.3, 12.2, 50, dtype=np.float32)
    assert np.abs(sessions.dequantize(sessions.quantize(values, spec), spec) - values).max() <= 0.05 + 1e-5
    assert sessions.quantize(np.array([1e9, -1e9]), spec).tolist() == [127, -128]
