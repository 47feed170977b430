"""One array as bytes: its zeros left out, its values in a codebook, both streams Huffman-coded, every byte counted."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from efficient_ai.errors import BadModel
from efficient_ai.numerics import huffman

KINDS = ("float32", "float16", "shared", "sparse")
PARTS = {
    "weight_bytes": "weights",
    "index_bytes": "indices",
    "codebook_bytes": "codebooks",
    "table_bytes": "Huffman tables",
    "array_bytes": "biases and other arrays",
    "header_bytes": "header",
}
MOST_CLUSTERS = 4_096
GAP_BITS = tuple(range(2, 13))


@dataclass(frozen=True)
class TensorStorage:
    """Where the bytes of one array went; the fields that end in `_bytes` add up to all of them.

    `kind` is one of `KINDS`. `entries` counts the weights that are stored, `skips` the gaps that end at none;
    `gap_bits` is a gap's width before Huffman coding (0 where nothing is indexed).
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    entries: int = 0
    skips: int = 0
    clusters: int = 0
    gap_bits: int = 0
    weight_bytes: int = 0
    index_bytes: int = 0
    codebook_bytes: int = 0
    table_bytes: int = 0
    array_bytes: int = 0
    header_bytes: int = 0

    @property
    def size_bytes(self) -> int:
        return sum(getattr(self, f.name) for f in fields(self) if f.name.endswith("_bytes"))

    @property
    def fixed_bytes(self) -> int:
        """The same without Huffman's tables and streams: every cluster number and every gap in equally many bits."""
        if not self.clusters:
            return self.size_bytes
        symbols = self.clusters + (self.kind == "shared")  # there zero is one of them
        bits = self.entries * int(np.ceil(np.log2(max(2, symbols)))) + (self.entries + self.skips) * self.gap_bits
        return -(-bits // 8) + self.codebook_bytes + self.array_bytes + self.header_bytes


@dataclass
class Reader:
    """Reads a file from its beginning, and says so when it ends too early."""

    content: bytes = field(repr=False)
    at: int = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.content):
            raise BadModel(f"the file ends at byte {len(self.content)}, {self.at + count} are needed: fetch it again")
        self.at += count
        return self.content[self.at - count : self.at]

    def number(self) -> int:
        """An integer in as many bytes as it needs, seven bits each, the lowest first."""
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 56:
                raise BadModel(f"the number at byte {self.at} does not end: this is no file of efficient-ai")


def number(value: int) -> bytes:
    """What `Reader.number` reads."""
    low, high = value & 127, value >> 7
    return bytes([low]) if not high else bytes([low | 128]) + number(high)


def gaps(places: np.ndarray, *, gap_bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Relative indices: how many zeros stand before each weight.

    The largest number of `gap_bits` stands for as many zeros with no weight after them, so that longer gaps are
    several numbers. The paper stores a zero as if it were a weight instead, which then also needs a cluster number.

    Args:
        places: Where the weights stand in the flat array, ascending integers (n,).
        gap_bits: At least 1.

    Returns:
        The numbers, int64 (entries,); and which of them end at a weight, bool (entries,).

    Source: han2016deep, section 2 and figure 2.
    """
    skip = 2**gap_bits - 1
    skips, rest = np.divmod(np.diff(places, prepend=-1) - 1, skip)
    ends = np.zeros(len(places) + skips.sum(), bool)
    ends[np.arange(len(places)) + np.cumsum(skips)] = True
    numbers = np.full(len(ends), skip, np.int64)
    numbers[ends] = rest
    return numbers, ends


def places(numbers: np.ndarray, *, gap_bits: int) -> np.ndarray:
    """Where the weights stand: back from `gaps`, int64 (n,)."""
    ends = numbers < 2**gap_bits - 1
    return (np.cumsum(numbers + ends) - 1)[ends]


def write(array: np.ndarray, *, name: str = "", gap_bits: int | None = None) -> tuple[bytes, TensorStorage]:
    """An array as bytes, in whichever of `KINDS` takes the fewest; nothing is lost.

    Args:
        array: float32, any shape.
        name: For the record.
        gap_bits: Of a sparse array; the best of `GAP_BITS` when left out.

    Returns:
        The bytes, and what they are made of.

    Raises:
        BadModel: If the array has another type.
    """
    array = np.asarray(array)
    if array.dtype != np.float32:
        raise BadModel(f"{name or 'the array'} has values of type {array.dtype}; only float32 can be stored")
    found = [_plain(array, name)]
    flat = array.ravel()
    kept = np.flatnonzero(flat)
    values, numbers = np.unique(flat[kept], return_inverse=True)
    if kept.size and len(values) <= MOST_CLUSTERS and np.isfinite(values).all():
        symbols = np.zeros(flat.size, np.int64)
        symbols[kept] = numbers.ravel() + 1
        found.append(_shared(array.shape, name, values, symbols))
        for bits in GAP_BITS if gap_bits is None else (gap_bits,):
            found.append(_shared(array.shape, name, values, symbols, bits))
    if gap_bits is not None:
        return found[-1]
    return min(found, key=lambda pair: len(pair[0]))


def read(reader: Reader, shape: tuple[int, ...]) -> np.ndarray:
    """The array that `write` wrote, float32.

    Raises:
        BadModel: If the bytes are not those of an array of this shape.
    """
    size = int(np.prod(shape, dtype=np.int64))
    (kind,) = reader.take(1)
    if kind >= len(KINDS):
        raise BadModel(f"byte {reader.at} of the file should name a kind of array, got {kind}")
    if kind < 2:
        stored = np.dtype("<f4" if kind == 0 else "<f2")
        return np.frombuffer(reader.take(size * stored.itemsize), stored).astype(np.float32).reshape(shape)
    wide = reader.take(1)[0]
    stored = np.dtype("<f4" if wide else "<f2")
    values = np.frombuffer(reader.take(reader.number() * stored.itemsize), stored).astype(np.float32)
    flat = np.zeros(size, np.float32)
    try:
        if KINDS[kind] == "shared":
            flat[:] = np.append(np.float32(0), values)[_read_stream(reader, size)]
        else:
            (gap_bits,) = reader.take(1)
            entries = reader.number()
            if entries > size or gap_bits not in range(1, 32):
                raise ValueError(f"an array of {size} can't have {entries} gaps of {gap_bits} bits")
            at = places(_read_stream(reader, entries), gap_bits=gap_bits)
            flat[at] = values[_read_stream(reader, len(at))]
    except (ValueError, IndexError) as error:
        raise BadModel(f"an array of the file can't be read, the file is damaged: {error}") from error
    return flat.reshape(shape)


def _plain(array: np.ndarray, name: str) -> tuple[bytes, TensorStorage]:
    with np.errstate(over="ignore", invalid="ignore"):
        half = array.astype("<f2")
    narrow = np.array_equal(half.astype(np.float32), array)
    body = (half if narrow else array.astype("<f4")).tobytes()
    kind = "float16" if narrow else "float32"
    record = TensorStorage(name, array.shape, kind, array.size, array_bytes=len(body), header_bytes=1)
    return bytes([KINDS.index(kind)]) + body, record


def _shared(
    shape: tuple[int, ...], name: str, values: np.ndarray, symbols: np.ndarray, gap_bits: int = 0
) -> tuple[bytes, TensorStorage]:
    """With a codebook; and, with `gap_bits`, without its zeros."""
    codebook, wide = values.astype("<f2"), 0
    if not np.array_equal(codebook.astype(np.float32), values):
        codebook, wide = values.astype("<f4"), 1
    head = bytes([KINDS.index("sparse" if gap_bits else "shared"), wide]) + number(len(values))
    index_head = index_table = index_stream = b""
    skips = 0
    if gap_bits:
        kept = np.flatnonzero(symbols)
        numbers, ends = gaps(kept, gap_bits=gap_bits)
        index_head, index_table, index_stream = _stream(numbers)
        index_head = bytes([gap_bits]) + number(len(numbers)) + index_head
        symbols, skips = symbols[kept] - 1, int((~ends).sum())
    symbol_head, symbol_table, symbol_stream = _stream(symbols)
    record = TensorStorage(
        name,
        shape,
        "sparse" if gap_bits else "shared",
        len(symbols),
        skips=skips,
        clusters=len(values),
        gap_bits=gap_bits,
        weight_bytes=len(symbol_stream),
        index_bytes=len(index_stream),
        codebook_bytes=codebook.nbytes,
        table_bytes=len(index_table) + len(symbol_table),
        header_bytes=len(head) + len(index_head) + len(symbol_head),
    )
    parts = (index_head, index_table, index_stream, symbol_head, symbol_table, symbol_stream)
    return head + codebook.tobytes() + b"".join(parts), record


def _stream(symbols: np.ndarray) -> tuple[bytes, bytes, bytes]:
    """How long the two that follow are; the lengths of the codes, five bits each; the coded symbols."""
    code = huffman.code_for(np.bincount(symbols))
    bits = (code.lengths[:, None] >> np.arange(4, -1, -1)) & 1
    table, stream = np.packbits(bits.astype(np.uint8)).tobytes(), huffman.encode(symbols, code)
    return number(len(code.lengths)) + number(len(stream)), table, stream


def _read_stream(reader: Reader, count: int) -> np.ndarray:
    symbols, length = reader.number(), reader.number()
    bits = np.unpackbits(np.frombuffer(reader.take(-(-5 * symbols // 8)), np.uint8))
    lengths = (bits[: 5 * symbols].reshape(-1, 5) @ (16, 8, 4, 2, 1)).astype(np.uint8)
    return huffman.decode(reader.take(length), huffman.HuffmanCode(lengths), count=count)
