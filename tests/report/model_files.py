"""One small model as each kind of file that can be opened; and archives, pickles and graphs that mean harm."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

from efficient_ai.models import torch_file


def write_all(folder: Path) -> dict[str, Path]:
    """A good file of each kind, by a name for it."""
    from efficient_ai import compress

    model = keras_model()
    files = {name: folder / name for name in ("good.keras", "good.h5", "good_saved", "float32.tflite", "int8.tflite")}
    files |= {name: folder / name for name in ("old.pth", "new.pth")}
    model.save(files["good.keras"])
    model.save(files["good.h5"])
    model.export(files["good_saved"], verbose=False)
    inputs = np.random.default_rng(0).normal(size=(8, *model.input_shape[1:])).astype(np.float32)
    for precision in ("float32", "int8"):
        calibration = inputs if precision == "int8" else None
        variant = compress.convert(model, compress.precision(precision, calibration))
        files[f"{precision}.tflite"].write_bytes(variant.content)
    arrays = {"conv.weight": np.arange(24, dtype="<f4").reshape(2, 3, 4), "conv.bias": np.ones(2, "<f4")}
    files["old.pth"].write_bytes(old_torch(arrays))
    files["new.pth"].write_bytes(new_torch(arrays))
    return files


def keras_model():
    import keras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3), name="picture")
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Add()([x, keras.layers.DepthwiseConv2D(3, padding="same")(x)])
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x), name="small")


class Named:
    """Pickles as a reference to a function of a module that need not exist, called where it has arguments."""

    def __init__(self, module: str, name: str, *arguments):
        self.module, self.name, self.arguments = module, name, arguments


class _Pickler(pickle._Pickler):
    """Writes PyTorch's references without PyTorch."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_reference(self, value):
        self.write(f"c{value.module}\n{value.name}\n".encode())
        if value.arguments:
            self.save(tuple(value.arguments))
            self.write(b"R")

    dispatch[Named] = save_reference

    def persistent_id(self, value):
        return value if isinstance(value, tuple) and value and value[0] == "storage" else None


def dumped(value) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, 2).dump(value)
    return buffer.getvalue()


def tensors_of(arrays: dict[str, np.ndarray]) -> OrderedDict:
    """A state dictionary as PyTorch pickles it."""
    found = OrderedDict()
    for number, (name, array) in enumerate(arrays.items()):
        storage = ("storage", Named("torch", "FloatStorage"), str(number), "cpu", array.size, None)
        strides = tuple(step // 4 for step in array.strides)
        arguments = (storage, 0, array.shape, strides, False, OrderedDict())
        found[name] = Named("torch._utils", "_rebuild_tensor_v2", *arguments)
    return found


def old_torch(arrays: dict[str, np.ndarray], tensors=None) -> bytes:
    """A .pth file in the format before PyTorch 1.6; `tensors` instead of what lists the arrays, bytes or a value."""
    listed = tensors_of(arrays) if tensors is None else tensors
    parts = [dumped(torch_file.MAGIC), dumped(1001), dumped({"little_endian": True})]
    parts += [listed if isinstance(listed, bytes) else dumped(listed), dumped([str(i) for i in range(len(arrays))])]
    storages = [struct.pack("<q", array.size) + array.tobytes() for array in arrays.values()]
    return b"".join(parts + storages)


def new_torch(arrays: dict[str, np.ndarray], tensors=None) -> bytes:
    """A .pth file in the format since PyTorch 1.6."""
    listed = tensors_of(arrays) if tensors is None else tensors
    members = {"model/data.pkl": listed if isinstance(listed, bytes) else dumped(listed), "model/version": b"3\n"}
    members |= {f"model/data/{number}": array.tobytes() for number, array in enumerate(arrays.values())}
    return zipped(members)


def zipped(members: dict[str, bytes], **attributes) -> bytes:
    """An archive of members; `attributes` are given to the last one's entry after its content is written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        last = archive.filelist[-1]
        for key, value in attributes.items():
            setattr(last, key, value)
    return buffer.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_config(content: bytes, change) -> bytes:
    """A .keras file's content with its configuration changed: `change` takes it and gives another, or changes it."""
    members = members_of(content)
    config = json.loads(members["config.json"])
    members["config.json"] = json.dumps(change(config) or config).encode()
    return zipped(members)
