"""The C++ compiler of this machine: which one, how it is called, and what its failure means in words."""

import contextlib
import errno
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import jax

from spark.files import rename_whole

_COMPILERS = ("c++", "g++", "clang++")
_PATIENCE = 300.0  # Seconds for a compiler on a loaded machine; it needs a few.
_FULL = (errno.ENOSPC, errno.EDQUOT)
# No contraction to fused multiply-add: results must be those of the reference, bit for bit.
FLAGS = ("-std=c++17", "-ffp-contract=off", "-fPIC", "-shared", "-pthread")
REINSTALL = "pip install --force-reinstall spark-brain"


@dataclass(frozen=True)
class Purpose:
    """What a folder is for that a library is compiled to, in words for who cannot write there.

    Attributes:
        folder: What it is called.
        if_full: What mends a full disk.
        if_closed: What mends a folder that cannot be written to.
    """

    folder: str
    if_full: str
    if_closed: str


CACHE = Purpose(
    "cache folder",
    "make room, or set SPARK_CACHE and TMPDIR to folders on another disk",
    "set SPARK_CACHE to a folder that you can write to",
)


class BuildError(Exception):
    """Raised when there is no library and none can be built; carries the reason and what mends it."""

    def __init__(self, reason: str, mend: str, compiler: str | None = None) -> None:
        super().__init__(f"{reason} {mend}")
        self.reason = reason
        self.mend = mend
        self.compiler = compiler


def compiler() -> list[str]:
    """The command that CXX names, or the first compiler on the path."""
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


def banner_of(command: list[str]) -> str:
    """What the compiler says of itself."""
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(
            f"The compiler '{command[0]}' does not run: {error}.", "set CXX to a C++ compiler", command[0]
        ) from error
    return done.stdout


def source_folder() -> Path:
    """Where the C++ lies: beside this file in an install, in the project's folder where it is run from there."""
    here = Path(__file__).absolute().parent
    for folder in (here / "source", here.parents[1] / "native"):
        if (folder / "spark_kernels.cc").exists():
            return folder
    raise BuildError("The C++ source is not installed.", REINSTALL)


def source_key(*more: str) -> str:
    """32 hexadecimal digits that follow from the C++ and from what else is told."""
    key = hashlib.sha256()
    for part in more:
        key.update(part.encode() + b"\0")
    for path in sorted(source_folder().iterdir()):
        if path.is_file():
            key.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return key.hexdigest()[:32]


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path) -> bool:
    """Whether a file's content is the one its name states: loading any other could end the process."""
    try:
        return path.is_file() and path.stem.rpartition("_")[2] == digest_of(path)
    except OSError:
        return False


def compile_library(command: list[str], folder: Path, stem: str, purpose: Purpose = CACHE) -> Path:
    """Compile to a file that is on the disk before it gets the name that states its content.

    Args:
        command: The compiler, with its flags.
        folder: Where the library will lie.
        stem: How the file's name begins; a `_`, its SHA-256 and `.so` follow.
        purpose: Of the folder.

    Raises:
        BuildError: The compiler failed, or the file cannot be written.
    """
    compiler = command[0]
    try:
        handle, name = tempfile.mkstemp(prefix="building_", suffix=".so", dir=folder)
        os.close(handle)
    except OSError as error:
        raise not_written(error, folder, compiler, purpose) from error
    try:
        arguments = [*command, "-isystem", jax.ffi.include_dir(), str(source_folder() / "spark_kernels.cc"), "-o", name]
        # In English, so that a full disk is told from the compiler's other errors; without a sanitizer of its own.
        variables = {**os.environ, "LC_ALL": "C", "LD_PRELOAD": ""}
        done = subprocess.run(
            arguments, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, env=variables
        )
        if done.returncode:
            raise _compiler_failed(done.stderr, compiler, purpose)
        os.chmod(name, 0o700)
        target = folder / f"{stem}_{digest_of(Path(name))}.so"
        if target.is_dir():
            mend = f"rm -r {shlex.quote(str(target))}"
            raise BuildError(f"A folder is where the library should be: '{target}'.", mend, compiler)
        rename_whole(Path(name), target)
        return target
    except subprocess.SubprocessError as error:
        mend = "try again while the machine is less busy"
        raise BuildError(f"The compiler '{compiler}' did not end: {error}.", mend, compiler) from error
    except OSError as error:
        raise not_written(error, folder, compiler, purpose) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


def not_written(error: OSError, folder: Path, compiler: str, purpose: Purpose) -> BuildError:
    """Why nothing can be written to a folder, and what mends it."""
    if error.errno in _FULL:
        return _no_room(str(error), compiler, purpose)
    return BuildError(f"The {purpose.folder} '{folder}' cannot be written to: {error}.", purpose.if_closed, compiler)


def _no_room(said: str, compiler: str, purpose: Purpose) -> BuildError:
    return BuildError(f"The disk is full: {said}.", purpose.if_full, compiler)


def _compiler_failed(said: str, compiler: str, purpose: Purpose) -> BuildError:
    lines = said.strip().splitlines()
    full = [line for line in lines if any(os.strerror(number) in line for number in _FULL)]
    if full:
        return _no_room(full[0].strip(), compiler, purpose)
    errors = [line for line in lines if "error" in line] or lines[-1:] or ["it said nothing"]
    return BuildError(
        f"The compiler '{compiler}' failed: {errors[0].strip()}.", "set CXX to a C++17 compiler", compiler
    )
