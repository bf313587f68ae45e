"""Which library of C++ kernels this process may load: the wheel's, or one compiled into the user's cache."""

import contextlib
import os
import shlex
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from spark.kernels import carried
from spark.kernels.cache import CacheError, user_cache
from spark.kernels.compiler import FLAGS, BuildError, banner_of, compile_library, compiler, is_intact, source_key
from spark.kernels.variants import SETTING, Variant, chosen, preloaded

_DAY = 86400.0  # Seconds.
_KEPT_DAYS = 30  # How long a library that nobody loads is kept; a wrong guess costs a compilation.


@dataclass(frozen=True)
class NativeStatus:
    """What is known about the native kernels.

    Attributes:
        available: Whether they are in use on CPUs.
        library: Path of the shared library, or None.
        compiler: The compiler's path, or None where there is none.
        build: How they were compiled here: 'fast', 'checked', 'address', 'undefined' or 'thread'; 'wheel' where they
            came compiled; None where they are not in use.
        instruction_set: 'avx512', 'avx2' or 'portable'; None where they are not in use.
        reason: Why they are not in use; empty where they are.
        mend: The command or setting that mends it, or what is refused; empty where nothing is to be mended.
        refused: Why those that came with the wheel are not the ones in use; empty where none came.
    """

    available: bool
    library: str | None = None
    compiler: str | None = None
    build: str | None = None
    instruction_set: str | None = None
    reason: str = ""
    mend: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Library:
    """A library that may be loaded.

    Attributes:
        path: Where it lies.
        compiler: Who compiled it here, or None where it came with the wheel.
        build: How it was compiled, or 'wheel'.
        refused: Why the one that came with the wheel is not it; None where none did.
    """

    path: Path
    compiler: str | None
    build: str
    refused: carried.Unfit | None = None


def library(force: bool = False, refused: carried.Unfit | None = None) -> Library:
    """The shared library: that of the wheel where it has one that fits, or one compiled here and kept in the cache.

    `SPARK_NATIVE_BUILD` names the flags, and asks for a compilation; see `spark.kernels.variants`. One that was
    compiled here is for this source, jaxlib, compiler and flags. A file's name states its SHA-256: one that is
    truncated, overwritten or unreadable is never loaded, but compiled anew. Safe to call from several processes at
    once: each compiles to a file of its own and renames it.

    Args:
        force: Compile even if there is one.
        refused: What came of loading the one of the wheel, where that failed.

    Raises:
        BuildError: No such build, no compiler, no source, no usable cache folder, no room on the disk, the compiler
            failed, or a sanitizer's runtime is not in this process.
    """
    found = None
    if not (force or os.environ.get(SETTING)):
        try:
            found = carried.library()
        except carried.Unfit as error:
            refused = error
    if found is not None:
        return Library(found, None, "wheel")
    try:
        return _compiled(force, refused)
    except BuildError as failed:
        if refused is None:
            raise
        raise BuildError(f"{refused} {failed.reason}", refused.mend, failed.compiler) from failed


def _compiled(force: bool, refused: carried.Unfit | None) -> Library:
    variant, command = _variant(), compiler()
    if not variant.is_loadable():
        raise _without_runtime(variant, command)
    command_line = [*command, *FLAGS, *variant.flags]
    key = source_key(version("jaxlib"), shlex.join(command_line), banner_of(command))
    folder, stem = _folder(command[0]), f"spark_kernels_{variant.name}_{key}"
    there = sorted(folder.glob(f"{stem}_*.so"))
    found = None if force else next((path for path in there if is_intact(path)), None)
    if found is None:
        found = compile_library(command_line, folder, stem)
        for path in there:
            if path != found:
                # Of no more use. One that cannot be removed is passed over, as it is never loaded.
                with contextlib.suppress(OSError):
                    path.unlink()
        sweep(folder, found)
    _note_use(found)
    return Library(found, command[0], variant.name, refused)


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


def _folder(compiler: str) -> Path:
    try:
        return user_cache()
    except CacheError as error:
        raise BuildError(error.reason, error.mend, compiler) from error
