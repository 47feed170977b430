import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.numerics.huffman import LONGEST, HuffmanCode, code_for, code_lengths, decode, encode, entropy_bits

some_symbols = st.lists(st.integers(0, 20), min_size=1, max_size=300)


@given(some_symbols)
def test_what_is_encoded_comes_back(symbols):
    code = code_for(np.bincount(symbols))
    assert decode(encode(symbols, code), code, count=len(symbols)).tolist() == symbols


@given(some_symbols)
def test_the_mean_length_is_within_a_bit_of_the_entropy(symbols):
    counts = np.bincount(symbols)
    mean = (counts * code_lengths(counts)).sum() / counts.sum()
    assert entropy_bits(counts) - 1e-9 <= mean <= entropy_bits(counts) + 1


@given(some_symbols)
def test_no_code_begins_with_another(symbols):
    code = code_for(np.bincount(symbols))
    words = [f"{c:0{n}b}" for c, n in zip(code.codes(), code.lengths, strict=True) if n]
    assert not [a for a in words for b in words if a != b and b.startswith(a)]


def test_six_letters_get_the_textbook_lengths():
    # a 45, b 13, c 12, d 16, e 9, f 5: one bit, three times three, twice four; 224 bits in all.
    counts = np.array([45, 13, 12, 16, 9, 5])
    assert code_lengths(counts).tolist() == [1, 3, 3, 3, 4, 4]
    assert (counts * code_lengths(counts)).sum() == 224


def test_the_code_of_powers_of_two_reaches_the_entropy():
    counts = np.array([8, 4, 2, 1, 1])
    assert (counts * code_lengths(counts)).sum() / 16 == entropy_bits(counts) == 1.875


@given(st.lists(st.integers(1, 50), min_size=2, max_size=5))
def test_no_prefix_code_is_shorter(counts):
    best = min(
        np.dot(counts, lengths)
        for lengths in itertools.product(range(1, len(counts)), repeat=len(counts))
        if sum(2.0**-n for n in lengths) <= 1
    )
    assert np.dot(counts, code_lengths(np.array(counts)).astype(int)) == best


def test_a_single_symbol_takes_a_bit_each_time():
    code = code_for(np.array([0, 0, 9]))
    stream = encode([2] * 9, code)
    assert len(stream) == 2
    assert decode(stream, code, count=9).tolist() == [2] * 9


def test_nothing_is_coded_as_nothing():
    code = code_for(np.zeros(4))
    assert encode([], code) == b""
    assert decode(b"", code, count=0).size == 0
    with pytest.raises(ValueError, match="no symbols"):
        decode(b"\0", code, count=1)
    with pytest.raises(ValueError, match="for no symbol"):
        decode(b"\0", code, count=0)


def test_codes_stay_short_enough_for_five_bits_of_length():
    fibonacci = [1, 1]
    while len(fibonacci) < 60:
        fibonacci.append(sum(fibonacci[-2:]))
    lengths = code_lengths(np.array(fibonacci))
    assert lengths.max() <= LONGEST
    symbols = np.arange(60)
    code = HuffmanCode(lengths)
    assert np.array_equal(decode(encode(symbols, code), code, count=60), symbols)


def test_a_damaged_stream_is_an_error():
    symbols = np.random.default_rng(0).geometric(0.4, 500) - 1
    code = code_for(np.bincount(symbols))
    stream = encode(symbols, code)
    with pytest.raises(ValueError, match="the stream is damaged"):
        decode(stream[:-2], code, count=500)
    with pytest.raises(ValueError, match="the stream is damaged"):
        decode(stream + b"\0", code, count=500)
    one = code_for(np.array([3]))
    with pytest.raises(ValueError, match="symbol 1 of 3 can't be read"):
        decode(b"\xff", one, count=3)


@pytest.mark.parametrize("lengths", [[1, 1, 1], [1, 2], [2], [40, 1]])
def test_lengths_that_are_no_code_are_refused(lengths):
    with pytest.raises(ValueError, match="no Huffman code"):
        decode(b"\0", HuffmanCode(np.array(lengths, np.uint8)), count=1)


def test_symbols_without_a_code_and_negative_counts_are_refused():
    code = code_for(np.array([3, 0, 1]))
    for symbol in (1, 3, -1):
        with pytest.raises(ValueError, match="each symbol must have a code"):
            encode([symbol], code)
    with pytest.raises(ValueError, match="counts must not be negative"):
        code_lengths(np.array([1, -1]))


def test_a_large_layer_comes_back():
    symbols = np.minimum(np.random.default_rng(0).geometric(0.2, 430_000), 32) - 1
    code = code_for(np.bincount(symbols))
    assert np.array_equal(decode(encode(symbols, code), code, count=len(symbols)), symbols)
