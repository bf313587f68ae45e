"""Ways to compile the C++ kernels: fast, or with checks and sanitizers that look for errors in them."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SETTING = "SPARK_NATIVE_BUILD"
_CHECKS = ("-O1", "-g", "-DSPARK_CHECKED", "-D_GLIBCXX_ASSERTIONS")


@dataclass(frozen=True)
class Variant:
    """One way to compile the library; each has files of its own in the cache.

    Attributes:
        name: What the setting says; part of the file's name.
        flags: What the compiler is told besides.
        runtime: Library that must be in the process before anything else, or empty; which one is GCC's name of it.
        entry: A function of the runtime, by which a process that has it is known.
    """

    name: str
    flags: tuple[str, ...]
    runtime: str = ""
    entry: str = ""

    def is_loadable(self) -> bool:
        """Whether this process has what the library needs: without it a sanitizer ends the process."""
        if not self.runtime:
            return True
        try:
            ctypes.CDLL(None)[self.entry]
        except (AttributeError, OSError, TypeError):
            return False
        return True


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("fast", ("-O3",)),
        Variant("checked", _CHECKS),
        Variant(
            "address",
            (*_CHECKS, "-fsanitize=address", "-fno-omit-frame-pointer", "-D_GLIBCXX_SANITIZE_VECTOR"),
            "libasan.so",
            "__asan_init",
        ),
        Variant(
            "undefined",
            (*_CHECKS, "-fsanitize=undefined,float-cast-overflow", "-fno-sanitize-recover=all"),
            "libubsan.so",
            "__ubsan_handle_out_of_bounds",
        ),
        Variant("thread", (*_CHECKS, "-fsanitize=thread"), "libtsan.so", "__tsan_init"),
    )
}


def chosen() -> Variant:
    """The variant that the environment names; 'fast' where it names none.

    Raises:
        ValueError: It names another.
    """
    name = os.environ.get(SETTING) or "fast"
    if name not in VARIANTS:
        raise ValueError(f"{SETTING} names no build, got '{name}'; expected one of {', '.join(VARIANTS)}.")
    return VARIANTS[name]


def preloaded(variant: Variant, compiler: Sequence[str]) -> str:
    """What LD_PRELOAD must be for a variant: its runtime, and the C++ library, which throws through it.

    Args:
        variant: The variant.
        compiler: The command of the compiler.

    Returns:
        Paths with a space between; empty where nothing is needed, or where this compiler has no such runtime here.
    """
    if not variant.runtime or sys.platform == "darwin":
        return ""
    found = [_file_of(compiler, name) for name in (variant.runtime, "libstdc++.so")]
    return " ".join(found) if all(found) else ""


def _file_of(compiler: Sequence[str], name: str) -> str:
    done = subprocess.run([*compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=False)
    path = Path(done.stdout.strip())
    # A compiler that has no such file gives the name back.
    return str(path.resolve()) if path.is_absolute() and path.exists() else ""
