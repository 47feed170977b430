"""Arithmetic that stands in a data file: the four operations over an entry's values, and over published figures."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def evaluate(
    text: str, values: Mapping[str, Any], functions: Mapping[str, Callable[..., float]] | None = None
) -> float | None:
    """Work out an expression.

    Args:
        text: As in `float32_bytes / size_bytes`; `joules["int8"]` looks into a value, and `published("key")` calls
            one of `functions` with texts.
        values: What the names stand for.
        functions: What may be called.

    Returns:
        The number; None where a name, or what is looked up in it, isn't there.

    Raises:
        ValueError: If the text is anything else than such arithmetic.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{text!r} is no expression: {error.msg}") from None
    found = _evaluate(tree, values, functions or {}, text)
    return None if found is None else float(found)


def _evaluate(node: ast.expr, values: Mapping[str, Any], functions: Mapping[str, Callable], text: str) -> Any:
    match node:
        case ast.Constant(value=int() | float()):
            return node.value
        case ast.Name():
            return values.get(node.id)
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            inside = _evaluate(node.value, values, functions, text)
            return inside.get(key) if isinstance(inside, Mapping) else None
        case ast.Call(func=ast.Name(id=name)) if name in functions and not node.keywords:
            if all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in node.args):
                return functions[name](*(a.value for a in node.args))
        case ast.BinOp() if type(node.op) in _OPERATIONS:
            sides = [_evaluate(side, values, functions, text) for side in (node.left, node.right)]
            return None if None in sides else _OPERATIONS[type(node.op)](*sides)
    raise ValueError(f"{text!r} may hold numbers, names, look-ups and + - * / only")
