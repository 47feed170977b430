import os
from pathlib import Path

import keras
import numpy as np
import pytest
from report import fuzzing, hostile, model_files

from efficient_ai.compress import fake_layers
from efficient_ai.errors import BadModel
from efficient_ai.report import keras_files, opening
from efficient_ai.report.sandbox import Sandbox

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a sandbox forks")
PICTURE = {"name": "picture", "shape": [None, 8, 8, 3], "dtype": "float32"}


@pytest.fixture(scope="module")
def box():
    with Sandbox(fuzzing.LIMITS) as box:
        yield box


def describe(box, path):
    return box.call("efficient_ai.report.opening:describe", str(path))


def refusal(box, path) -> str:
    with pytest.raises(BadModel) as caught:
        describe(box, path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["good.keras", "good.h5"])
def test_a_keras_file_is_described_layer_by_layer(box, maker, name):
    found = describe(box, maker.good[name])
    assert found["inputs"] == [PICTURE]
    assert [(t["shape"], t["dtype"]) for t in found["outputs"]] == [([None, 5], "float32")]
    assert found["operators"]["Conv2D"] == found["operators"]["Dense"] == 1
    assert found["layers"] == sum(found["operators"].values()) == 7
    assert found["params"] == model_files.keras_model().count_params()
    assert found["custom"] == found["warnings"] == []


def test_a_saved_model_is_described_by_its_signature(box, maker):
    found = describe(box, maker.good["good_saved"])
    assert found["kind"] == "saved_model"
    assert found["inputs"] == [PICTURE]
    assert [t["shape"] for t in found["outputs"]] == [[None, 5]]
    assert found["operators"]["Conv2D"] == 1
    assert found["operators"]["MatMul"] == 1
    assert found["params"] == model_files.keras_model().count_params()


@pytest.mark.parametrize(("name", "dtype"), [("float32.tflite", "float32"), ("int8.tflite", "int8")])
def test_a_tflite_file_is_described_operator_by_operator(box, maker, name, dtype):
    found = describe(box, maker.good[name])
    assert [(t["shape"], t["dtype"]) for t in found["inputs"] + found["outputs"]] == [
        ([1, 8, 8, 3], dtype),
        ([1, 5], dtype),
    ]
    assert found["operators"]["CONV_2D"] == 1
    assert found["operators"]["SOFTMAX"] == 1


@pytest.mark.parametrize("name", ["old.pth", "new.pth"])
def test_a_pytorch_file_is_a_list_of_tensors(box, maker, name):
    found = describe(box, maker.good[name])
    assert found["tensors"] == [
        {"name": "conv.weight", "shape": [2, 3, 4], "dtype": "float32", "size_bytes": 96},
        {"name": "conv.bias", "shape": [2], "dtype": "float32", "size_bytes": 8},
    ]
    assert "weights alone" in found["warnings"][0]


def test_a_checkpoint_has_its_tensors_at_any_depth(box, maker, tmp_path):
    tensors = model_files.tensors_of({"w": np.ones(3, "<f4")})
    size = model_files.Named("torch", "Size", (1, 2))
    state = {"epoch": 3, "size": size, "model": {"state": tensors}, "optimizer": [1, 2]}
    (tmp_path / "x.pt").write_bytes(model_files.new_torch({"w": np.ones(3, "<f4")}, state))
    assert [t["name"] for t in describe(box, tmp_path / "x.pt")["tensors"]] == ["model.state.w"]


def test_no_file_made_to_do_harm_does_any(box, maker, tmp_path):
    lines, opened = {}, []
    for name, content in maker.hostile.items():
        if name in hostile.MEMORY:
            continue
        path = tmp_path / name
        path.write_bytes(content)
        try:
            describe(box, path)
            opened.append(name)
        except BadModel as error:
            lines[name] = str(error)
    assert not {name: line for name, line in lines.items() if "\n" in line}
    assert {fuzzing.classified(line) for line in lines.values()} == {"refused", "memory"}
    assert sorted(opened) == sorted(hostile.HARMLESS)
    assert not maker.mark.exists()
    assert not list(box.folder.iterdir())


def test_a_layer_larger_than_memory_becomes_a_line(box, maker, tmp_path):
    (tmp_path / "x.keras").write_bytes(maker.hostile["large layer.keras"])
    assert refusal(box, tmp_path / "x.keras").startswith("working with it needs more than 3 GiB of memory")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Lambda.keras", "a Lambda, which runs Python code out of the file"),
        ("Lambda.h5", "a Lambda, which runs Python code out of the file"),
        ("TFSMLayer.keras", "a TFSMLayer, which loads another file"),
        ("custom.keras", "needs 'theirs.Theirs', which is no part of Keras"),
        ("get_file.keras", "needs 'keras.utils.get_file', which is no part of Keras"),
        ("os.system.keras", "needs 'os.system'"),
        ("up.keras", "leads out of the archive"),
        ("link.keras", "is a link"),
        ("bomb.keras", "unpacks to"),
        ("external.h5", "lies in another file"),
        ("hard circle.h5", "is in two places"),
        ("weights alone.h5", "weights without the model"),
        ("os.system, old.pth", "wants to call os.system"),
        ("stack global, new.pth", "wants to call os.system"),
        ("script.pth", "TorchScript"),
        ("circle of two.tflite", "graphs [0, 1] call each other in a circle"),
        ("large.tflite", "its tensors take 8,589,9"),
        ("later.tflite", "which nothing before it writes"),
    ],
)
def test_what_is_wrong_is_said(box, maker, tmp_path, name, words):
    (tmp_path / name).write_bytes(maker.hostile[name])
    assert words in refusal(box, tmp_path / name)


@pytest.mark.parametrize("operator", hostile.OPERATORS)
def test_a_saved_model_that_reaches_beyond_its_tensors_is_refused_before_it_is_loaded(box, maker, tmp_path, operator):
    line = refusal(box, hostile.saved_model(maker.good["good_saved"], tmp_path, operator))
    assert f"operators that reach beyond its tensors ({operator})" in line


def test_a_saved_model_with_a_link_is_refused(box, maker, tmp_path):
    made = hostile.saved_model(maker.good["good_saved"], tmp_path, "MatMul")
    assert describe(box, made)["kind"] == "saved_model"
    (made / "assets").mkdir(exist_ok=True)
    (made / "assets" / "words").symlink_to(maker.mark.parent / "secret")
    assert "'words' is a link" in refusal(box, made)


def test_layers_of_this_library_are_opened_and_named(box, tmp_path):
    layer = next(
        value
        for value in vars(fake_layers).values()
        if isinstance(value, type)
        and issubclass(value, keras.layers.Layer)
        and value.__module__ == fake_layers.__name__
    )
    config = {
        "module": layer.__module__,
        "class_name": layer.__name__,
        "registered_name": f"efficient_ai>{layer.__name__}",
    }
    whole = {"module": "keras", "class_name": "Sequential", "config": {"layers": [{**config, "config": {}}]}}
    keras_files.check_config(whole, legacy=False)
    assert keras_files.has_own_layers(whole)
    theirs = {**config, "module": "elsewhere"}
    with pytest.raises(BadModel, match="no part of Keras"):
        keras_files.check_config({"config": theirs}, legacy=False)


def test_ordinary_models_name_nothing_that_is_refused(tmp_path):
    x = inputs = keras.Input((8, 8, 3))
    x = keras.ops.relu(x) + 1
    x = keras.layers.Conv2D(2, 1, activation="gelu", kernel_regularizer="l2", kernel_constraint="max_norm")(x)
    x = keras.layers.Bidirectional(keras.layers.GRU(2))(keras.layers.Reshape((64, 2))(x))
    model = keras.Model(inputs, keras.Sequential([keras.layers.Dense(2, activation=keras.ops.silu)])(x))
    model.compile("adam", keras.losses.MeanSquaredError(), metrics=["accuracy"])
    for name in ("x.keras", "x.h5"):
        model.save(tmp_path / name)
    assert opening.check(str(tmp_path / "x.keras")) == "keras"
    assert opening.keras_model(str(tmp_path / "x.keras")).count_params() == model.count_params()


def test_what_is_no_model_is_said(box, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "empty.tflite").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.keras")
    assert "none of the kinds" in refusal(box, tmp_path / "notes.txt")
    assert "identifier" in refusal(box, tmp_path / "empty.tflite")
    assert "no plain file" in refusal(box, tmp_path / "pipe.keras")
    assert "No such file" in refusal(box, tmp_path / "missing.keras")
    assert "there is no saved_model.pb in it" in refusal(box, tmp_path)


def test_a_file_is_known_by_what_it_holds_and_not_by_its_name(box, maker, tmp_path):
    other = tmp_path / "model.bin"
    for name, path in maker.good.items():
        if path.is_file():
            other.write_bytes(path.read_bytes())
            assert opening.kind_of(str(other)) == Path(name).suffix[1:]
