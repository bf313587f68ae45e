"""Files that are there whole or not at all. Who writes one says what went wrong; here an `OSError` is raised."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

# On Windows a file is one of text unless told otherwise.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it, let it reach the disk, and rename it.

    Whatever happens on the way, `path` holds its old content or the new one. A file that was there keeps its
    permissions, and its group where the system allows it; a new one gets what the process gives new files. Where `path`
    is a link, the file that it points to is replaced.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:64]}.{secrets.token_hex(6)}.part")
    try:
        with os.fdopen(os.open(temporary, _NEW, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            _take_after(target, temporary)
            os.fsync(file.fileno())
        _rename(temporary, target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def rename_whole(made: Path, target: Path) -> None:
    """Give a file that somebody made in the same folder its name, once its content has reached the disk."""
    # Windows asks for a handle that may write.
    _sync(made, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    _rename(made, target)


def _rename(made: Path, target: Path) -> None:
    os.replace(made, target)
    # Folders cannot be opened on every system.
    if os.name == "posix":
        _sync(target.parent, os.O_RDONLY)


def _take_after(old: Path, new: Path) -> None:
    """Give a new file the permissions and the group of the one that it replaces, if there is one."""
    try:
        was = old.stat()
    except FileNotFoundError:
        return
    if os.name == "posix" and was.st_gid != new.stat().st_gid:
        with contextlib.suppress(PermissionError):
            os.chown(new, -1, was.st_gid)
    os.chmod(new, stat.S_IMODE(was.st_mode))


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
