import pytest
from small_nets import tflite

from efficient_ai import engines
from efficient_ai.cost import count_file
from efficient_ai.engines import inside
from efficient_ai.errors import BadModel
from efficient_ai.records import Coverage, RefusedRow, Variant


def need(*names):
    for name in names:
        if engines.available()[name] is None:
            pytest.skip(f"{name} is not installed: {engines.INSTALL[name]}")


def variant(precision):
    return Variant("residual_net", precision, tflite(precision))


def test_coverage_names_every_operator_of_the_file_once():
    need("litert")
    files = [variant(p) for p in ("float32", "int8", "int16x8")]
    for row, file in zip(engines.coverage(files), files, strict=True):
        listed = sorted(row.taken + row.left)
        assert listed == sorted(layer.operator for layer in count_file(file.content).layers)
        assert row.operators == len(listed)


def test_a_delegate_takes_all_of_float32_and_nothing_of_int16x8():
    need("litert")
    wide, mixed = engines.coverage([variant("float32"), variant("int16x8")])
    assert (wide.left, wide.parts) == ((), 1)
    assert (mixed.taken, mixed.parts) == ((), 0)


def test_without_a_delegate_nothing_is_taken():
    need("litert")
    (row,) = engines.coverage([variant("float32")], delegate="none")
    assert isinstance(row, Coverage)
    assert row.taken == ()


def test_a_refused_file_is_a_row_and_the_next_is_still_read():
    need("litert")
    bad, good = engines.coverage([Variant("x", "int8", b"\x1c\0\0\0TFL3" + bytes(64)), variant("int8")])
    assert isinstance(bad, RefusedRow)
    assert good.operators > 0


def test_the_smallest_arena_is_what_the_recording_allocator_says():
    need("tflm")
    used = engines.arena(tflite("int8")).arena_bytes
    # Below it nothing is left for what the interpreter needs while it is being built; above, alignment.
    assert engines.smallest_arena(tflite("int8")) >= used - 16


def test_an_arena_that_is_too_small_at_the_outset_is_named():
    need("tflm")
    with pytest.raises(BadModel, match="more than 1000 bytes: raise largest_bytes"):
        engines.smallest_arena(tflite("int8"), largest_bytes=1000)
    with pytest.raises(BadModel, match="refuses the model"):
        engines.smallest_arena(tflite("float16"))


class Scripted:
    """A worker in whose arena fits what is `enough`, and which dies at some sizes."""

    started = 0

    def __init__(self, engine):
        Scripted.started += 1

    def load(self, content):
        pass

    def close(self):
        pass

    def allocates(self, content, arena_bytes):
        if 500 <= arena_bytes < 600:
            raise engines.EngineFailed("signal SIGSEGV")
        return arena_bytes >= 777


def test_the_search_survives_a_crash_and_is_exact(monkeypatch):
    monkeypatch.setattr(inside, "Worker", Scripted)
    assert inside.smallest_arena(b"", largest_bytes=1100) == 777
    assert Scripted.started > 1
