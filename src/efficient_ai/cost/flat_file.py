"""A .tflite file's main graph as plain records, with everything that it points at checked to lie within it.

The `tflite` package reads the fields of the FlatBuffer. It follows offsets without asking where they lead, so a
truncated file shows as an error somewhere deep in it, or as a slice that is silently too short: both become BadModel.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from efficient_ai.errors import BadModel

IDENTIFIER = b"TFL3"
BITS = {
    # tflite.TensorType, in bits: int4 tensors are packed two to a byte.
    "FLOAT32": 32,
    "FLOAT16": 16,
    "INT32": 32,
    "UINT8": 8,
    "INT64": 64,
    "BOOL": 8,
    "INT16": 16,
    "COMPLEX64": 64,
    "INT8": 8,
    "FLOAT64": 64,
    "COMPLEX128": 128,
    "UINT64": 64,
    "UINT32": 32,
    "UINT16": 16,
    "INT4": 4,
    "BFLOAT16": 16,
    # Handles and strings live outside the arena, and have no size of their own.
    "STRING": 0,
    "RESOURCE": 0,
    "VARIANT": 0,
}
DAMAGE = (struct.error, TypeError, ValueError, IndexError, KeyError, OverflowError, AttributeError)


@dataclass(frozen=True)
class FlatTensor:
    """One tensor. A constant's `stored_bytes` are what the file holds for it: values, and for compressed forms
    their scales, zero points and sparse indices; an activation has none."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    constant: bool
    buffer: int
    stored_bytes: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        return (self.elements * BITS[self.dtype] + 7) // 8


@dataclass(frozen=True)
class FlatOperator:
    """One operator; an input that is left out is None."""

    operator: str
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class FlatGraph:
    """The main graph of a file."""

    name: str
    tensors: tuple[FlatTensor, ...]
    operators: tuple[FlatOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_bytes(source: str | Path | bytes) -> tuple[str, bytes]:
    """Give a name and the content for a path or for content itself.

    Raises:
        BadModel: If there is no file at the path.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return "model", bytes(source)
    path = Path(source)
    try:
        return path.stem, path.read_bytes()
    except OSError as error:
        raise BadModel(f"cannot read {path}: {error.strerror}; expected a .tflite file") from error


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")


class _Reader:
    def __init__(self, content: bytes) -> None:
        from tflite.BuiltinOperator import BuiltinOperator
        from tflite.Model import Model
        from tflite.TensorType import TensorType

        self.content = content
        self.model = Model.GetRootAs(content, 0)
        self.types = _names(TensorType)
        self.builtins = _names(BuiltinOperator)

    def _within(self, what: str, end: int) -> None:
        if end > len(self.content):
            raise ValueError(f"{what} ends at byte {end}")

    def _stored(self, number: int) -> int:
        """Bytes of a buffer's data: in the table, or behind it in files over 2 GiB."""
        if not 0 <= number < self.model.BuffersLength():
            raise IndexError(f"there is no buffer {number}")
        buffer = self.model.Buffers(number)
        if buffer.Offset() > 1:
            self._within(f"buffer {number}", buffer.Offset() + buffer.Size())
            return buffer.Size()
        slot = buffer._tab.Offset(4)
        if slot:
            self._within(f"buffer {number}", buffer._tab.Vector(slot) + buffer.DataLength())
        return buffer.DataLength()

    def _vector(self, table: Any, field: str) -> tuple[int, ...]:
        """A whole vector of numbers: NumPy refuses one that ends outside the file."""
        if getattr(table, f"{field}Length")() == 0:
            return ()
        return tuple(getattr(table, f"{field}AsNumpy")().tolist())

    def _quantization_bytes(self, tensor: Any) -> int:
        table = tensor.Quantization()
        if table is None:
            return 0
        return 4 * len(self._vector(table, "Scale")) + 8 * len(self._vector(table, "ZeroPoint"))

    def _sparse_bytes(self, tensor: Any) -> int:
        """Bytes of the segments and indices that say where the stored values stand."""
        from tflite.Int32Vector import Int32Vector
        from tflite.Uint8Vector import Uint8Vector
        from tflite.Uint16Vector import Uint16Vector

        vectors = {1: (Int32Vector, 4), 2: (Uint16Vector, 2), 3: (Uint8Vector, 1)}
        table, total = tensor.Sparsity(), 0
        for number in range(table.DimMetadataLength()):
            axis = table.DimMetadata(number)
            for kind, union in (
                (axis.ArraySegmentsType(), axis.ArraySegments()),
                (axis.ArrayIndicesType(), axis.ArrayIndices()),
            ):
                if union is not None and kind in vectors:
                    cls, width = vectors[kind]
                    values = cls()
                    values.Init(union.Bytes, union.Pos)
                    total += width * len(self._vector(values, "Values"))
        return total

    def tensor(self, table: Any) -> FlatTensor:
        shape = self._vector(table, "Shape")
        if any(size < 0 for size in shape):
            raise ValueError(f"a tensor of shape {shape}")
        dtype = self.types[table.Type()]
        if dtype not in BITS:
            raise ValueError(f"a tensor of type {dtype}")
        buffer = table.Buffer()
        stored = self._stored(buffer)
        constant = stored > 0 and not table.IsVariable()
        plain = FlatTensor(_text(table.Name()), shape, dtype, constant, buffer, 0)
        if not constant:
            return plain
        total = stored + self._quantization_bytes(table)
        if table.Sparsity() is not None:
            total += self._sparse_bytes(table)
        elif BITS[dtype] and stored != plain.size_bytes:
            raise ValueError(f"tensor {plain.name!r} needs {plain.size_bytes} bytes and its buffer holds {stored}")
        return FlatTensor(plain.name, shape, dtype, True, buffer, total)

    def operator_name(self, number: int) -> str:
        if not 0 <= number < self.model.OperatorCodesLength():
            raise IndexError(f"there is no operator code {number}")
        code = self.model.OperatorCodes(number)
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = self.builtins.get(builtin, f"BUILTIN {builtin}")
        return f"CUSTOM {_text(code.CustomCode())}" if name == "CUSTOM" else name

    def graph(self) -> FlatGraph:
        if self.model.SubgraphsLength() < 1:
            raise ValueError("it holds no graph")
        main = self.model.Subgraphs(0)
        tensors = tuple(self.tensor(main.Tensors(number)) for number in range(main.TensorsLength()))

        def checked(table: Any, field: str) -> tuple[int, ...]:
            numbers = self._vector(table, field)
            if any(not -1 <= number < len(tensors) for number in numbers):
                raise IndexError(f"{field.lower()} {numbers} of {len(tensors)} tensors")
            return numbers

        operators = []
        for number in range(main.OperatorsLength()):
            table = main.Operators(number)
            name = self.operator_name(table.OpcodeIndex())
            reads = tuple(None if number < 0 else number for number in checked(table, "Inputs"))
            writes = tuple(number for number in checked(table, "Outputs") if number >= 0)
            operators.append(FlatOperator(name, reads, writes))
        return FlatGraph(
            _text(main.Name()), tensors, tuple(operators), checked(main, "Inputs"), checked(main, "Outputs")
        )


def read_graph(name: str, content: bytes) -> FlatGraph:
    """Read the main graph of a .tflite file.

    Args:
        name: What to call the file in an error.
        content: All of its bytes.

    Returns:
        Its tensors and operators, in the order in which they run.

    Raises:
        BadModel: If this is no .tflite file, or a damaged or truncated one.
    """
    if content[4:8] != IDENTIFIER:
        raise BadModel(f"{name} is not a .tflite file: expected the identifier {IDENTIFIER!r}, got {content[4:8]!r}")
    try:
        return _Reader(content).graph()
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadModel(
            f"{name} is truncated or damaged ({len(content)} bytes: {reason}); copy or convert it again"
        ) from error
