"""The user's cache folder: native kernels, and what JAX has compiled."""

import os
import shlex
import stat
from pathlib import Path

import jax

# JAX keeps nothing that compiled faster than a second; a brain's step takes a few tenths.
_WORTH_KEEPING = 0.1


def _working_folder() -> str:
    """Where the process stands; the root if that folder is gone."""
    try:
        return os.getcwd()
    except OSError:
        return os.path.sep


# What a relative setting is relative to, wherever the program goes later.
_STARTED_IN = _working_folder()


class CacheError(Exception):
    """Raised when there is no folder that only this user can write to; carries the reason and what mends it."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(f"{reason} {mend}")
        self.reason = reason
        self.mend = mend


def user_cache() -> Path:
    """The user's own folder. What lies in it will be run, so nobody else may write there.

    Raises:
        CacheError: It cannot be made, or others may write to it.
    """
    chosen, shared = os.environ.get("SPARK_CACHE"), os.environ.get("XDG_CACHE_HOME")
    setting = "set SPARK_CACHE to a folder of your own"
    try:
        folder = Path(chosen) if chosen else (Path(shared) if shared else Path.home() / ".cache") / "spark"
        folder = Path(_STARTED_IN) / folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except (OSError, RuntimeError) as error:
        raise CacheError(f"The cache folder cannot be made: {error}.", setting) from error
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise CacheError(f"The cache folder '{folder}' belongs to another user.", setting)
    if os.name == "posix" and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CacheError(f"Others may write to the cache folder '{folder}'.", f"chmod 700 {shlex.quote(str(folder))}")
    return folder


def keep_compiled_programs() -> bool:
    """Let JAX keep compiled programs in the user's cache, so that another process need not compile them again.

    A cache that is set up already stays as it is. `SPARK_COMPILATION_CACHE=0` turns this off.

    Returns:
        Whether programs are kept, in whichever folder.
    """
    if jax.config.jax_compilation_cache_dir is not None:  # type: ignore[attr-defined]
        return True
    if os.environ.get("SPARK_COMPILATION_CACHE", "1") == "0":
        return False
    try:
        folder = user_cache() / "compiled"
    except CacheError:
        return False
    jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", _WORTH_KEEPING)
    return True
