"""The C++ kernels that a wheel carries compiled for its platform, for all instruction sets: finding and making them."""

import os
import platform
import re
import shutil
import sys
import sysconfig
from pathlib import Path

import jax

from spark.kernels.compiler import (
    FLAGS,
    REINSTALL,
    Purpose,
    compile_library,
    compiler,
    is_intact,
    not_written,
    source_key,
)
from spark.kernels.variants import VARIANTS

FOLDER = Path(__file__).absolute().parent / "compiled"
# Whoever installs the wheel may have an older C++ library, so it brings its own, of which nothing else gets to see;
# what it does not use is left out, since that asks for newer versions of the C library.
_LINUX = ("-static-libstdc++", "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-Wl,-s")
_OLDEST_MACOS = "11.0"
_OF_A_WHEEL = Purpose(
    "folder for what the wheel carries",
    "make room, or set TMPDIR to a folder on another disk",
    "make the wheel where you can write to the project's folder",
)


class Unfit(Exception):
    """Raised when a wheel carries a library that cannot be used; its text says why, `mend` what mends it."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.mend = mend


def library() -> Path | None:
    """The library that came with the wheel, or None where none did.

    Its name states its content, the source that it was made from, and which version of XLA's foreign function
    interface it speaks: a jaxlib understands that of its own headers and older ones.

    Raises:
        Unfit: There is one, but damaged, of other source, or of no interface that this jaxlib knows.
    """
    there = sorted(FOLDER.glob("spark_kernels_*.so"))
    if not there:
        return None
    path = there[-1]
    if len(there) > 1 or not is_intact(path):
        raise Unfit(f"The library that came with Spark is damaged: '{path}'.", REINSTALL)
    *_, spoken, source, _ = path.stem.split("_")
    if source != source_key():
        raise Unfit("The library that came with Spark is not of the C++ source that lies beside it.", REINSTALL)
    if not re.fullmatch(r"[0-9]+\.[0-9]+", spoken):
        raise Unfit(f"The library that came with Spark names no interface that it speaks: '{path}'.", REINSTALL)
    (major, minor), (known, newest) = (tuple(map(int, text.split("."))) for text in (spoken, interface()))
    if major != known or minor > newest:
        reason = f"The library that came with Spark speaks XLA's interface {spoken}, and jaxlib here {interface()}."
        raise Unfit(reason, "pip install --upgrade jax spark-brain")
    return path


def interface() -> str:
    """Version of XLA's foreign function interface that the installed jaxlib has, such as '0.3'."""
    text = (Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h").read_text()
    return ".".join(re.findall(r"#define XLA_FFI_API_M(?:AJOR|INOR) (\d+)", text))


def make(folder: Path) -> Path:
    """Compile the library of a wheel for this platform, against the headers of the installed jaxlib.

    Args:
        folder: Where it will lie, alone: whatever lies there is removed.

    Raises:
        BuildError: No compiler, or it failed, or nothing can be written there.
    """
    command = compiler()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = compile_library(
            [*command, *FLAGS, *VARIANTS["fast"].flags, *_platform_flags()],
            folder,
            f"spark_kernels_{interface()}_{source_key()}",
            _OF_A_WHEEL,
        )
        made.chmod(0o755)
    except OSError as error:
        raise not_written(error, folder, command[0], _OF_A_WHEEL) from error
    return made


def _platform_flags() -> tuple[str, ...]:
    if sys.platform.startswith("linux"):
        return _LINUX
    if sys.platform == "darwin":
        # A Python for two processors at once would make its extensions for both; jaxlib is for one.
        return ("-arch", platform.machine(), f"-mmacosx-version-min={_oldest_macos()}")
    return ()


def _oldest_macos() -> str:
    return os.environ.get("MACOSX_DEPLOYMENT_TARGET", _OLDEST_MACOS)


def platform_tag(path: Path) -> str:
    """The platforms that a compiled library runs on, as the names of wheels say it.

    Under Linux that is the newest version of the C library of which the file names a function.
    """
    machine = platform.machine()
    if sys.platform == "darwin":
        return f"macosx_{_oldest_macos().replace('.', '_')}_{machine}"
    needed = {(int(major), int(minor)) for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", path.read_bytes())}
    if sys.platform.startswith("linux") and needed:
        return "manylinux_{}_{}_{}".format(*max(needed), machine)
    return re.sub(r"\W", "_", sysconfig.get_platform())
