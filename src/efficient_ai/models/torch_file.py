"""Reads weights from PyTorch's old file format without PyTorch, and without running what is in the file.

Such a file is a row of pickles (a magic number, a version, facts about the system, the tensors' names and shapes, the
storages' keys), then each storage's bytes. A pickle can call any function, so this unpickler knows only those that a
dictionary of tensors needs.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from efficient_ai.errors import BadModel

MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8"), "HalfStorage": np.dtype("<f2")}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype
    size: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _Unpickler(pickle.Unpickler):
    """Knows containers, tensors and storages; refuses everything else by name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor")):
            return _tensor
        if module == "torch" and name in DTYPES:
            return name
        raise BadModel(f"the file wants to call {module}.{name}, which weights don't need: it was not read")

    def persistent_load(self, pid: tuple) -> _Storage:
        _, kind, key, _, size, *_ = pid
        return _Storage(key, DTYPES[kind], size)


def read(content: bytes) -> dict[str, np.ndarray]:
    """The named tensors of a PyTorch file in the format used before version 1.6.

    Args:
        content: The file's bytes.

    Returns:
        Arrays by name, in the file's order, shaped as PyTorch has them.

    Raises:
        BadModel: If the file is of another format, cut short, or calls for anything but tensors.
    """
    file = io.BytesIO(content)
    try:
        if _Unpickler(file).load() != MAGIC:
            raise BadModel("this is no PyTorch file of the old format: its magic number is missing")
        _, _ = _Unpickler(file).load(), _Unpickler(file).load()
        named = _Unpickler(file).load()
        keys = _Unpickler(file).load()
        sizes = {t.storage.key: t.storage for t in named.values()}
        storages = {}
        for key in keys:
            count = int(np.frombuffer(file.read(8), "<i8")[0])
            dtype = sizes[key].dtype
            data = file.read(count * dtype.itemsize)
            storages[key] = np.frombuffer(data, dtype, count)
        return {name: _array(tensor, storages[tensor.storage.key]) for name, tensor in named.items()}
    except BadModel:
        raise
    except Exception as error:
        raise BadModel(f"the PyTorch file can't be read ({type(error).__name__}: {error}); fetch it again") from error


def _array(tensor: _Tensor, storage: np.ndarray) -> np.ndarray:
    needed = tensor.offset + 1 + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if tensor.shape and (needed > storage.size or min((*tensor.shape, *tensor.strides), default=0) < 0):
        raise BadModel("the PyTorch file has a tensor that is larger than its storage")
    strides = tuple(s * storage.itemsize for s in tensor.strides)
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides).copy()
