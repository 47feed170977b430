import numpy as np
import pytest
from small_nets import residual_net, samples

from efficient_ai import engines
from efficient_ai.engines import Export, exports, registry
from efficient_ai.errors import BadModel, EngineMissing

INPUTS = samples(6, seed=3)
CALIBRATION = samples(16, seed=7)
ENGINES = ("litert-compiled", "onnxruntime", "keras", "torch", "executorch", "iree", "tvm")

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def made(own_cache):
    """All forms that can be made here, in one go."""
    wanted = [
        Export(residual_net(), form, precision, CALIBRATION)
        for form, precisions in exports.PRECISIONS.items()
        for precision in ("float32", "int8")
        if precision in precisions and (form not in exports.MAKERS or engines.available()[exports.MAKERS[form]])
    ]
    return {(v.form, v.precision): v for v in engines.export_all(wanted)}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_what_keras_gives_and_refuses_what_is_no_model(made, engine):
    if engines.available()[engine] is None:
        pytest.skip(f"{engine} is not installed: {engines.INSTALL[engine]}")
    expected = np.concatenate([np.asarray(residual_net()(sample[None])) for sample in INPUTS])
    with engines.Worker(engine) as worker:
        for way in engines.DELEGATES[engine]:
            for precision, allowed in {"float32": 1e-5, "int8": 0.15}.items():
                variant = made.get((engines.form(engine, way), precision))
                if variant is None:
                    continue
                loaded = worker.load(variant.content, delegate=way)
                assert loaded.delegate == way
                outputs = worker.predict(INPUTS, model=loaded.model)
                assert np.abs(outputs - expected).max() <= allowed * max(1, np.abs(expected).max())
                assert min(worker.time(3, model=loaded.model)) > 0
            with pytest.raises(BadModel):
                worker.load(b"\x00\x01 not a model \xff" * 20, delegate=way)


def test_int8_is_smaller_where_the_file_is_mostly_weights(made):
    # In .onnx each operator comes with quantizers of its own, which outweigh a net as small as this.
    for form in {form for form, precision in made if precision == "int8"} - {"onnx"}:
        assert made[form, "int8"].size_bytes < made[form, "float32"].size_bytes


def test_what_was_made_is_kept_and_other_weights_are_another_key(made, monkeypatch):
    monkeypatch.setattr(exports, "_make_here", lambda one: pytest.fail("made again"))
    assert engines.export(residual_net(), "onnx").content == made["onnx", "float32"].content
    other = residual_net().__class__.from_config(residual_net().get_config())
    one, two = Export(residual_net(), "onnx"), Export(other, "onnx")
    assert exports._path(one) == exports._path(Export(residual_net(), "onnx"))
    assert exports._path(one) != exports._path(two)
    shown = [exports._path(Export(residual_net(), "onnx", "int8", c)) for c in (CALIBRATION, CALIBRATION + 1)]
    assert shown[0] != shown[1]


def test_a_larger_batch_is_timed_on_keras_alone():
    variant = engines.export(residual_net(), "keras", batch=3)
    with engines.Worker("keras") as worker:
        assert worker.load(variant.content).input_shape == (3, 12, 12, 3)
        assert len(worker.time(2)) == 2
        with pytest.raises(engines.EngineFailed, match="batch"):
            worker.predict(INPUTS)
    with pytest.raises(ValueError, match="batch must be 1"):
        engines.export(residual_net(), "onnx", batch=3)


def test_nonsense_is_refused_with_what_was_expected():
    with pytest.raises(ValueError, match="form must be one of tflite, onnx"):
        engines.export(residual_net(), "caffe")
    with pytest.raises(ValueError, match="precision must be one of float32 for keras, got 'int8'"):
        engines.export(residual_net(), "keras", precision="int8")
    with pytest.raises(ValueError, match=r"calibration_set must be \(n, 12, 12, 3\) for int8, got none"):
        engines.export(residual_net(), "onnx", precision="int8")
    with pytest.raises(ValueError, match=r"got \(2, 4\)"):
        engines.export(residual_net(), "onnx", precision="int8", calibration_set=np.zeros((2, 4), np.float32))


def test_a_missing_exporter_names_the_command(monkeypatch):
    monkeypatch.setitem(registry.DISTRIBUTIONS, "iree", ("not-a-distribution-anywhere",))
    with pytest.raises(EngineMissing, match="iree is not installed: make torch"):
        engines.export(residual_net(), "vmfb")


def test_the_form_follows_the_engine_and_the_delegate():
    assert engines.form("litert") == "tflite"
    assert engines.form("torch") == "steps"
    assert engines.form("executorch", "portable") == "pte-portable"
    with pytest.raises(ValueError, match="delegate must be one of XNNPACK, portable"):
        engines.form("executorch", "gpu")


def test_a_program_lists_its_calls_and_its_delegates(made):
    if ("pte-xnnpack", "float32") not in made:
        pytest.skip("executorch is not installed")
    portable = engines.program_plan(made["pte-portable", "float32"].content)
    handed = engines.program_plan(made["pte-xnnpack", "float32"].content)
    assert portable.delegated == 0 < handed.delegated <= handed.calls < portable.calls
    assert "convolution" in portable.kernels
    assert "convolution" not in handed.kernels
    assert portable.memory_bytes > 0


def test_a_damaged_program_is_a_bad_model(made):
    with pytest.raises(BadModel, match="expected an ExecuTorch program"):
        engines.program_plan(b"something else")
    with pytest.raises(BadModel, match="damaged"):
        engines.program_plan(b"\xff\xff\xff\x00ET12" + bytes(40))
