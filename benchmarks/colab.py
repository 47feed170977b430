"""Run the notebooks as Colab would: `make colab`, or `.venv/bin/python benchmarks/colab.py --only models`.

Each notebook gets an environment of its own over what Colab's runtime has preinstalled (`colab-runtime.txt`), an empty
home, an empty cache and a folder that holds nothing but it. Its first cell installs the library from a wheel of this
working tree. It may take six minutes on two cores, and its first cell may install what its extra asks for and no more.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from efficient_ai import cache
from efficient_ai.book import execute
from efficient_ai.errors import EfficientAIError

ROOT = Path(__file__).parents[1]
PINS = Path(__file__).with_name("colab-runtime.txt")
VERSION = "3.12"
LIMIT_S = 360
CORES = 2
CELL_TIMEOUT_S = 1800
# Large, or loaded by the notebook's kernel already: a notebook that replaced one would cost its reader minutes.
KEPT = frozenset({"ipykernel", "ipython", "matplotlib", "numpy", "pandas", "protobuf", "scipy", "tensorflow"})
# What a notebook must not inherit from whoever runs this.
HIDDEN = ("EFFICIENT_AI_", "IPYTHON", "JUPYTER", "KERAS_", "MPL", "PYTHON", "TF_", "VIRTUAL_ENV", "XDG_")


@dataclass(frozen=True)
class Run:
    """What came of one notebook; `failure` is None where all was well.

    `cpu_s` counts the kernel and its processes, the install cell's among them: on a busy machine it says more than
    `run_s` does.
    """

    name: str
    install_s: float = 0.0
    run_s: float = 0.0
    cpu_s: float = 0.0
    installed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    failure: str | None = None
    tries: int = 1


def notebooks(names: Iterable[str] = (), folder: Path = ROOT / "notebooks") -> list[Path]:
    """The committed notebooks, or those of some pages.

    Raises:
        EfficientAIError: If there is none of that name.
    """
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise EfficientAIError(f"no notebook called {', '.join(unknown)}; there are {', '.join(found)}")
    return [found[name] for name in names] if names else list(found.values())


def find_python(named: str | None) -> str:
    """A Python of Colab's version.

    Raises:
        EfficientAIError: If there is none, or the one named has another version.
    """
    python = shutil.which(named or f"python{VERSION}")
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    found = subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout.strip() if python else None
    if found != VERSION:
        raise EfficientAIError(f"Colab has Python {VERSION}, and {named or 'the path'} has not; name one with --python")
    return python


def _pip(python: str | Path, *arguments: str | Path) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no answer"]
        raise EfficientAIError(f"pip {arguments[0]} failed: {lines[0]}")


def base(python: str) -> Path:
    """An environment with Colab's own packages, made once and kept in the cache; older ones are removed."""
    key = hashlib.sha256(PINS.read_bytes() + os.path.realpath(python).encode()).hexdigest()[:12]
    folder = cache.root() / "colab" / key
    if not (folder / "whole").exists():
        print(f"setting up {folder} with what Colab has preinstalled", file=sys.stderr, flush=True)
        shutil.rmtree(folder.parent, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        pins = [line for line in PINS.read_text("utf-8").splitlines() if line.startswith("pip==")]
        _pip(folder / "bin/python", "install", *pins)
        _pip(folder / "bin/python", "install", "-r", PINS)
        cache.write_whole(folder / "whole", b"")
    return folder


def site(environment: Path) -> Path:
    """Where an environment has its packages."""
    return environment / "lib" / f"python{VERSION}" / "site-packages"


def overlay(below: Path, folder: Path) -> Path:
    """A fresh environment that sees the packages of another: what it installs or replaces lands in it alone."""
    subprocess.run([str(below / "bin/python"), "-m", "venv", "--without-pip", str(folder)], check=True)
    (site(folder) / "below.pth").write_text(f"import site; site.addsitedir({str(site(below))!r})\n")
    return folder / "bin" / "python"


def wheel(python: str | Path, folder: Path) -> Path:
    """A wheel of this working tree, made of a copy: what an earlier build left behind doesn't get into it."""
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    _pip(python, "wheel", "--no-deps", "--wheel-dir", folder, source)
    shutil.rmtree(source)
    return next(folder.glob("efficient_ai-*.whl"))


def distributions(*folders: Path) -> dict[str, metadata.Distribution]:
    """What is installed in some folders, by its normal name; the first folder that has it wins."""
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions(path=[str(folder) for folder in folders]):
        found.setdefault(canonicalize_name(distribution.metadata["Name"]), distribution)
    return found


def closure(extra: str, found: dict[str, metadata.Distribution]) -> set[str]:
    """All that the library needs with one of its extras, by the words of the packages themselves.

    Args:
        extra: The extra, as in `"models"`.
        found: The packages that are installed.

    Returns:
        Normal names, the library's own among them.
    """
    seen: set[tuple[str, str]] = set()
    left = [("efficient-ai", ""), ("efficient-ai", extra)]
    while left:
        one = left.pop()
        if one in seen:
            continue
        seen.add(one)
        name, of = one
        for line in (found[name].requires or ()) if name in found else ():
            wanted = Requirement(line)
            here = {"extra": of, "python_version": VERSION, "python_full_version": f"{VERSION}.0"}
            if wanted.marker is None or wanted.marker.evaluate(here):
                left += [(canonicalize_name(wanted.name), also) for also in ("", *wanted.extras)]
    return {name for name, _ in seen}


def installed(extra: str, own: Path, below: Path) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """What an install cell did to its environment.

    Returns:
        The packages that it added, those that it replaced, and what is wrong with that, if anything.
    """
    new, old = distributions(own), distributions(below)
    added = tuple(f"{name} {new[name].version}" for name in sorted(new) if name not in old)
    both = sorted(name for name in new if name in old)
    replaced = tuple(f"{name} {old[name].version} -> {new[name].version}" for name in both)
    strangers = sorted(set(new) - closure(extra, distributions(own, below)))
    wrong = None
    if strangers:
        wrong = f"its install cell brought {', '.join(strangers)}, which the extra {extra} doesn't need"
    elif KEPT & set(both):
        wrong = f"its install cell replaced {', '.join(sorted(KEPT & set(both)))}"
    return added, replaced, wrong


def variables(home: Path, package: Path) -> dict[str, str]:
    """A notebook's variables: an empty home, hence an empty cache; pip alone keeps what it downloaded."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    pip_cache = kept.get("PIP_CACHE_DIR", str(cache.root() / "colab-pip"))
    return {**kept, "HOME": str(home), "PIP_CACHE_DIR": pip_cache, "EFFICIENT_AI_WHEEL": str(package)}


@contextlib.contextmanager
def _kernel(python: Path, work: Path, env: dict[str, str], notebook) -> Iterator:
    """A client whose kernel runs in the notebook's environment and folder."""
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient

    spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Colab"}
    cache.write_whole(work / "kernels/colab/kernel.json", json.dumps(spec).encode())
    specs = KernelSpecManager(kernel_dirs=[str(work / "kernels")], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="colab", kernel_spec_manager=specs)
    folder = work / "content"
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, km=manager, timeout=CELL_TIMEOUT_S, record_timing=True, resources=resources)
    with (
        tempfile.TemporaryFile() as chatter,
        client.setup_kernel(cleanup_kc=True, env=env, stdout=chatter, stderr=chatter),
    ):
        yield client


def _execute(client, cells: Iterable[tuple[int, object]]) -> str | None:
    """Run some cells; the first failure in a line."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    for index, cell in cells:
        try:
            client.execute_cell(cell, index)
        except CellExecutionError as error:
            cause = (error.evalue.strip().splitlines() or [""])[0]
            return f"{execute.place(cell)}: {error.ename}: {cause}"
        except CellTimeoutError:
            return f"{execute.place(cell)}: it ran longer than {CELL_TIMEOUT_S} s"
        except DeadKernelError:
            return f"{execute.place(cell)}: the kernel died; it may have lacked memory"
    return None


def _children_s() -> float:
    """Seconds of processor time of all processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def run(path: Path, package: Path, below: Path, *, shared: Path | None = None, out: Path | None = None) -> Run:
    """Run one notebook from an empty environment.

    Args:
        path: The notebook.
        package: The library's wheel.
        below: The environment with Colab's packages.
        shared: A folder of downloads and data that notebooks share, so that only the first fetches them; none: each
            begins with an empty cache, as on Colab.
        out: A folder for the executed notebook.
    """
    import nbformat

    with tempfile.TemporaryDirectory(prefix="colab-") as name:
        work = Path(name)
        (work / "home").mkdir()
        (work / "content").mkdir()
        shutil.copy(path, work / "content")
        for kind in ("downloads", "data") if shared else ():
            (shared / kind).mkdir(parents=True, exist_ok=True)
            link = work / "home/.cache/efficient-ai" / kind
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(shared / kind, target_is_directory=True)
        python = overlay(below, work / "environment")
        node = nbformat.read(path, as_version=4)
        cells = [(index, cell) for index, cell in enumerate(node.cells) if cell.cell_type == "code"]
        added, replaced, ran = (), (), 0.0
        before = _children_s()
        with _kernel(python, work, variables(work / "home", package), node) as client:
            started = time.perf_counter()
            failure = _execute(client, cells[:1])
            ready = time.perf_counter()
            if failure is None:
                added, replaced, failure = installed(path.stem, site(work / "environment"), site(below))
                failure = _execute(client, cells[1:]) or failure
                ran = time.perf_counter() - ready
        if failure is None and ran > LIMIT_S:
            failure = f"it ran {ran:.0f} s; {LIMIT_S} s are allowed"
        if out:
            cache.write_whole(out / path.name, nbformat.writes(node).encode())
        cpu = _children_s() - before
    return Run(path.stem, ready - started, ran, cpu, added, replaced, failure)


def table(runs: Iterable[Run]) -> str:
    """A line for each notebook, and what each one's first cell installed below."""
    lines = [f"{'notebook':<14} {'install s':>9} {'run s':>6} {'cpu s':>6} {'new':>4} {'replaced':>8}  outcome"]
    for one in runs:
        again = f" (at try {one.tries})" if one.tries > 1 else ""
        sizes = (
            f"{one.install_s:>9.0f} {one.run_s:>6.0f} {one.cpu_s:>6.0f} {len(one.installed):>4} {len(one.replaced):>8}"
        )
        lines.append(f"{one.name:<14} {sizes}  {one.failure or 'passed'}{again}")
    for one in runs:
        lines.append(f"{one.name} installs: {', '.join((*one.installed, *one.replaced)) or 'nothing'}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the notebooks and print the table; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these notebooks; all when left out")
    parser.add_argument("--python", metavar="FILE", help=f"a Python {VERSION}; the path's when left out")
    parser.add_argument("--tries", type=int, default=1, metavar="N", help="run what failed again: some cells take time")
    parser.add_argument("--share-data", action="store_true", help="fetch and make data once, not for each notebook")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="keep the executed notebooks there")
    options = parser.parse_args(arguments)
    runs = []
    try:
        chosen, python = notebooks(options.only), find_python(options.python)
        below = base(python)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        shared = cache.root() if options.share_data else None
        with tempfile.TemporaryDirectory() as folder:
            package = wheel(below / "bin/python", Path(folder))
            for path in chosen:
                for count in range(1, options.tries + 1):
                    one = replace(run(path, package, below, shared=shared, out=options.out), tries=count)
                    print(
                        f"{one.name}: {one.run_s:.0f} s ({one.cpu_s:.0f}), {one.failure or 'passed'}",
                        file=sys.stderr,
                        flush=True,
                    )
                    if one.failure is None:
                        break
                runs.append(one)
    except EfficientAIError as error:
        print(f"colab: {error}", file=sys.stderr)
        return 2
    print(table(runs))
    return 1 if any(one.failure for one in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
