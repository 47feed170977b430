"""Model files made to do harm: each would leave a file behind, `MARK`, if anything in it ran."""

from __future__ import annotations

import base64
import io
import json
import marshal
import os
import pickle
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from report.model_files import Named, dumped, members_of, new_torch, old_torch, tensors_of, with_config, zipped

MARK = "it-ran"
# Those in which nothing harmful is left once they are opened.
HARMLESS = ("deep.keras", "weights as activation.tflite", "custom.tflite")
# Those that take more memory than is allowed: TensorFlow tries for ten seconds.
MEMORY = ("huge layer.keras", "large layer.keras", "huge layer.h5")
ARRAYS = {"w": np.ones((2, 3), "<f4")}
HUGE = 2**40


def shell(mark: Path) -> str:
    return f"touch {MARK} {mark}"


def code(mark: Path) -> str:
    """A function as Keras writes a lambda: marshalled, then base64."""
    source = f"lambda x: [open(name, 'w') for name in ({MARK!r}, {str(mark)!r})] and x"
    function = eval(source)
    return base64.b64encode(marshal.dumps(function.__code__)).decode()


def _layers(config: dict) -> list:
    return config["config"]["layers"]


def _layer(config: dict, kind: str) -> dict:
    return next(layer for layer in _layers(config) if layer["class_name"] == kind)


def keras(good: bytes, mark: Path) -> dict[str, bytes]:
    """Hostile .keras files, by what they try."""

    def replaced(**fields) -> bytes:
        def change(config):
            _layer(config, "ReLU").update(fields)

        return with_config(good, change)

    def dense(key: str, value) -> bytes:
        def change(config):
            _layer(config, "Dense")["config"][key] = value

        return with_config(good, change)

    lamb = {"class_name": "__lambda__", "config": {"value": code(mark)}}
    fetch = {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"}
    function = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    arguments = {"fname": MARK, "origin": f"file://{mark}", "cache_dir": "."}
    members = members_of(good)
    weights = members["model.weights.h5"]

    def nested(config):
        config["config"]["deep"] = json.loads("[" * 900 + "]" * 900)

    def whole(value) -> bytes:
        return zipped({**members, "config.json": value if isinstance(value, bytes) else json.dumps(value).encode()})

    def link() -> bytes:
        return zipped({**members, "assets": str(mark).encode()}, external_attr=(stat.S_IFLNK | 0o777) << 16)

    system = {"module": "os", "class_name": "system", "config": {"command": shell(mark)}}
    found = {
        "Lambda": replaced(module="keras.layers", class_name="Lambda", config={"name": "relu", "function": lamb}),
        "Lambda of src": replaced(
            module="keras.src.layers.core.lambda_layer", class_name="Lambda", config={"name": "relu", "function": lamb}
        ),
        "lambda as activation": dense("activation", lamb),
        "lambda as initializer": dense("kernel_initializer", lamb),
        "os.system": replaced(**system),
        "os.system as the model": whole({**system, "registered_name": None}),
        "os.system as activation": dense("activation", function),
        "builtins.exec": replaced(module="builtins", class_name="exec", config={"source": "1"}),
        "builtins.eval": dense("activation", {**function, "module": "builtins", "config": "eval"}),
        "subprocess": replaced(module="subprocess", class_name="Popen", config={"args": shell(mark), "shell": True}),
        "get_file": dense("activation", fetch),
        "get_file as a layer": replaced(module="keras.utils", class_name="get_file", config=arguments),
        "get_file of src": replaced(module="keras.src.utils.file_utils", class_name="get_file", config=arguments),
        "get_file as the model": whole({"module": "keras.utils", "class_name": "get_file", "config": arguments}),
        "unsafe": replaced(module="keras.config", class_name="enable_unsafe_deserialization", config={}),
        "load_model": replaced(module="keras.saving", class_name="load_model", config={"filepath": str(mark)}),
        "TFSMLayer": replaced(module="keras.layers", class_name="TFSMLayer", config={"filepath": str(mark.parent)}),
        "TorchModuleWrapper": replaced(module="keras.layers", class_name="TorchModuleWrapper", config={"module": "x"}),
        "custom": replaced(module="theirs", class_name="Theirs", config={}, registered_name="theirs>Theirs"),
        "typespec": dense("activation", {"class_name": "__typespec__", "spec_name": "x", "module": "os", "config": []}),
        "vocabulary": replaced(
            module="keras.layers",
            class_name="StringLookup",
            config={"name": "relu", "vocabulary": str(mark.parent / "secret")},
        ),
        "huge layer": dense("units", HUGE),
        "large layer": dense("units", 2**28),
        "negative layer": dense("units", -1),
        "deep": with_config(good, nested),
        "deeper": whole(b"[" * 200_000),
        "deep as text": whole(b'{"config":' * 50_000),
        "no model": whole({"config": {}}),
        "a list": whole([1, 2]),
        "no config": zipped({"model.weights.h5": weights}),
        "no weights": zipped({"config.json": members["config.json"], "metadata.json": b"{}"}),
        "up": zipped({**members, f"../../{MARK}": b"x"}),
        "absolute": zipped({**members, str(mark): b"x"}),
        "link": link(),
        "bomb": zipped({**members, "assets/zeros": b""}, file_size=2**33),
        "other weights": zipped({**members, "model.weights.h5": bytes(len(weights))}),
    }
    return {f"{name}.keras": content for name, content in found.items()}


def h5(good: bytes, mark: Path) -> dict[str, bytes]:
    """Hostile .h5 files."""
    import h5py

    def changed(change: Callable) -> bytes:
        buffer = io.BytesIO(good)
        with h5py.File(buffer, "r+") as file:
            change(file)
        return buffer.getvalue()

    def configured(change: Callable) -> bytes:
        def both(file):
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)

        return changed(both)

    def replaced(**fields) -> bytes:
        return configured(lambda config: _layer(config, "ReLU").update(fields))

    def huge(file):
        file["model_weights"].create_dataset("zeros", shape=(HUGE,), chunks=(2**20,), compression="gzip", dtype="f4")

    def external(file):
        file["model_weights"]["theirs"] = h5py.ExternalLink(str(mark), "/x")

    def outside(file):
        file.create_dataset("theirs", shape=(4,), dtype="u1", external=[(str(mark.parent / "secret"), 0, 4)])

    def circle(file):
        file["model_weights"]["circle"] = h5py.SoftLink("/model_weights")

    def hard(file):
        file["model_weights"]["again"] = file["model_weights"]

    old = {"function": [code(mark), None, None], "function_type": "lambda", "name": "relu"}
    found = {
        "Lambda": replaced(class_name="Lambda", config=old),
        "Lambda new": replaced(class_name="Lambda", config={"function": {"class_name": "__lambda__", "config": {}}}),
        "TFSMLayer": replaced(class_name="TFSMLayer", config={"filepath": str(mark.parent)}),
        "os.system": replaced(class_name="system", module="os", config={"command": shell(mark)}),
        "TypeSpec": replaced(class_name="TypeSpec", type_spec="x", serialized=[]),
        "custom": replaced(class_name="Theirs"),
        "huge": changed(huge),
        "external": changed(external),
        "outside": changed(outside),
        "circle": changed(circle),
        "hard circle": changed(hard),
        "weights alone": changed(lambda file: file.attrs.__delitem__("model_config")),
        "huge layer": configured(lambda config: _layer(config, "Dense")["config"].update(units=HUGE)),
    }
    return {f"{name}.h5": content for name, content in found.items()}


def torch(mark: Path) -> dict[str, bytes]:
    """Hostile .pth files: each pickle in the old format's place for it, in an archive, and bare."""
    command = shell(mark)
    text = command.encode()
    call = b"\x80\x04\x8c\x02os\x8c\x06system\x93" + b"X" + struct.pack("<I", len(text)) + text + b"\x85R."

    class Build:
        def __reduce__(self):
            return (os.system, (command,), {"a": 1})

    storage = ("storage", Named("torch", "FloatStorage"), "0", "cpu", 6, None)

    def tensor(shape, strides, offset=0):
        arguments = (storage, offset, shape, strides, False, tensors_of({}))
        return {"w": Named("torch._utils", "_rebuild_tensor_v2", *arguments)}

    pickles = {
        "os.system": dumped({"w": Named("os", "system", command)}),
        "exec": dumped({"w": Named("builtins", "exec", f"open({MARK!r}, 'w')")}),
        "eval": dumped({"w": Named("__builtin__", "eval", f"open({MARK!r}, 'w')")}),
        "stack global": call,
        "inst": b"(S'" + text + b"'\nios\nsystem\n.",
        "obj": b"(cos\nsystem\nS'" + text + b"'\no.",
        "newobj": b"cos\nsystem\nS'" + text + b"'\n\x85\x81.",
        "build": pickle.dumps(Build(), 2),
        "torch.load": dumped({"w": Named("torch", "load", str(mark))}),
        "whole model": dumped(Named("torch.nn.modules.container", "Sequential", 1)),
        "numpy": dumped({"w": Named("numpy.core.multiarray", "_reconstruct", 1)}),
        "build on a class": b"ccollections\nOrderedDict\n}S'__init__'\nS'x'\nsb.",
        "build on a function": b"ctorch._utils\n_rebuild_tensor_v2\n(N}S'__defaults__'\nNstb.",
        "extension": b"\x80\x02\x82\x01.",
        "memo": b"\x80\x02]r\xff\xff\xff\xff.",
        "long text": b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x.",
        "persistent": b"\x80\x02U\x01xQ.",
        "deep": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
        "huge": dumped(tensor((HUGE, HUGE), (0, 0))),
        "repeated": dumped(tensor((2**20, 2**16), (0, 0))),
        "negative": dumped(tensor((-1, 3), (1, 1))),
        "beyond": dumped(tensor((2, 3), (3, 1), 10**6)),
        "shapes of text": dumped(tensor(("a",), ("b",))),
        "empty": dumped({}),
        "a number": dumped(3),
    }
    found = {}
    for name, content in pickles.items():
        found[f"{name}, old.pth"] = old_torch(ARRAYS, content)
        found[f"{name}, new.pth"] = new_torch(ARRAYS, content)
        found[f"{name}, bare.pth"] = content
    script = members_of(new_torch(ARRAYS)) | {"model/constants.pkl": dumped(())}
    return found | {
        "script.pth": zipped(script),
        "bomb.pth": zipped(members_of(new_torch(ARRAYS)) | {"model/data/9": b""}, file_size=2**33),
        "no list.pth": zipped({"model/data/0": b"1234"}),
    }


def lite(good: bytes) -> dict[str, bytes]:
    """Hostile .tflite files, made through the schema's own classes."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    def changed(change: Callable) -> bytes:
        model = flatbuffer_utils.convert_bytearray_to_object(bytearray(good))
        change(model, model.subgraphs[0])
        return bytes(flatbuffer_utils.convert_object_to_bytearray(model))

    def calls(kind: str, **indices) -> Callable:
        def change(model, graph):
            made = schema.OperatorCodeT()
            made.builtinCode = getattr(schema.BuiltinOperator, kind.upper())
            made.deprecatedBuiltinCode = min(127, made.builtinCode)
            model.operatorCodes.append(made)
            operator = graph.operators[0]
            name = {"while": "WhileOptions", "if": "IfOptions", "call_once": "CallOnceOptions"}[kind]
            operator.opcodeIndex = len(model.operatorCodes) - 1
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
            operator.builtinOptions = getattr(schema, f"{name}T")()
            vars(operator.builtinOptions).update(indices)

        return change

    def tensor(**fields) -> Callable:
        def change(model, graph):
            vars(graph.tensors[graph.operators[1].outputs[0]]).update(fields)

        return change

    def operator(number: int = 0, **fields) -> Callable:
        return lambda model, graph: vars(graph.operators[number]).update(fields)

    def numbers(*values: int) -> np.ndarray:
        return np.array(values, np.int32)

    def scales(model, graph):
        table = graph.tensors[graph.inputs[0]].quantization
        table.scale, table.quantizedDimension = np.ones(7, np.float32), 9

    def two_graphs(model, graph):
        calls("while", condSubgraphIndex=1, bodySubgraphIndex=1)(model, graph)
        model.subgraphs.append(graph)

    found = {
        "huge": tensor(shape=numbers(1, 2**30, 2**30, 64), shapeSignature=None),
        "large": tensor(shape=numbers(1, 2**16, 2**15, 4), shapeSignature=None),
        "negative": tensor(shape=numbers(1, -5, 8, 4), shapeSignature=None),
        "many dimensions": tensor(shape=numbers(*[1] * 500), shapeSignature=None),
        "calls itself": calls("while", condSubgraphIndex=0, bodySubgraphIndex=0),
        "if itself": calls("if", thenSubgraphIndex=0, elseSubgraphIndex=0),
        "once itself": calls("call_once", initSubgraphIndex=0),
        "calls nothing": calls("while", condSubgraphIndex=7, bodySubgraphIndex=-3),
        "circle of two": two_graphs,
        "buffer": tensor(buffer=10**6),
        "weights as activation": tensor(buffer=1),
        "opcode": operator(opcodeIndex=10**6),
        "input far away": operator(inputs=numbers(0, 10**6, 3)),
        "input below": operator(inputs=numbers(-9, 1, 2)),
        "no inputs": operator(inputs=numbers()),
        "no outputs": operator(outputs=numbers()),
        "left out": operator(inputs=numbers(-1, -1, -1)),
        "later": lambda model, graph: graph.operators.reverse(),
        "itself": lambda model, graph: vars(graph.operators[0]).update(inputs=graph.operators[0].outputs),
        "no options": operator(builtinOptions=None, builtinOptionsType=0),
        "no graph": lambda model, graph: model.subgraphs.clear(),
        "no operators": lambda model, graph: graph.operators.clear(),
        "output far away": lambda model, graph: vars(graph).update(outputs=numbers(10**6)),
        "scales": scales,
        "custom": lambda model, graph: vars(model.operatorCodes[0]).update(
            builtinCode=32, deprecatedBuiltinCode=32, customCode=b"Theirs"
        ),
        "unknown type": tensor(type=99),
    }
    return {f"{name}.tflite": changed(change) for name, change in found.items()}


OPERATORS = (
    "WriteFile",
    "ReadFile",
    "PyFunc",
    "EagerPyFunc",
    "PrintV2",
    "MatchingFiles",
    "SaveV2",
    "TFRecordDatasetV2",
)


def saved_model(good: Path, folder: Path, operator: str) -> Path:
    """A copy of a SavedModel whose function has an operator of another name."""
    import shutil

    from tensorflow.core.protobuf import saved_model_pb2

    made = shutil.copytree(good, folder / f"{operator}_saved")
    model = saved_model_pb2.SavedModel.FromString((made / "saved_model.pb").read_bytes())
    functions = model.meta_graphs[0].graph_def.library.function
    node = next(node for function in functions for node in function.node_def if node.op == "MatMul")
    node.op = operator
    (made / "saved_model.pb").write_bytes(model.SerializeToString())
    return made
