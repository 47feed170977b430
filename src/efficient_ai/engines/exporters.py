"""Exports that need PyTorch, ExecuTorch, IREE or TVM: `python -m efficient_ai.engines.exporters JOBS.json`.

It runs in the environment that has them, and nothing of it needs TensorFlow. Each job reads a carried model or an
.onnx file and writes one file; what fails is told in the answers, by job.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from efficient_ai.engines.packed import pack


def _opened(job: dict[str, Any]):
    """A carried model as a module with its normalizations folded into the convolutions, and an example."""
    import torch

    from efficient_ai.engines.torch_net import build, folded

    net, carried = build(Path(job["source"]).read_bytes())
    size, *rest = carried.input_shape
    shape = (size, rest[-1], *rest[:-1]) if len(rest) == 3 else carried.input_shape
    return folded(net), carried, torch.zeros(shape)


def mobile(job: dict[str, Any]) -> bytes:
    """TorchScript for the lite interpreter, traced and frozen."""
    import torch

    net, carried, example = _opened(job)
    with torch.no_grad():
        program = torch.jit.freeze(torch.jit.trace(net, example))
    head = {"input_shape": carried.input_shape, "output_shape": carried.output_shape}
    return pack(head, program._save_to_buffer_for_lite_interpreter())


def executorch(job: dict[str, Any]) -> bytes:
    """An ExecuTorch program: on portable kernels alone, or with all that XNNPACK takes handed to it."""
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower
    from torch.fx.traceback import NodeSource

    net, _, example = _opened(job)
    program = torch.export.export(net, (example,))
    if job["precision"] == "int8":
        program = torch.export.export(_quantized(program.module(), np.load(job["calibration"])), (example,))
    # Each pass copies every node's whole history, which grows from pass to pass; nothing here reads it.
    NodeSource.__deepcopy__ = lambda self, memo: self
    takers = [XnnpackPartitioner()] if job["form"] == "pte-xnnpack" else []
    return to_edge_transform_and_lower(program, partitioner=takers).to_executorch().buffer


def _quantized(module: Any, calibration_set: np.ndarray) -> Any:
    """int8 weights by channel and int8 activations, in PyTorch's own graph (PT2E)."""
    import torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    from efficient_ai.engines.torch_net import channels_first

    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True))
    watched = prepare_pt2e(module, quantizer)
    with torch.no_grad():
        for sample in calibration_set:
            watched(torch.from_numpy(channels_first(sample[None])))
    return convert_pt2e(watched)


def iree(job: dict[str, Any]) -> bytes:
    """A module of machine code for this CPU."""
    from iree.compiler import tools
    from iree.compiler.tools.import_onnx import __main__ as importer

    with tempfile.TemporaryDirectory() as folder:
        text = str(Path(folder, "model.mlir"))
        importer.main(importer.parse_arguments([job["source"], "-o", text]))
        module = tools.compile_file(
            text,
            input_type="onnx",
            target_backends=["llvm-cpu"],
            extra_args=["--iree-llvmcpu-target-cpu=host"],
        )
    return pack(job["head"], module)


def tvm(job: dict[str, Any]) -> bytes:
    """A shared library for this CPU, its loops as TVM writes them before any search."""
    import onnx
    import tvm as compiler
    from tvm import relax
    from tvm.relax.frontend.onnx import from_onnx

    target = compiler.target.Target({"kind": "llvm"})
    module = from_onnx(onnx.load(job["source"]), keep_params_in_input=False)
    with target:
        module = relax.get_pipeline("zero")(module)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.so")
        compiler.compile(module, target=target).export_library(str(path))
        return pack(job["head"], path.read_bytes())


BY_FORM = {"ptl": mobile, "pte-xnnpack": executorch, "pte-portable": executorch, "vmfb": iree, "so": tvm}


def main() -> None:
    """Do the jobs of a file one after another; the answers, an error's text or null each, go to stdout."""
    jobs = json.loads(Path(sys.argv[1]).read_text())
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    gc.disable()  # collecting while a graph of many nodes is rewritten again and again takes half of the time
    told: list[str | None] = []
    for job in jobs:
        try:
            Path(job["out"]).write_bytes(BY_FORM[job["form"]](job))
            told.append(None)
        except Exception as error:
            told.append(f"{type(error).__name__}: {' '.join(str(error).split())[:500]}")
    answers.write(json.dumps(told))
    answers.flush()


def start(jobs: list[dict[str, Any]], folder: Path, python: str, variables: dict[str, str]) -> subprocess.Popen:
    """Begin some jobs in a process of their own.

    Args:
        jobs: As `main` takes them.
        folder: Where their list and their complaints are written.
        python: The interpreter that has the packages.
        variables: Of the process.
    """
    path = Path(tempfile.mkstemp(dir=folder, suffix=".json")[1])
    path.write_text(json.dumps(jobs))
    with path.with_suffix(".stderr").open("wb") as stderr:
        return subprocess.Popen(
            [python, "-m", "efficient_ai.engines.exporters", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=variables,
            text=True,
        )


if __name__ == "__main__":
    main()
