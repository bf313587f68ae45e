"""Files that are there whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from spark.core.errors import Problem, SaveError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it, let it reach the disk, and rename it.

    Whatever happens on the way, `path` holds its old content or the new one.

    Raises:
        SaveError: Writing failed; names the file.
    """
    path = Path(path)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise SaveError(
            Problem(
                str(path),
                f"writing failed: {error.strerror or error}",
                "Make room, or choose another place; what was there before is untouched",
                "disk",
            )
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _sync_folder(folder: Path) -> None:
    """Let a rename reach the disk; folders cannot be opened on every system."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
