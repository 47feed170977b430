"""Arithmetic in data files."""

import pytest

from efficient_ai.decide.expressions import evaluate


def test_the_four_operations_and_look_ups_are_worked_out():
    values = {"a": 6, "b": 4.0, "inside": {"int8 throughout": 2.0}}
    assert evaluate("100 * (a - b) / inside['int8 throughout'] + 1", values) == 101


def test_functions_get_texts():
    assert evaluate("1 / of('key', 'name')", {}, {"of": lambda key, name: len(key + name)}) == pytest.approx(1 / 7)


@pytest.mark.parametrize("text", ["missing", "missing / 2", "inside['other']", "a['key']"])
def test_what_is_not_there_has_no_value(text):
    assert evaluate(text, {"inside": {}, "a": 1.0}) is None


@pytest.mark.parametrize("text", ["a ** 2", "__import__('os')", "a.real", "[a]", "open('x')", "a if a else b", "'x'"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="only"):
        evaluate(text, {"a": 1.0})


def test_what_is_no_expression_is_refused():
    with pytest.raises(ValueError, match="is no expression"):
        evaluate("a /", {"a": 1.0})
