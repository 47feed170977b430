import io
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efficient_ai.errors import BadModel
from efficient_ai.models import torch_file


class _Global:
    """Pickles as a reference to a function of a module that need not exist."""

    def __init__(self, module, name, *arguments):
        self.module, self.name, self.arguments = module, name, arguments


class _Pickler(pickle._Pickler):
    """Writes PyTorch's references without PyTorch."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_global_reference(self, value):
        self.write(f"c{value.module}\n{value.name}\n".encode())
        if value.arguments:
            self.save(tuple(value.arguments))
            self.write(b"R")

    dispatch[_Global] = save_global_reference

    def persistent_id(self, value):
        return value if isinstance(value, tuple) and value and value[0] == "storage" else None


def _dumped(value):
    buffer = io.BytesIO()
    _Pickler(buffer, 2).dump(value)
    return buffer.getvalue()


def _file(arrays):
    tensors, storages = OrderedDict(), b""
    for i, (name, array) in enumerate(arrays.items()):
        storage = ("storage", _Global("torch", "FloatStorage"), str(i), "cpu", array.size, None)
        strides = tuple(s // 4 for s in array.strides)
        tensors[name] = _Global(
            "torch._utils", "_rebuild_tensor_v2", storage, 0, array.shape, strides, False, OrderedDict()
        )
        storages += np.array(array.size, "<i8").tobytes() + array.tobytes()
    parts = [torch_file.MAGIC, 1001, {"little_endian": True}, tensors, [str(i) for i in range(len(arrays))]]
    return b"".join(map(_dumped, parts)) + storages


ARRAYS = {"a": np.arange(6, dtype="<f4").reshape(2, 3), "b": np.ones(4, "<f4")}


def test_tensors_come_back_by_name_and_in_order():
    found = torch_file.read(_file(ARRAYS))
    assert list(found) == ["a", "b"]
    assert all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)


def test_a_file_that_wants_to_call_something_is_refused_by_name():
    evil = pickle.dumps(print)
    with pytest.raises(BadModel, match=r"wants to call builtins\.print"):
        torch_file.read(evil)


@settings(max_examples=60)
@given(st.integers(0, len(_file(ARRAYS)) - 1))
def test_a_file_cut_short_anywhere_is_refused_in_one_line(length):
    with pytest.raises(BadModel) as error:
        torch_file.read(_file(ARRAYS)[:length])
    assert "\n" not in str(error.value)


def test_a_tensor_larger_than_its_storage_is_refused():
    content = _file({"a": np.ones(4, "<f4")})
    short = content[: -8 - 16] + np.array(2, "<i8").tobytes() + np.ones(2, "<f4").tobytes()
    with pytest.raises(BadModel, match="larger than its storage"):
        torch_file.read(short)
