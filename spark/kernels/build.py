"""Compiles the C++ kernels into the user's cache: one plain shared library, without Python's ABI."""

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import jax

from spark.kernels.cache import CacheError, user_cache

_COMPILERS = ("c++", "g++", "clang++")
# No contraction to fused multiply-add: results must be those of the reference, bit for bit.
_FLAGS = ("-std=c++17", "-O3", "-ffp-contract=off", "-fPIC", "-shared")
_PATIENCE = 300.0  # Seconds for a compiler on a loaded machine; it needs a few.


@dataclass(frozen=True)
class NativeStatus:
    """What is known about the native kernels.

    Attributes:
        available: Whether they are in use on CPUs.
        library: Path of the shared library, or None.
        compiler: The compiler's path, or None where there is none.
        instruction_set: 'avx512', 'avx2' or 'portable'; None where they are not in use.
        reason: Why they are not in use; empty where they are.
        mend: The command or setting that mends it; empty where nothing is to be mended.
    """

    available: bool
    library: str | None = None
    compiler: str | None = None
    instruction_set: str | None = None
    reason: str = ""
    mend: str = ""


class BuildError(Exception):
    """Raised when there is no library and none can be built; carries the reason and what mends it."""

    def __init__(self, reason: str, mend: str, compiler: str | None = None) -> None:
        super().__init__(f"{reason} {mend}")
        self.reason = reason
        self.mend = mend
        self.compiler = compiler


@dataclass(frozen=True)
class Library:
    """A library that lies in the cache, and the compiler whose work it is."""

    path: Path
    compiler: str


def library(force: bool = False) -> Library:
    """The shared library for this source, jaxlib, compiler and flags; compiled where it is not in the cache yet.

    Safe to call from several processes at once: each compiles to a file of its own and renames it.

    Args:
        force: Compile even if the cache has it.

    Raises:
        BuildError: No compiler, no source, no usable cache folder, or the compiler failed.
    """
    command = _compiler()
    banner = _banner_of(command)
    source = _source()
    key = hashlib.sha256()
    for part in (version("jaxlib"), shlex.join(command), banner, shlex.join(_FLAGS)):
        key.update(part.encode() + b"\0")
    for path in sorted(source.iterdir()):
        if path.is_file():
            key.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    target = _folder(command[0]) / f"spark_kernels_{key.hexdigest()[:32]}.so"
    if force or not target.exists():
        _compile(command, source / "spark_kernels.cc", target)
    return Library(target, command[0])


def _compiler() -> list[str]:
    chosen = shlex.split(os.environ.get("CXX", ""))
    for name in chosen[:1] or _COMPILERS:
        path = shutil.which(name)
        if path:
            return [path, *chosen[1:]]
    if chosen:
        raise BuildError(f"The compiler that CXX names, '{chosen[0]}', was not found.", "set CXX to a C++ compiler")
    raise BuildError("No C++ compiler was found.", _install_command())


def _install_command() -> str:
    if sys.platform == "darwin":
        return "xcode-select --install"
    if sys.platform.startswith("linux") and Path("/etc/debian_version").exists():
        return "apt-get install g++"
    return "set CXX to a C++ compiler"


def _banner_of(command: list[str]) -> str:
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(
            f"The compiler '{command[0]}' does not run: {error}.", "set CXX to a C++ compiler", command[0]
        ) from error
    return done.stdout


def _source() -> Path:
    here = Path(__file__).absolute().parent
    for folder in (here / "source", here.parents[1] / "native"):
        if (folder / "spark_kernels.cc").exists():
            return folder
    raise BuildError("The C++ source is not installed.", "pip install --force-reinstall spark-brain")


def _folder(compiler: str) -> Path:
    try:
        return user_cache()
    except CacheError as error:
        raise BuildError(error.reason, error.mend, compiler) from error


def _compile(command: list[str], source: Path, target: Path) -> None:
    setting = "set SPARK_CACHE to a folder that you can write to"
    try:
        handle, name = tempfile.mkstemp(prefix="building_", suffix=".so", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise BuildError(f"The cache folder cannot be written to: {error}.", setting, command[0]) from error
    try:
        arguments = [*command, *_FLAGS, "-isystem", jax.ffi.include_dir(), str(source), "-o", name]
        done = subprocess.run(arguments, capture_output=True, text=True, errors="replace", timeout=_PATIENCE)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            errors = [line for line in said if "error" in line] or said[-1:] or ["it said nothing"]
            raise BuildError(
                f"The compiler '{command[0]}' failed: {errors[0].strip()}.", "set CXX to a C++17 compiler", command[0]
            )
        os.chmod(name, 0o700)
        os.replace(name, target)
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"The library could not be built: {error}.", setting, command[0]) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)
