"""What is done with a model inside the sandbox, on one model of each kind."""

import numpy as np
import own_models
import pytest

from efficient_ai.errors import BadModel
from efficient_ai.report import examples, model_cost, variants
from efficient_ai.report.sandbox import Limits, Sandbox
from efficient_ai.report.source import Source, find

LOOK, MAKE = "efficient_ai.report.steps:look", "efficient_ai.report.steps:make"
ORIGINAL, ANSWERS = "efficient_ai.report.steps:original", "efficient_ai.report.running:answers"


class Bench:
    """A sandbox with models in it, and short forms of its calls."""

    def __init__(self, box, folder):
        self.box, self.folder, self.seen = box, folder, {}

    def look(self, name, shapes=None, hints=None):
        source = find(str(self.folder / name))
        if not (self.box.folder / name).exists():
            (self.box.folder / source.enter(self.box)).rename(self.box.folder / name)
        key = (name, str(shapes), str(hints))
        if key not in self.seen:
            self.seen[key] = model_cost.checked(self.box.call(LOOK, name, source.kind, shapes or {}, hints or {}))
        return source.kind, self.seen[key]

    def make(self, name, precision="float32", *, technique="", amount=0.0, **looked):
        kind, seen = self.look(name, **looked)
        given = examples.noise(seen["inputs"], seed=0).judging
        np.savez(self.box.folder / "data.npz", **given)
        how = {"precision": precision, "technique": technique, "amount": amount}
        how["calibration"] = "data.npz" if precision == "int8" else ""
        return seen, self.box.call(MAKE, name, kind, seen["inputs"], "made.tflite", **how)

    def answers(self, name, **looked):
        """What the source and its float32 file answer to the same noise."""
        kind, seen = self.look(name, **looked)
        self.make(name, **looked)
        self.box.call(ORIGINAL, name, kind, seen["inputs"], "data.npz", "one.npz", most_s=20)
        self.box.call(ANSWERS, "made.tflite", seen["inputs"], "data.npz", "two.npz", most_s=20)
        return [dict(np.load(self.box.folder / file)) for file in ("one.npz", "two.npz")]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    own_models.save_all(folder)
    with Sandbox(Limits(seconds=120)) as box:
        yield Bench(box, folder)


def test_a_model_is_described_with_its_cost(bench):
    kind, seen = bench.look("dense.keras")
    assert kind == "keras"
    assert [(one["name"], one["shape"], one["dtype"]) for one in seen["inputs"]] == [("features", [1, 8], "float32")]
    assert seen["params"] == seen["cost"]["layers"][0]["params"] + seen["cost"]["layers"][1]["params"] == 836
    assert model_cost.table(seen, None)["macs"] == 8 * 64 + 64 * 4


@pytest.mark.parametrize(
    ("name", "looked"),
    [
        ("two.keras", {}),
        ("embedding.keras", {}),
        ("dynamic.keras", {"shapes": {"": [1, 9, 9, 3]}}),
        ("own", {}),
        ("lstm.keras", {}),
    ],
)
def test_the_float32_file_answers_as_the_source_does(bench, name, looked):
    mine, theirs = bench.answers(name, **looked)
    assert mine.keys() == theirs.keys()
    for output, value in mine.items():
        assert value.shape == theirs[output].shape
        assert np.allclose(value, theirs[output], atol=1e-4)


def test_one_input_is_converted_as_the_library_converts_it(bench):
    from efficient_ai import compress, cost

    bench.make("dense.keras", "dynamic_int8")
    ours = compress.convert(own_models.dense(), compress.DynamicInt8()).content
    made = [cost.count_file(content).layers for content in (bench.box.content("made.tflite"), ours)]
    first, second = ([(one.operator, one.macs, one.weight_bytes) for one in layers] for layers in made)
    assert first == second


def test_two_inputs_become_int8_and_keep_their_names(bench):
    from tensorflow import lite

    seen, _ = bench.make("two.keras", "int8")
    with pytest.warns(UserWarning, match="deprecated"):
        interpreter = lite.Interpreter(model_content=bench.box.content("made.tflite"))
    names = interpreter.get_signature_list()["serving_default"]["inputs"]
    assert set(names) == {"picture", "extra"} == {one["key"] for one in seen["inputs"]}
    assert {one["dtype"] for one in interpreter.get_input_details()} == {np.int8}


def test_an_lstm_in_int8_ends_its_own_process_only_and_the_reason_is_known(bench):
    with pytest.raises(BadModel, match="crashed") as raised:
        bench.make("lstm.keras", "int8")
    _, seen = bench.look("lstm.keras")
    assert "unroll=True" in variants.why(str(raised.value), seen, "int8")


def test_an_embedding_bounds_the_noise(bench):
    _, seen = bench.look("embedding.keras")
    assert (seen["inputs"][0]["dtype"], seen["inputs"][0]["values"]) == ("int32", 50)


def test_text_needs_operators_that_no_interpreter_here_has(bench):
    seen, told = bench.make("text.keras")
    assert seen["inputs"][0]["dtype"] == "string"
    assert seen["cost"]["unknown_operators"] == ("TextVectorization",)
    assert told["select"]
    with pytest.raises(BadModel, match="select TF operators"):
        bench.box.call(ANSWERS, "made.tflite", seen["inputs"], "data.npz", "out.npz", most_s=5)


def test_an_open_shape_is_asked_for_and_may_come_from_the_data(bench):
    with pytest.raises(BadModel, match=r"leaves its shape 1,\?,\?,3 open: pass --shape"):
        bench.look("dynamic.keras")
    _, seen = bench.look("dynamic.keras", hints={"": [1, 7, 7, 3]})
    assert seen["inputs"][0]["shape"] == [1, 7, 7, 3]
    with pytest.raises(BadModel, match=r"expects the shape 1,\?,\?,3"):
        bench.look("dynamic.keras", shapes={"": [1, 7, 7, 1]})


def test_an_operator_that_nothing_converts_is_named_and_the_cost_table_stands(bench):
    with pytest.raises(BadModel, match="no operators Svd"):
        bench.make("svd.keras")
    _, seen = bench.look("svd.keras")
    assert model_cost.table(seen, None)["unknown_operators"] == ["SVD"]


def test_a_subclassed_model_is_refused_in_one_line(bench):
    with pytest.raises(BadModel) as raised:
        bench.look("own.keras")
    assert "\n" not in str(raised.value)


def test_pruning_and_clustering_say_what_they_treated(bench):
    _, pruned = bench.make("dense.keras", technique="pruned", amount=0.9)
    _, clustered = bench.make("dense.keras", technique="clustered", amount=4.0)
    assert pruned["treated_params"] == clustered["treated_params"] == 768
    assert clustered["stored_bytes"] < pruned["stored_bytes"] * 2 < 2 * 4 * 836


def test_an_answer_of_another_form_is_not_believed():
    with pytest.raises(BadModel, match="no form that is known"):
        model_cost.checked({"inputs": [{"name": 1}]})
    with pytest.raises(BadModel, match="no input or no output"):
        model_cost.checked({"inputs": [], "outputs": [], "cost": None, "params": None, "techniques": False})


def test_what_is_no_model_is_said_before_anything_is_opened(tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    (tmp_path / "empty").mkdir()
    for name, said in (("notes.txt", "no model that can be opened"), ("empty", "saved_model.pb"), ("x.h5", "no file")):
        with pytest.raises(BadModel, match=said):
            find(str(tmp_path / name))
    assert find("lenet5") == Source("lenet5", "zoo")
