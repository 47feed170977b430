"""The file of a compressed model: everything that it takes to have the model again, and a record of where bytes go."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from efficient_ai import cache, models
from efficient_ai.compress import sparse_tensor
from efficient_ai.compress.prune import copy
from efficient_ai.compress.sparse_tensor import PARTS, Reader, TensorStorage, number
from efficient_ai.errors import BadModel, EfficientAIError

if TYPE_CHECKING:
    import keras

MAGIC = b"EAC"
VERSION = 1


@dataclass(frozen=True)
class StorageReport:
    """Where the bytes of a compressed model's file are: array by array, and what stands around them.

    `header_bytes` has the magic number, the version, the model's name, the number of arrays and the checksum; each
    array's shape is counted with the array.
    """

    model: str
    params: int
    header_bytes: int
    tensors: tuple[TensorStorage, ...]

    @property
    def size_bytes(self) -> int:
        """All of the file."""
        return self.header_bytes + sum(tensor.size_bytes for tensor in self.tensors)

    @property
    def dense_bytes(self) -> int:
        """What the model's parameters take in float32: four bytes each, and nothing around them."""
        return 4 * self.params

    @property
    def ratio(self) -> float:
        return self.dense_bytes / self.size_bytes

    @property
    def fixed_bytes(self) -> int:
        """The file's size if cluster numbers and gaps were not Huffman-coded."""
        return self.header_bytes + sum(tensor.fixed_bytes for tensor in self.tensors)

    @property
    def parts(self) -> dict[str, int]:
        """Bytes by what they hold; together they are the file."""
        found = {name: sum(getattr(t, field) for t in self.tensors) for field, name in PARTS.items()}
        found[PARTS["header_bytes"]] += self.header_bytes
        return found


def compress(model: keras.Model, *, gap_bits: int | None = None) -> tuple[bytes, StorageReport]:
    """Write a model's weights as a file that leaves out zeros and writes shared values once.

    Nothing is lost: what makes the file small is what was done to the weights before, by `prune` and `cluster`. An
    array that was left alone is stored as it is.

    Args:
        model: Any Keras model with float32 weights.
        gap_bits: Bits of a relative index in sparse arrays; the best for each when left out.

    Returns:
        The file's bytes, and where they are.

    Raises:
        BadModel: If the model has no weights, or weights of another type.

    Source: han2016deep.
    """
    if not model.weights:
        raise BadModel(f"{model.name} has no weights to compress: build it before")
    name = model.name.encode()
    content = MAGIC + bytes([VERSION]) + number(len(name)) + name + number(len(model.weights))
    around = len(content) + 4
    tensors = []
    for variable in model.weights:
        shape = bytes([len(variable.shape)]) + b"".join(number(length) for length in variable.shape)
        wanted = gap_bits if len(variable.shape) > 1 else None
        body, record = sparse_tensor.write(np.asarray(variable), name=variable.path, gap_bits=wanted)
        content += shape + body
        tensors.append(replace(record, header_bytes=record.header_bytes + len(shape)))
    content += zlib.crc32(content).to_bytes(4, "little")
    return content, StorageReport(model.name, int(model.count_params()), around, tuple(tensors))


def decompress(content: bytes, model: keras.Model | None = None) -> keras.Model:
    """The model that a file was made from, weight for weight.

    Args:
        content: What `compress` gave.
        model: One of the same architecture, which stays as it is; the zoo's when left out.

    Returns:
        A new model.

    Raises:
        BadModel: If the content is not such a file, is damaged, or belongs to another model.
    """
    if content[: len(MAGIC)] != MAGIC:
        raise BadModel(f"a compressed model begins with {MAGIC!r}, got {content[: len(MAGIC)]!r}: name another file")
    if content[len(MAGIC) : len(MAGIC) + 1] != bytes([VERSION]):
        raise BadModel(f"the file has another version than {VERSION}: compress the model again")
    if len(content) < 12 or zlib.crc32(content[:-4]) != int.from_bytes(content[-4:], "little"):
        raise BadModel(f"the file's checksum is wrong: its {len(content)} bytes are damaged or not all; fetch it again")
    reader = Reader(content[:-4], len(MAGIC) + 1)
    name = reader.take(reader.number()).decode("utf-8", "replace")
    if model is None:
        try:
            model = models.build(name)
        except EfficientAIError as error:
            raise BadModel(f"the file is of the model {name!r}, which is not in the zoo: pass a model") from error
    result, count = copy(model), reader.number()
    if count != len(result.weights):
        raise BadModel(f"the file is of {name!r} with {count} arrays, {model.name} has {len(result.weights)}")
    arrays = []
    for variable in result.weights:
        shape = tuple(reader.number() for _ in range(reader.take(1)[0]))
        if shape != tuple(variable.shape):
            raise BadModel(f"{variable.path} has the shape {tuple(variable.shape)}, the file has {shape}")
        arrays.append(sparse_tensor.read(reader, shape))
    if reader.at != len(reader.content):
        raise BadModel(f"the file goes on after its last array, at byte {reader.at}: it is no file of efficient-ai")
    result.set_weights(arrays)
    return result


def save(content: bytes, path: Path) -> Path:
    """Write a compressed model's file, whole or not at all."""
    return cache.write_whole(Path(path), content)


def load(path: Path, model: keras.Model | None = None) -> keras.Model:
    """Read a compressed model's file; see `decompress`.

    Raises:
        BadModel: If there is no such file, or it is not one of a compressed model.
    """
    if not Path(path).is_file():
        raise BadModel(f"there is no file {path}")
    return decompress(Path(path).read_bytes(), model)
