"""Damages and makes model files, opens each in a sandbox, and says what came of it.

A file is given by its number and a seed alone. Of five, two are good files with bytes turned, cut off, spliced, zeroed
or put in; two are well-formed around such damage, or have values of their configuration or graph changed; one is made
to do harm.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from report import hostile, model_files

from efficient_ai.errors import BadModel
from efficient_ai.report.sandbox import Limits, Sandbox

LIMITS = Limits(seconds=20, cpu_seconds=40, memory_bytes=3 * 2**30, file_bytes=2**28)
VALUES = (
    0,
    1,
    -1,
    2,
    127,
    255,
    2**15,
    2**31 - 1,
    -(2**31),
    2**32 - 1,
    2**40,
    0.5,
    1e300,
    None,
    True,
    "",
    "relu",
    [],
    {},
)


@dataclass(frozen=True)
class Outcome:
    """What came of one file: "opened", "refused", "time", "memory", or the name of the signal of a crash."""

    number: int
    file: str
    outcome: str
    seconds: float
    line: str


class Maker:
    """Makes the files of a seed, below a folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.mark = folder / "outside" / hostile.MARK
        self.mark.parent.mkdir()
        (self.mark.parent / "secret").write_text("secret")
        (folder / "good").mkdir()
        self.good = model_files.write_all(folder / "good")
        contents = {path.suffix: path.read_bytes() for path in self.good.values() if path.is_file()}
        self.contents = {path.name: path.read_bytes() for path in self.good.values() if path.is_file()}
        made = hostile.keras(contents[".keras"], self.mark) | hostile.h5(contents[".h5"], self.mark)
        self.hostile = made | hostile.torch(self.mark) | hostile.lite(self.contents["int8.tflite"])
        names = [*self.hostile, *hostile.OPERATORS]
        mixed = random.Random(seed).sample(names, len(names))
        self.order = sorted(mixed, key=hostile.MEMORY.__contains__)  # the slow ones last

    def make(self, number: int) -> Path:
        """The file of a number."""
        rng = random.Random(f"{self.seed}-{number}")
        ways = (self._damaged, self._changed, self._damaged, self._changed, self._hostile)
        return ways[number % len(ways)](number, rng)

    def _write(self, number: int, name: str, content: bytes) -> Path:
        place = self.folder / "cases" / f"{number:05d}"
        place.mkdir(parents=True)
        (place / name).write_bytes(content)
        return place / name

    def _damaged(self, number: int, rng: random.Random) -> Path:
        name = rng.choice([*self.contents, "good_saved"])
        if name != "good_saved":
            other = self.contents[rng.choice(list(self.contents))]
            return self._write(number, f"damaged {name}", damage(self.contents[name], other, rng))
        made = shutil.copytree(self.good[name], self.folder / "cases" / f"{number:05d}" / "damaged_saved")
        file = rng.choice(sorted(path for path in made.rglob("*") if path.is_file() and path.stat().st_size))
        file.write_bytes(damage(file.read_bytes(), self.contents["old.pth"], rng))
        return made

    def _changed(self, number: int, rng: random.Random) -> Path:
        kind = rng.choice(("config", "config", "graph", "graph", "graph", "weights", "pickle"))
        if kind == "graph":
            name = rng.choice(("float32.tflite", "int8.tflite"))
            return self._write(number, f"changed {name}", change_graph(self.contents[name], rng))
        name = "new.pth" if kind == "pickle" else "good.keras"
        content = self.contents[name]
        if kind == "config":
            content = model_files.with_config(content, lambda config: change_json(config, rng))
        else:
            members = model_files.members_of(content)
            member = "model.weights.h5" if kind == "weights" else "model/data.pkl"
            content = model_files.zipped({**members, member: damage(members[member], members[member], rng)})
        return self._write(number, f"changed {kind} {name}", content)

    def _hostile(self, number: int, rng: random.Random) -> Path:
        """Each as it is, before any of them is damaged as well."""
        turn = number // 5
        name = self.order[turn % len(self.order)]
        if name in hostile.OPERATORS:
            place = self.folder / "cases" / f"{number:05d}"
            place.mkdir(parents=True)
            return hostile.saved_model(self.good["good_saved"], place, name)
        content = self.hostile[name]
        if turn >= len(self.order):
            content = damage(content, content, rng)
        return self._write(number, f"hostile {name}", content)


def damage(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Bytes with one or two kinds of damage."""
    found = bytearray(content)
    for _ in range(rng.randint(1, 2)):
        size = len(found)
        place = rng.randrange(size) if rng.random() < 0.5 else rng.randrange(min(size, 2000))
        span = min(rng.choice((1, 4, 16, 64, 512, 4096)), size - place)
        kind = rng.choice(("flip", "flip", "cut", "splice", "zero", "ones", "insert", "integer", "drop"))
        if kind == "flip":
            for _ in range(rng.choice((1, 3, 20))):
                found[rng.randrange(size)] ^= 1 << rng.randrange(8)
        elif kind == "cut":
            del found[max(8, place) :]
        elif kind == "splice":
            start = rng.randrange(len(other))
            piece = other[start : start + span]
            found[place : place + len(piece)] = piece
        elif kind in ("zero", "ones"):
            found[place : place + span] = (b"\0" if kind == "zero" else b"\xff") * span
        elif kind == "insert":
            found[place:place] = rng.randbytes(span)
        elif kind == "integer":
            place -= place % 4
            value = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000, rng.getrandbits(32)))
            found[place : place + 4] = value.to_bytes(4, "little")
        else:
            del found[place : place + span]
        if len(found) < 9:
            break
    return bytes(found)


def change_json(config: dict, rng: random.Random) -> dict:
    """A configuration with one to three of its values replaced, removed, or put elsewhere."""
    for _ in range(rng.randint(1, 3)):
        places = list(_places(config))
        holder, key = rng.choice(places)
        kind = rng.choice(("value", "value", "value", "remove", "move"))
        if kind == "value":
            holder[key] = rng.choice(VALUES)
        elif kind == "move":
            there, other = rng.choice(places)
            holder[key] = json.loads(json.dumps(there[other]))
        elif isinstance(holder, dict):
            holder.pop(key, None)
    return config


def _places(value) -> Iterator[tuple]:
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def change_graph(content: bytes, rng: random.Random) -> bytes:
    """A .tflite file with one to three numbers of its graph changed; it stays a well-formed FlatBuffer."""
    import numpy as np
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    graph = model.subgraphs[0]
    for _ in range(rng.randint(1, 3)):
        operator, tensor = rng.choice(graph.operators), rng.choice(graph.tensors)
        kind = rng.choice(("code", "code", "inputs", "outputs", "shape", "type", "buffer", "options", "scale", "fewer"))
        if kind == "code":
            number = rng.randrange(len(model.operatorCodes))
            code = rng.randrange(160)
            model.operatorCodes[number].builtinCode = code
            model.operatorCodes[number].deprecatedBuiltinCode = min(code, 127)
        elif kind in ("inputs", "outputs"):
            values = np.array(getattr(operator, kind), np.int32)
            if values.size:
                values[rng.randrange(values.size)] = rng.randrange(-1, len(graph.tensors))
            setattr(operator, kind, values)
        elif kind == "shape" and tensor.shape is not None and len(tensor.shape):
            shape = np.array(tensor.shape, np.int32)
            shape[rng.randrange(shape.size)] = rng.choice((0, 1, 3, 255, 65536, 2**31 - 1))
            tensor.shape, tensor.shapeSignature = shape, None
        elif kind == "type":
            tensor.type = rng.randrange(18)
        elif kind == "buffer":
            tensor.buffer = rng.randrange(len(model.buffers))
        elif kind == "options" and operator.builtinOptions is not None:
            fields = [name for name, value in vars(operator.builtinOptions).items() if type(value) is int]
            if fields:
                setattr(operator.builtinOptions, rng.choice(fields), rng.choice((0, 1, 2, 100)))
        elif kind == "scale" and tensor.quantization is not None and tensor.quantization.scale is not None:
            count = rng.choice((1, 2, 9))
            tensor.quantization.scale = np.full(count, rng.choice((0.0, 1e-30, float("nan"), -1.0)), np.float32)
            tensor.quantization.zeroPoint = np.full(count, rng.choice((0, 2**40)), np.int64)
        elif kind == "fewer":
            operator.inputs = np.array(operator.inputs, np.int32)[: rng.randrange(3)]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def classified(line: str) -> str:
    """The kind of a refusal, by its line."""
    crash = re.match(r"it crashed the process that opened it \((SIG[A-Z0-9]+)\)", line)
    if "needs more than" in line and "of memory" in line:
        return "memory"
    if crash:
        return crash[1]
    return "time" if "and was stopped" in line else "refused"


def run(maker: Maker, numbers: range) -> Iterator[Outcome]:
    """Make and open files; each is removed when it has been opened.

    Raises:
        AssertionError: If one of them ran, left or changed a file, or gave more than a line.
    """
    outside = _listing(maker.mark.parent)
    with Sandbox(LIMITS) as box:
        box.call("efficient_ai.report.confine:held")  # starts it: not the first file's time
        for number in numbers:
            path = maker.make(number)
            before = _listing(path.parent)
            started = time.perf_counter()
            try:
                found = box.call("efficient_ai.report.opening:describe", str(path))
                assert found["kind"], found
                outcome, line = "opened", f"{found['kind']}, {found['layers']} layers"
            except BadModel as error:
                line = str(error)
                outcome = classified(line)
            seconds = time.perf_counter() - started
            assert "\n" not in line, (path, line)
            assert not list(box.folder.iterdir()), f"{path} left something in the sandbox's folder"
            assert _listing(maker.mark.parent) == outside, f"{path} left something outside"
            assert _listing(path.parent) == before, f"{path} changed what is beside it"
            shutil.rmtree(maker.folder / "cases")
            yield Outcome(number, path.name, outcome, seconds, line)


def _listing(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in folder.rglob("*")}
