"""The secret of an editor's server, kept so that pages that are open come back after it was started anew."""

import contextlib
import hashlib
import os
import secrets
import stat
import time
from pathlib import Path

KEPT_SECONDS = 30 * 24 * 3600


def _stem(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]


def last_ports(states: Path, folder: Path) -> list[int]:
    """Ports on which an editor of this folder listened, the last one first; what is too old is removed."""
    found = []
    for path in (states / "keys").glob(f"{_stem(folder)}-*"):
        with contextlib.suppress(OSError, ValueError):
            used = path.stat().st_mtime
            if time.time() - used > KEPT_SECONDS:
                path.unlink()
            else:
                found.append((used, int(path.name.rpartition("-")[2])))
    return [port for _, port in sorted(found, reverse=True)]


def kept_secret(states: Path, folder: Path, port: int) -> str:
    """The secret of the editor of a folder at a port: the one from last time, or a new one.

    It is in a file that its owner alone may read; where none can be written, it lasts as long as the process.
    """
    path = states / "keys" / f"{_stem(folder)}-{port}"
    found = _read(path)
    made = found or secrets.token_urlsafe(32)
    with contextlib.suppress(OSError):
        if found:
            os.utime(path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.unlink(missing_ok=True)
            # Mode 0600 from the first moment, and never through a link that somebody put there.
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(made)
    return made


def _read(path: Path) -> str | None:
    """The secret in a file that nobody else can read or has written; None otherwise."""
    try:
        about = path.lstat()
        mine = os.name != "posix" or (about.st_uid == os.geteuid() and not about.st_mode & 0o077)
        if not stat.S_ISREG(about.st_mode) or not mine:
            return None
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    return text if len(text) >= 32 else None
