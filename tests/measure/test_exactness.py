import numpy as np
import pytest
from small_nets import samples, tflite

from efficient_ai import engines, measure
from efficient_ai.measure.exactness import _difference
from efficient_ai.records import Variant


def test_differences_are_counted_in_steps():
    reference = np.array([[1, 5, 2], [7, 0, 0], [3, 3, 3]])
    ours = np.array([[1, 5, 2], [6, 0, 9], [3, 3, 2]])
    found = _difference("ours", ours, reference)
    assert (found.values, found.differing, found.most_steps) == (9, 3, 9)
    assert (found.samples, found.argmax_changes) == (3, 1)


def test_kernels_agree_with_themselves():
    file = Variant("residual_net", "int8", tflite("int8"))
    same = (("litert", "reference"), ("litert", "reference"))
    ((row,),) = measure.kernel_differences([file], [samples(20, seed=2)], kernels=same)
    assert (row.values, row.differing, row.argmax_changes) == (100, 0, 0)


def test_optimized_kernels_stay_within_a_few_steps_of_the_reference():
    if engines.available()["tflm"] is None:
        pytest.skip(engines.INSTALL["tflm"])
    file = Variant("residual_net", "int8", tflite("int8"))
    (rows,) = measure.kernel_differences([file], [samples(50, seed=3)])
    assert [row.kernels for row in rows] == ["tflm, none", "litert, none", "litert, XNNPACK"]
    assert all(row.most_steps <= 4 for row in rows)
    assert rows[0].most_steps <= 1


def test_a_float_output_has_no_steps():
    file = Variant("residual_net", "float32", tflite("float32"))
    with pytest.raises(ValueError, match="isn't quantized"):
        measure.kernel_differences([file], [samples(2)])
