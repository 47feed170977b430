"""Huffman coding: frequent symbols get short codes, and the lengths of the codes are all that a decoder must know."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

LONGEST = 31
"""Longer codes are not made: lengths then fit in five bits, and codes in 32."""


@dataclass(frozen=True)
class HuffmanCode:
    """A canonical code: codes of one length are consecutive numbers, in the symbols' order.

    `lengths` has the bits of each symbol's code, uint8 (symbols,); 0 for a symbol that doesn't occur.
    """

    lengths: np.ndarray = field(repr=False)

    def codes(self) -> np.ndarray:
        """The code of each symbol, to be read in `lengths` bits from the left: uint32 (symbols,)."""
        return _canonical(self.lengths)[0]


def code_lengths(counts: np.ndarray) -> np.ndarray:
    """How many bits each symbol's code gets.

    The two rarest symbols are joined into one that stands for both, again and again, until one is left; each joining
    adds a bit to all symbols below it. If a code came out longer than `LONGEST`, the counts are made more even and it
    is done again.

    Args:
        counts: How often each symbol occurs, integers (symbols,).

    Returns:
        uint8 (symbols,); 0 where the count is 0, and 1 for a symbol that is the only one.

    Raises:
        ValueError: If a count is negative.

    Source: huffman1952method.
    """
    counts = np.asarray(counts, np.int64)
    if (counts < 0).any():
        raise ValueError(f"counts must not be negative, got {counts.min()}")
    lengths = np.zeros(len(counts), np.uint8)
    used = np.flatnonzero(counts)
    if len(used) == 1:
        lengths[used] = 1
    if len(used) < 2:
        return lengths
    heap = [(int(counts[symbol]), number) for number, symbol in enumerate(used)]
    heapq.heapify(heap)
    above: dict[int, int] = {}
    for joined in range(len(used), 2 * len(used) - 1):
        (rare, first), (next_rare, second) = heapq.heappop(heap), heapq.heappop(heap)
        above[first] = above[second] = joined
        heapq.heappush(heap, (rare + next_rare, joined))
    depth = {2 * len(used) - 2: 0}
    for node in range(2 * len(used) - 3, -1, -1):
        depth[node] = depth[above[node]] + 1
    if max(depth.values()) > LONGEST:
        return code_lengths(np.where(counts > 0, counts // 2 + 1, 0))
    lengths[used] = [depth[number] for number in range(len(used))]
    return lengths


def code_for(counts: np.ndarray) -> HuffmanCode:
    """The canonical Huffman code for symbols that occur so often; see `code_lengths`."""
    return HuffmanCode(code_lengths(counts))


def entropy_bits(counts: np.ndarray) -> float:
    """The fewest bits a symbol that any code can take on average, where symbols come independently.

    Args:
        counts: How often each symbol occurs, (symbols,).
    """
    share = np.asarray(counts, np.float64)
    share = share[share > 0] / max(1.0, share.sum())
    return float(-(share * np.log2(share)).sum()) + 0.0


def encode(symbols: np.ndarray, code: HuffmanCode) -> bytes:
    """Symbols to a stream of bits, the last byte filled up with zeros.

    Args:
        symbols: Integers (n,), each below the number of the code's symbols.
        code: See `code_for`.

    Raises:
        ValueError: If a symbol has no code.
    """
    symbols = np.asarray(symbols, np.int64).ravel()
    if symbols.size == 0:
        return b""
    known = len(code.lengths)
    if symbols.min() < 0 or symbols.max() >= known or (code.lengths[symbols] == 0).any():
        raise ValueError(f"each symbol must have a code; the code knows {np.count_nonzero(code.lengths)} symbols")
    lengths = code.lengths[symbols].astype(np.int64)
    words = code.codes()[symbols]
    ends = np.cumsum(lengths)
    bits = np.zeros(ends[-1], np.uint8)
    for back in range(int(lengths.max())):  # the last bit of every code, then the last but one
        has = lengths > back
        bits[ends[has] - 1 - back] = (words[has] >> np.uint32(back)) & 1
    return np.packbits(bits).tobytes()


def decode(stream: bytes, code: HuffmanCode, *, count: int) -> np.ndarray:
    """A stream of bits back to symbols.

    Which symbol would begin at each bit is found for all bits at once; the codes' lengths then say at which bits
    symbols do begin.

    Args:
        stream: What `encode` gave.
        code: The same code.
        count: How many symbols there are.

    Returns:
        int64 (count,).

    Raises:
        ValueError: If the code is none, or the stream doesn't hold exactly so many symbols.
    """
    codes, order = _canonical(code.lengths)
    if count == 0:
        if stream:
            raise ValueError(f"the stream has {len(stream)} bytes for no symbol")
        return np.zeros(0, np.int64)
    if not len(order):
        raise ValueError(f"the code has no symbols, {count} were to be read")
    lengths = code.lengths[order].astype(np.int64)
    tops = (codes[order].astype(np.int64) + 1) << (32 - lengths)  # codes as 32-bit words: each ends below its top
    windows = _windows(stream)
    rank = np.searchsorted(tops, windows, side="right")
    steps = np.append(lengths, 0)[rank].tolist()  # no code begins here: the walk stands still, and is found out
    at, places, end = 0, [], 8 * len(stream)
    for _ in range(count):
        if at >= end or not steps[at]:
            raise ValueError(f"the stream is damaged: symbol {len(places) + 1} of {count} can't be read")
        places.append(at)
        at += steps[at]
    if not end - 8 < at <= end:
        raise ValueError(f"the stream is damaged: {count} symbols take {at} bits, it has {end}")
    return order[rank[np.array(places)]].astype(np.int64)


def _canonical(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The code of each symbol, and the symbols in the order of their codes.

    Raises:
        ValueError: If no prefix code has these lengths, or bits would be left unused.
    """
    lengths = np.asarray(lengths, np.int64)
    order = np.flatnonzero(lengths)
    order = order[np.argsort(lengths[order], kind="stable")]
    codes = np.zeros(len(lengths), np.uint32)
    share = np.ldexp(1.0, -lengths[order]).sum()
    if len(order) and (lengths.max() > LONGEST or not (share == 1 or (len(order) == 1 and lengths[order[0]] == 1))):
        raise ValueError(f"these lengths are no Huffman code's: they fill {share:.3g} of the codes, not all")
    code, before = -1, 0
    for symbol in order.tolist():
        code = (code + 1) << (int(lengths[symbol]) - before)
        before = int(lengths[symbol])
        codes[symbol] = code
    return codes, order


def _windows(stream: bytes) -> np.ndarray:
    """The 32 bits that begin at each bit of a stream, as numbers, zeros after its end: int64 (bits,)."""
    octets = np.frombuffer(stream + bytes(8), np.uint8).astype(np.int64)
    five = sum(octets[i : len(stream) + i] << (32 - 8 * i) for i in range(5))  # 40 bits from each byte on
    return ((five[:, None] >> (8 - np.arange(8))) & 0xFFFFFFFF).ravel()
