"""The house keeps its order: a room imports only from rooms that stand before it."""

import ast
from pathlib import Path

import efficient_ai
from efficient_ai.book.reference import HOUSE

PACKAGE = Path(efficient_ai.__file__).parent
ORDER = (*HOUSE, "commands", "cli")  # as the reference shows it, then what only the command line needs


def rooms() -> dict[str, set[str]]:
    """For each room, the rooms that its modules import."""
    found: dict[str, set[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        imported = found.setdefault(room, set())
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "efficient_ai":
                parts = node.module.split(".")
                imported |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return {room: {name for name in names if name in ORDER and name != room} for room, names in found.items()}


def test_every_room_is_in_the_order():
    assert set(rooms()) - {"__init__"} == set(ORDER)


def test_a_room_imports_only_from_rooms_before_it():
    wrong = [
        f"{room} imports {name}"
        for room, names in rooms().items()
        if room != "__init__"
        for name in sorted(names)
        if ORDER.index(name) >= ORDER.index(room)
    ]
    assert not wrong


def test_no_module_is_a_drawer_for_everything():
    assert not [f.name for f in PACKAGE.rglob("*.py") if f.stem in ("utils", "helpers", "common", "misc")]


def test_no_module_imports_with_a_star():
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            assert not (isinstance(node, ast.ImportFrom) and node.names[0].name == "*"), file


def test_modules_stay_small():
    long = {f.name: n for f in PACKAGE.rglob("*.py") if (n := len(f.read_text().splitlines())) > 350}
    assert not long
