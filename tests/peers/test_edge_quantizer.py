import numpy as np
import pytest

from efficient_ai import engines, models
from efficient_ai.compress import Float32, convert
from efficient_ai.errors import BadModel, EngineMissing
from efficient_ai.metrics import sqnr_db
from efficient_ai.peers import edge_quantizer
from efficient_ai.records import Variant

needs = pytest.mark.skipif(edge_quantizer.available() is None, reason="ai-edge-quantizer is not installed")


@pytest.fixture(scope="module")
def wide():
    return convert(models.load("resnet8"), Float32())


@needs
def test_each_recipe_makes_a_smaller_file_that_runs(wide):
    inputs = np.random.default_rng(0).random((8, 32, 32, 3)).astype(np.float32)
    reference = engines.predict(wide.content, inputs)
    files = {recipe: edge_quantizer.quantize(wide, recipe, inputs) for recipe in edge_quantizer.RECIPES}
    assert files["dynamic_wi4"].size_bytes < files["dynamic_wi8"].size_bytes < 0.35 * wide.size_bytes
    noise = {r: sqnr_db(engines.predict(f.content, inputs), reference) for r, f in files.items()}
    assert noise["dynamic_wi8"] > noise["dynamic_wi4"]
    assert noise["static_wi8_ai8"] > 5


def test_bad_input_is_named(wide):
    with pytest.raises(ValueError, match="recipe must be one of"):
        edge_quantizer.quantize(wide, "int3")
    with pytest.raises(ValueError, match="needs a calibration set"):
        edge_quantizer.quantize(wide, "static_wi8_ai8")
    with pytest.raises(BadModel, match="float32 file, got int8"):
        edge_quantizer.quantize(Variant("x", "int8", b""), "dynamic_wi8")


def test_where_the_tool_is_missing_the_command_is_named(wide, monkeypatch):
    monkeypatch.setattr(edge_quantizer, "available", lambda: None)
    with pytest.raises(EngineMissing, match="pip install"):
        edge_quantizer.quantize(wide, "dynamic_wi8")
    assert edge_quantizer.missing_row().install_command == edge_quantizer.INSTALL
