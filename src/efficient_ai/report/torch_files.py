"""The tensors that a PyTorch file lists, without PyTorch and without running what is in the file.

The old format is read by `models.torch_file`. The newer one is an archive with one pickle, which lists the tensors; an
unpickler that knows only what such a list needs reads it, and the tensors' values stay where they are.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from efficient_ai.errors import BadModel
from efficient_ai.models import torch_file

LIST_BYTES = 64 * 2**20
MOST_BYTES = 4 * 2**30
INSTEAD = "save weights alone, with torch.save(model.state_dict(), 'x.pth')"
STORAGES = {
    "FloatStorage": ("float32", 4),
    "DoubleStorage": ("float64", 8),
    "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2),
    "LongStorage": ("int64", 8),
    "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2),
    "CharStorage": ("int8", 1),
    "ByteStorage": ("uint8", 1),
    "BoolStorage": ("bool", 1),
}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    item_bytes: int
    size: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _parameter(tensor: _Tensor, *_: Any) -> _Tensor:
    return tensor


class _Unpickler(pickle.Unpickler):
    """Knows containers, tensors, parameters and storages; refuses everything else by name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):
            return _tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _parameter
        if (module, name) == ("torch", "Size"):
            return tuple
        if module == "torch" and name in STORAGES:
            return name
        raise BadModel(f"the file wants to call {module}.{name}, which weights don't need: it was not read")

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, _, size, *_ = pid
        return _Storage(str(key), *STORAGES[kind], int(size))


def listing(path: Path) -> list[dict[str, Any]]:
    """Name, shape, dtype and bytes of every tensor in a PyTorch file.

    Args:
        path: A .pth or .pt file in the old format or in the one since PyTorch 1.6.

    Raises:
        BadModel: If it is neither, is damaged, lists no tensors, or calls for anything but tensors.
    """
    try:
        if zipfile.is_zipfile(path):
            return _zipped(path)
        found = torch_file.read(path.read_bytes())
        return [_described(name, value.shape, value.dtype.name, value.nbytes) for name, value in found.items()]
    except BadModel as error:
        raise BadModel(f"{error}; {INSTEAD}" if INSTEAD not in str(error) else str(error)) from error
    except MemoryError:
        raise
    except Exception as error:
        raise BadModel(f"it is damaged ({type(error).__name__}: {error}): copy it again or save it again") from error


def _zipped(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        lists = [name for name in sizes if name.endswith("data.pkl") and name.count("/") == 1]
        if len(lists) != 1:
            raise BadModel("it is no PyTorch file: there is no list of tensors (data.pkl) in it")
        if any(name.endswith("/constants.pkl") for name in sizes):
            raise BadModel("it is a TorchScript program: it was not opened")
        if sizes[lists[0]] > LIST_BYTES or sum(sizes.values()) > MOST_BYTES:
            raise BadModel(f"it unpacks to {sum(sizes.values()):,} bytes, more than is allowed: it was not opened")
        found = _Unpickler(io.BytesIO(archive.read(lists[0]))).load()
    folder = lists[0].split("/")[0]
    tensors = list(_named(found))
    if not tensors:
        raise BadModel("it lists no tensors")
    for name, tensor in tensors:
        _check_size(name, tensor, sizes.get(f"{folder}/data/{tensor.storage.key}", 0))
    return [
        _described(name, each.shape, each.storage.dtype, math.prod(each.shape) * each.storage.item_bytes)
        for name, each in tensors
    ]


def _check_size(name: str, tensor: _Tensor, held_bytes: int) -> None:
    """A tensor must lie within what the archive holds of its storage, and show no value of it twice."""
    steps = list(zip(tensor.shape, tensor.strides, strict=True))
    elements = math.prod(tensor.shape)
    needed = tensor.offset + 1 + sum((size - 1) * stride for size, stride in steps) if elements else 0
    within = needed * tensor.storage.item_bytes <= held_bytes and elements <= tensor.storage.size
    if not within or min((*tensor.shape, *tensor.strides, tensor.offset)) < 0:
        raise BadModel(f"its tensor {name!r} is larger than what the file holds for it: copy it again")


def _named(found: Any) -> Iterator[tuple[str, _Tensor]]:
    """The tensors of dictionaries within dictionaries, as a training's checkpoint has them; other values are passed
    over."""
    left, seen = [("", found)], set()
    while left:
        path, value = left.pop()
        if isinstance(value, _Tensor):
            yield path, value
        elif isinstance(value, dict) and id(value) not in seen:
            seen.add(id(value))
            left += [(f"{path}.{key}" if path else str(key), each) for key, each in reversed(value.items())]


def _described(name: str, shape: Iterable[int], dtype: str, size_bytes: int) -> dict[str, Any]:
    return {"name": name, "shape": [int(size) for size in shape], "dtype": dtype, "size_bytes": int(size_bytes)}
