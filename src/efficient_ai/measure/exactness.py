"""How far two sets of kernels disagree on the same int8 file: counted in steps of the output, value by value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from efficient_ai.engines import Worker
from efficient_ai.records import KernelDifference, Variant

# Engine and delegate; the first of a call is what the others are compared with.
KERNELS = (("litert", "reference"), ("tflm", "none"), ("litert", "none"), ("litert", "XNNPACK"))


def kernel_differences(
    variants: Sequence[Variant], inputs: Sequence[np.ndarray], *, kernels: Sequence[tuple[str, str]] = KERNELS
) -> tuple[tuple[KernelDifference, ...], ...]:
    """Run the same files on several sets of kernels, and count the outputs that differ from the first set's.

    Args:
        variants: .tflite files with a quantized output.
        inputs: For each, real values, (samples, *one sample's shape).
        kernels: Pairs of an engine and a delegate, as in `engines.Worker.load`.

    Returns:
        For each variant a row for each set of kernels but the first.

    Raises:
        BadModel: If an engine refuses a file.
        EngineMissing: If an engine isn't installed.
        ValueError: If an output isn't quantized, since floats have no steps to count.
    """
    outputs: dict[tuple[int, tuple[str, str]], np.ndarray] = {}
    for engine in dict.fromkeys(name for name, _ in kernels):
        with Worker(engine) as worker:
            for own, delegate in kernels:
                if own != engine:
                    continue
                for number, (variant, values) in enumerate(zip(variants, inputs, strict=True)):
                    scale = worker.load(variant.content, delegate=delegate).output_scale
                    if scale == 0:
                        raise ValueError(f"the output of {variant.model} ({variant.name}) isn't quantized")
                    outputs[number, (own, delegate)] = np.rint(worker.predict(values) / scale).astype(np.int64)
    first, *others = (tuple(pair) for pair in kernels)
    return tuple(
        tuple(_difference(", ".join(pair), outputs[number, pair], outputs[number, first]) for pair in others)
        for number in range(len(variants))
    )


def _difference(name: str, ours: np.ndarray, reference: np.ndarray) -> KernelDifference:
    steps = np.abs(ours - reference)
    return KernelDifference(
        name,
        values=steps.size,
        differing=int((steps > 0).sum()),
        most_steps=int(steps.max(initial=0)),
        samples=len(ours),
        argmax_changes=int((ours.argmax(axis=-1) != reference.argmax(axis=-1)).sum()),
    )
