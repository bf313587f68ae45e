"""The one place where a path that came over the wire becomes a path on the disk."""

import os
import re
from pathlib import Path

from spark.core.errors import FormatError, Problem

MOST_CHARACTERS = 500
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in range(1, 10))}
_PART = re.compile(r"[^\x00-\x1f\x7f<>:\"|?*\\/%]+")


class Root:
    """A folder from which nothing leads out."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(os.path.realpath(folder))

    def resolve(self, text: object, suffixes: tuple[str, ...] = ()) -> Path:
        """The path below the folder that a relative path with `/` names.

        Raises:
            FormatError: It is empty or too long, absolute, leads out of the folder (by `..` or by a link), has
                characters or names that some system treats in a special way, or another ending.
        """
        if not isinstance(text, str) or not text or len(text) > MOST_CHARACTERS:
            raise _refused(str(text)[:80], "is no path of a file here", "Give a name such as `my_brain.spark.json`")
        parts = text.split("/")
        for part in parts:
            stem = part.split(".")[0].rstrip(" ").upper()
            if not _PART.fullmatch(part) or part.strip(". ") != part.rstrip(". ") or part != part.rstrip(". "):
                raise _refused(text[:80], "is no path of a file here", "Use plain names of files and folders")
            if part.startswith(".") or stem in _RESERVED:
                raise _refused(text[:80], "has a name with a special meaning", "Use plain names of files and folders")
        if suffixes and not text.endswith(suffixes):
            raise _refused(text[:80], f"has another ending than {' or '.join(suffixes)}", "Add it")
        found = Path(os.path.realpath(self.folder.joinpath(*parts)))
        if os.path.commonpath([self.folder, found]) != str(self.folder):
            raise _refused(text[:80], "leads out of the folder of the editor", "Start `spark edit` in the other folder")
        return found

    def relative(self, path: Path) -> str:
        """The path as it is sent: relative, with `/`."""
        return Path(os.path.realpath(path)).relative_to(self.folder).as_posix()

    def listing(self, suffixes: tuple[str, ...], most: int = 500) -> list[str]:
        """Files with such endings, up to three folders deep, sorted."""
        found: list[str] = []
        for folder, folders, files in os.walk(self.folder):
            depth = len(Path(folder).relative_to(self.folder).parts)
            folders[:] = sorted(f for f in folders if not f.startswith(".") and depth < 3)
            found += [self.relative(Path(folder, f)) for f in sorted(files) if self._listed(folder, f, suffixes)]
            if len(found) >= most:
                break
        return sorted(found[:most])

    def _listed(self, folder: str, name: str, suffixes: tuple[str, ...]) -> bool:
        return name.endswith(suffixes) and not name.startswith(".") and not os.path.islink(os.path.join(folder, name))


def _refused(address: str, message: str, fix: str) -> FormatError:
    return FormatError(Problem(address, message, fix, "path"))
