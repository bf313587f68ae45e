"""Compiles the C++ kernels into the user's cache: one plain shared library, without Python's ABI."""

import contextlib
import errno
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import jax

from spark.files import rename_whole
from spark.kernels.cache import CacheError, user_cache
from spark.kernels.variants import SETTING, Variant, chosen, preloaded

_COMPILERS = ("c++", "g++", "clang++")
# No contraction to fused multiply-add: results must be those of the reference, bit for bit.
_FLAGS = ("-std=c++17", "-ffp-contract=off", "-fPIC", "-shared", "-pthread")
_PATIENCE = 300.0  # Seconds for a compiler on a loaded machine; it needs a few.
_DAY = 86400.0  # Seconds.
_KEPT_DAYS = 30  # How long a library that nobody loads is kept; a wrong guess costs a compilation.


@dataclass(frozen=True)
class NativeStatus:
    """What is known about the native kernels.

    Attributes:
        available: Whether they are in use on CPUs.
        library: Path of the shared library, or None.
        compiler: The compiler's path, or None where there is none.
        build: How it is compiled: 'fast', 'checked', 'address', 'undefined' or 'thread'; None where they are not in
            use.
        instruction_set: 'avx512', 'avx2' or 'portable'; None where they are not in use.
        reason: Why they are not in use; empty where they are.
        mend: The command or setting that mends it; empty where nothing is to be mended.
    """

    available: bool
    library: str | None = None
    compiler: str | None = None
    build: str | None = None
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
    """A library that lies in the cache, the compiler whose work it is, and how it was compiled."""

    path: Path
    compiler: str
    build: str


def library(force: bool = False) -> Library:
    """The shared library for this source, jaxlib, compiler and flags; compiled where it is not in the cache yet.

    `SPARK_NATIVE_BUILD` names the flags; see `spark.kernels.variants`. A file's name states its SHA-256: one that is
    truncated, overwritten or unreadable is never loaded, but compiled anew. Safe to call from several processes at
    once: each compiles to a file of its own and renames it.

    Args:
        force: Compile even if the cache has it.

    Raises:
        BuildError: No such build, no compiler, no source, no usable cache folder, no room on the disk, the compiler
            failed, or a sanitizer's runtime is not in this process.
    """
    variant, command = _variant(), _compiler()
    if not variant.is_loadable():
        raise _without_runtime(variant, command)
    flags = (*_FLAGS, *variant.flags)
    banner = _banner_of(command)
    source = _source()
    key = hashlib.sha256()
    for part in (version("jaxlib"), shlex.join(command), banner, shlex.join(flags)):
        key.update(part.encode() + b"\0")
    for path in sorted(source.iterdir()):
        if path.is_file():
            key.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    folder, stem = _folder(command[0]), f"spark_kernels_{variant.name}_{key.hexdigest()[:32]}"
    there = sorted(folder.glob(f"{stem}_*.so"))
    found = None if force else next((path for path in there if _is_intact(path)), None)
    if found is None:
        found = _compile([*command, *flags], source / "spark_kernels.cc", folder, stem)
        for path in there:
            if path != found:
                # Of no more use. One that cannot be removed is passed over, as it is never loaded.
                with contextlib.suppress(OSError):
                    path.unlink()
        sweep(folder, found)
    _note_use(found)
    return Library(found, command[0], variant.name)


def sweep(folder: Path, used: Path) -> None:
    """Remove kernel libraries that no process has loaded for `_KEPT_DAYS` days, of whatever version, but not `used`.

    Whoever loads one notes that in its time. A process that still runs with one keeps what it has loaded; one that was
    about to load it compiles its own.
    """
    oldest = time.time() - _KEPT_DAYS * _DAY
    for path in (*folder.glob("spark_kernels_*.so"), *folder.glob("building_*.so")):
        # A folder, another user's, or one that a system does not let go while it is loaded: passed over.
        with contextlib.suppress(OSError):
            if path != used and path.stat().st_mtime < oldest:
                path.unlink()


def _note_use(path: Path) -> None:
    """Let the library's time tell that it is in use: `sweep` goes by it. Once a day is enough."""
    with contextlib.suppress(OSError):
        if path.stat().st_mtime < time.time() - _DAY:
            os.utime(path)


def _is_intact(path: Path) -> bool:
    """Whether a file's content is the one its name states: loading any other could end the process."""
    try:
        return path.is_file() and path.stem.rpartition("_")[2] == _digest(path)
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _variant() -> Variant:
    try:
        return chosen()
    except ValueError as error:
        raise BuildError(str(error), f"unset {SETTING}") from error


def _without_runtime(variant: Variant, command: list[str]) -> BuildError:
    reason = f"{SETTING}={variant.name} needs {variant.runtime} in the process from its start."
    needed = preloaded(variant, command)
    mend = f"set LD_PRELOAD='{needed}'" if needed else f"set CXX to a compiler that has {variant.runtime}"
    return BuildError(reason, mend, command[0])


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


def _compile(command: list[str], source: Path, folder: Path, stem: str) -> Path:
    """Compile to a file that is on the disk before it gets the name that states its content."""
    compiler = command[0]
    try:
        handle, name = tempfile.mkstemp(prefix="building_", suffix=".so", dir=folder)
        os.close(handle)
    except OSError as error:
        raise _not_written(error, folder, compiler) from error
    try:
        arguments = [*command, "-isystem", jax.ffi.include_dir(), str(source), "-o", name]
        # In English, so that a full disk is told from the compiler's other errors; without a sanitizer of its own.
        variables = {**os.environ, "LC_ALL": "C", "LD_PRELOAD": ""}
        done = subprocess.run(
            arguments, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, env=variables
        )
        if done.returncode:
            raise _compiler_failed(done.stderr, compiler)
        os.chmod(name, 0o700)
        target = folder / f"{stem}_{_digest(Path(name))}.so"
        if target.is_dir():
            mend = f"rm -r {shlex.quote(str(target))}"
            raise BuildError(f"A folder is where the library should be: '{target}'.", mend, compiler)
        rename_whole(Path(name), target)
        return target
    except subprocess.SubprocessError as error:
        mend = "try again while the machine is less busy"
        raise BuildError(f"The compiler '{compiler}' did not end: {error}.", mend, compiler) from error
    except OSError as error:
        raise _not_written(error, folder, compiler) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


_FULL = (errno.ENOSPC, errno.EDQUOT)


def _not_written(error: OSError, folder: Path, compiler: str) -> BuildError:
    if error.errno in _FULL:
        return _no_room(str(error), compiler)
    setting = "set SPARK_CACHE to a folder that you can write to"
    return BuildError(f"The cache folder '{folder}' cannot be written to: {error}.", setting, compiler)


def _no_room(said: str, compiler: str) -> BuildError:
    mend = "make room, or set SPARK_CACHE and TMPDIR to folders on another disk"
    return BuildError(f"The disk is full: {said}.", mend, compiler)


def _compiler_failed(said: str, compiler: str) -> BuildError:
    lines = said.strip().splitlines()
    full = [line for line in lines if any(os.strerror(number) in line for number in _FULL)]
    if full:
        return _no_room(full[0].strip(), compiler)
    errors = [line for line in lines if "error" in line] or lines[-1:] or ["it said nothing"]
    return BuildError(
        f"The compiler '{compiler}' failed: {errors[0].strip()}.", "set CXX to a C++17 compiler", compiler
    )
