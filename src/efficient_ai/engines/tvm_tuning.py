"""TVM's search for the loops of one convolution, with a cost model learned on the way.

TVM generates programs that compute the same, with loops split, ordered, vectorized and unrolled in other ways. Some are
drawn at random, compiled and timed. A model learns their times from what TVM reads off each (`PerStoreFeature`), judges
programs that nobody has compiled, and the most promising of those are timed next. `tune_convolution` starts a process
that has TVM: `python -m efficient_ai.engines.tvm_tuning JOB.json RESULT.json`.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from efficient_ai.engines import environment
from efficient_ai.engines.client import EngineFailed
from efficient_ai.engines.registry import require

LIMIT_S = 600
RUNS, REPEATS = 5, 12
FEWEST = 4


@dataclass(frozen=True)
class Tuning:
    """What tuning found; microseconds of programs that compute the same.

    `before_us` is the program without any schedule. `first_us` were drawn at random, and the model learned from them;
    `guided_us` are those that it then thought best of `pool` others, `predicted_us` what it said of them; `random_us`
    were drawn at random from the same others. `checks` names the first programs, so that a repeat can be told.
    """

    version: str
    before_us: float
    first_us: tuple[float, ...]
    guided_us: tuple[float, ...]
    predicted_us: tuple[float, ...]
    random_us: tuple[float, ...]
    pool: int
    checks: tuple[str, ...]


def tune_convolution(
    *,
    side: int = 16,
    inputs: int = 16,
    outputs: int = 32,
    kernel: int = 3,
    first: int = 24,
    chosen: int = 12,
    pool: int = 300,
    seed: int = 0,
) -> Tuning:
    """Tune one convolution on this machine, one thread, float32, for any processor of its family.

    Args:
        side: Pixels of the square picture.
        inputs: Channels in.
        outputs: Channels out.
        kernel: Pixels of the square filters, odd.
        first: Programs to learn from.
        chosen: Programs to time after that, as many by the model as at random; 0 for none.
        pool: Programs to choose from.
        seed: Of the draws.

    Raises:
        EngineMissing: If TVM isn't installed.
        EngineFailed: If its process fails.
        ValueError: If a number doesn't suit.
    """
    if min(side, inputs, outputs, kernel) < 1 or kernel % 2 == 0:
        raise ValueError(f"sizes must be positive and the kernel odd, got {(side, inputs, outputs, kernel)}")
    if first < FEWEST or chosen < 0 or pool < 2 * chosen:
        raise ValueError(
            f"expected at least {FEWEST} programs to learn from and a pool of twice those chosen, "
            f"got {first}, {chosen} and {pool}"
        )
    require("tvm")
    job = {
        "side": side,
        "inputs": inputs,
        "outputs": outputs,
        "kernel": kernel,
        "first": first,
        "chosen": chosen,
        "pool": pool,
        "seed": seed,
    }
    with tempfile.TemporaryDirectory(prefix="efficient-ai-tune-") as folder:
        path, result = Path(folder, "job.json"), Path(folder, "result.json")
        path.write_text(json.dumps(job))
        python, variables = environment.process_for(Path(folder))
        command = [python, "-m", "efficient_ai.engines.tvm_tuning", str(path), str(result)]
        try:
            done = subprocess.run(
                command,
                env={**variables, "TVM_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
                cwd=folder,
            )
        except subprocess.TimeoutExpired:
            raise EngineFailed(f"TVM's tuning took more than {LIMIT_S} s") from None
        if done.returncode or not result.exists():
            lines = (done.stderr or done.stdout or "it says nothing").strip().splitlines()
            raise EngineFailed(f"TVM's tuning ended with code {done.returncode}: {lines[-1]}")
        found = json.loads(result.read_text())
    return Tuning(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})


class _Machine:
    """Compiles and times programs of one convolution."""

    def __init__(self, job: dict[str, Any]) -> None:
        import tvm
        from tvm import te, topi

        self._tvm = tvm
        side, inputs, outputs, kernel = (job[name] for name in ("side", "inputs", "outputs", "kernel"))
        shapes = ((1, side, side, inputs), (kernel, kernel, inputs, outputs), (1, side, side, outputs))
        data, weights = (te.placeholder(shape, name=n) for shape, n in zip(shapes, ("data", "weights"), strict=False))
        result = topi.nn.conv2d_nhwc(data, weights, 1, kernel // 2, 1)
        self.module = tvm.IRModule({"main": te.create_prim_func([data, weights, result])})
        self.target = tvm.target.Target({"kind": "llvm", "num-cores": 1})
        random = np.random.default_rng(0)
        self._arrays = [tvm.runtime.tensor(random.random(shape, np.float32)) for shape in shapes]
        self._reference: np.ndarray | None = None

    def microseconds(self, module: Any) -> float:
        """The tenth percentile of a program's times; every program must compute what the first one did."""
        library = self._tvm.compile(module, target=self.target)
        library = getattr(library, "mod", library)
        timer = library.time_evaluator("main", self._tvm.cpu(), number=RUNS, repeat=REPEATS)
        times = [float(value) for value in timer(*self._arrays).results]
        result = self._arrays[-1].numpy()
        if self._reference is None:
            self._reference = result.copy()
        elif not np.allclose(result, self._reference, rtol=1e-3, atol=1e-3):
            raise RuntimeError("a tuned program computes something else")
        return 1e6 * float(np.percentile(times, 10))


def _search(job: dict[str, Any]) -> Tuning:
    import types

    import tvm

    # The instructions of graphics cards, which TVM parses for half a minute though no program here can use them.
    sys.modules.setdefault("tvm.s_tir.tensor_intrin", types.ModuleType("tvm.s_tir.tensor_intrin"))
    from sklearn.ensemble import ExtraTreesRegressor
    from tvm.s_tir import meta_schedule

    machine = _Machine(job)
    before = machine.microseconds(machine.module)
    count = job["first"] + job["pool"] if job["chosen"] else job["first"]
    context = meta_schedule.TuneContext(
        mod=machine.module,
        target=machine.target,
        space_generator="post-order-apply",
        search_strategy="replay-trace",
        task_name="convolution",
        rand_state=job["seed"] + 1,
        num_threads=1,
    )
    spaces = context.generate_design_space()
    context.pre_tuning(max_trials=10 * count, num_trials_per_iter=count, design_spaces=spaces)
    programs = list(context.generate_measure_candidates())
    begin, rest = programs[: job["first"]], programs[job["first"] :]

    def timed(chosen: list[Any]) -> list[float]:
        return [machine.microseconds(program.sch.mod) for program in chosen]

    first = timed(begin)
    guided, predicted, drawn = [], [], []
    if job["chosen"]:
        seen, unseen = (_features(meta_schedule, context, some) for some in (begin, rest))
        model = ExtraTreesRegressor(300, random_state=job["seed"]).fit(seen, np.log(first))
        said = np.exp(model.predict(unseen))
        best = np.argsort(said)[: job["chosen"]]
        others = np.random.default_rng(job["seed"]).permutation(len(rest))[: job["chosen"]]
        order = [(rest[i], kind) for pair in zip(best, others, strict=True) for i, kind in zip(pair, "gr", strict=True)]
        times = timed([program for program, _ in order])  # in turn, so that a slow moment falls on both
        guided = [time for time, (_, kind) in zip(times, order, strict=True) if kind == "g"]
        drawn = [time for time, (_, kind) in zip(times, order, strict=True) if kind == "r"]
        predicted = [float(said[i]) for i in best]
    checks = [hashlib.sha256(str(program.sch.trace).encode()).hexdigest()[:16] for program in begin[:FEWEST]]
    return Tuning(
        tvm.__version__,
        before,
        tuple(first),
        tuple(guided),
        tuple(predicted),
        tuple(drawn),
        len(rest),
        tuple(checks),
    )


def _features(meta_schedule: Any, context: Any, programs: list[Any]) -> np.ndarray:
    """What TVM reads off each program, a row for each place where it stores a value: their sum and their maximum."""
    found = meta_schedule.feature_extractor.PerStoreFeature().extract_from(context, programs)
    rows = [feature.numpy() for feature in found]
    return np.array([np.concatenate([row.sum(axis=0), row.max(axis=0)]) for row in rows])


def main() -> None:
    """Tune as a job file says, and write what was found."""
    parser = argparse.ArgumentParser(prog="efficient_ai.engines.tvm_tuning", description="Tune one convolution.")
    parser.add_argument("job", type=Path)
    parser.add_argument("result", type=Path)
    arguments = parser.parse_args()
    found = _search(json.loads(arguments.job.read_text()))
    arguments.result.write_text(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main()
