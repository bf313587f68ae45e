"""A lesson on disk: the brain, its curve and what its teacher remembers, so that one that was killed goes on."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from spark.core.errors import ArgumentError, FormatError, Problem
from spark.io import load_checkpoint
from spark.io.atomic import write_atomically
from spark.io.checkpoint import read_notes, save_with_notes
from spark.nn import Brain

Curve: TypeAlias = dict[str, np.ndarray]

_SECONDS = 1.0
# Of what a teacher remembers: how many episodes it has done.
EPISODES = "episodes"
# And which lesson it is: the seed, and digests of who is taught, where, and of what.
SEED, BRAIN, EXAMPLES = "seed", "brain", "examples"
_DIGESTS = {BRAIN: "another brain, world or weights", EXAMPLES: "other examples"}


class Kept:
    """Files of a lesson: `NAME.safetensors`, the brain; `NAME.csv`, its curve; `NAME.memory.safetensors`.

    The last is what a teacher must remember to go on, and is not there where the brain remembers all itself. The curve
    is written first, so that it holds at least the episodes that the others know of, whenever the process ends; what it
    holds beyond them is not read. Then what is remembered: whoever needs it goes on from it alone. The brain is last:
    where it is, all are. It says itself how many episodes of the lesson it has had.
    """

    def __init__(self, name: Path) -> None:
        self.name, self.brain, self.curve = name, Path(f"{name}.safetensors"), Path(f"{name}.csv")
        self.memory = Path(f"{name}.memory.safetensors")

    def require_writable(self, resume: bool = False) -> None:
        """Make their folder where there is none, and see that they can be written, before anything is learned.

        Args:
            resume: Whether a lesson goes on with those that are there; one that begins would write over them.

        Raises:
            ArgumentError: They cannot; or there are some, and a lesson is to begin, or to go on without its brain.
        """
        folder = self.brain.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(f"names a folder that cannot be made, got {str(folder)!r}: {error.strerror}") from error
        for path in (self.curve, self.memory, self.brain):
            if path.is_dir():
                raise _unwritable(f"names a file where a folder is, got {str(path)!r}")
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise _unwritable(f"names files that cannot be written in {str(folder)!r}: {error.strerror}") from error
        if resume and (alone := self.without_brain()):
            text = f"has no brain to go on with, got {str(alone[0])!r} alone; expected {str(self.brain)!r} beside it"
            fix = "Put it there, name others by `to`, or remove the file, and the lesson begins"
            raise ArgumentError(Problem("fit.resume", text, fix, "kept"))
        if (found := self.there()) and not resume:
            text = f"names files of which one is there, got {str(found[0])!r}; expected none"
            fix = "Name others, or remove it"
            if not self.without_brain():
                fix = "Go on with its lesson by `resume=True`, name others, or remove it"
            raise ArgumentError(Problem("fit.to", text, fix, "kept"))

    def there(self) -> list[Path]:
        """Those of them that are there, the brain first."""
        return [path for path in (self.brain, self.memory, self.curve) if path.is_file()]

    def without_brain(self) -> list[Path]:
        """Those that are there, if the brain is not: somebody's table, or what is left of another lesson."""
        found = self.there()
        return [] if self.brain in found else found

    def write(self, brain: Brain, curve: Curve, memory: dict[str, np.ndarray]) -> None:
        """Write them, each at once.

        Raises:
            SaveError: One cannot be written.
        """
        import safetensors.numpy

        values = zip(*(array.tolist() for array in curve.values()), strict=True)
        rows = [",".join([str(number), *map(repr, row)]) for number, row in enumerate(values, 1)]
        write_atomically(self.curve, "\n".join([",".join(["episode", *curve]), *rows, ""]).encode())
        if memory:
            write_atomically(self.memory, safetensors.numpy.save(memory))
        save_with_notes(brain, self.brain, {EPISODES: str(length(curve))})

    def read_brain_like(self, brain: Brain) -> Brain:
        """The brain, which must have the config of this one.

        Raises:
            FormatError: It cannot be loaded, or is another.
        """
        found = load_checkpoint(self.brain)
        if found.config != brain.config:
            raise _damaged(self.brain, "holds another brain than the one that is taught; expected the same config")
        return found

    def read_episodes(self) -> int:
        """How many episodes of its lesson the brain has had, whatever it had learned before.

        Raises:
            FormatError: It does not say so.
        """
        found = read_notes(self.brain).get(EPISODES, "")
        if not (found.isascii() and found.isdigit()):
            raise _damaged(self.brain, f"does not say how many episodes it has had, got {found!r}")
        return int(found)

    def read_memory(self, like: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the teacher remembers: arrays of the names, shapes and dtypes of these.

        Where these say which lesson it is, `seed`, `brain` or `examples`, it must be the same.

        Raises:
            FormatError: There is no such file, or it holds something else.
        """
        import safetensors
        import safetensors.numpy

        try:
            found = safetensors.numpy.load(self.memory.read_bytes())
        except (OSError, safetensors.SafetensorError) as error:
            raise _damaged(self.memory, f"cannot be read, got {error}") from error
        forms = [{name: (a.shape, a.dtype.name) for name, a in arrays.items()} for arrays in (found, like)]
        missing = sorted(like.keys() - found.keys())
        if missing and not found.keys() - like.keys():
            text = f"lacks {', '.join(missing)}; it is of another lesson, or an earlier version kept it"
            raise _damaged(self.memory, text)
        if forms[0] != forms[1]:
            raise _damaged(self.memory, f"is of another lesson, got {forms[0]}; expected {forms[1]}")
        if SEED in like and found[SEED] != like[SEED]:
            text = f"is of a lesson with another seed, got {found[SEED]}; expected {like[SEED]}"
            raise _damaged(self.memory, text)
        for name, what in _DIGESTS.items():
            if name in like and not np.array_equal(found[name], like[name]):
                raise _damaged(self.memory, f"is of a lesson with {what}; expected the same")
        return found

    def read_curve(self, episodes: int, columns: tuple[str, ...]) -> Curve:
        """The curve of so many episodes.

        Raises:
            FormatError: The number is none; there is no such file, it is no curve of these columns, or it is shorter.
        """
        if episodes < 0:
            raise _damaged(self.brain, f"is of {episodes} episodes; expected at least 0")
        try:
            header, *rows = self.curve.read_text().splitlines()
            if header != ",".join(["episode", *columns]):
                raise ValueError(header)
            numbers = [[float(value) for value in row.split(",")] for row in rows[:episodes]]
            table = np.array(numbers, np.float32).reshape(-1, 1 + len(columns))
        except (OSError, ValueError) as error:
            raise _damaged(self.curve, f"is no learning curve, got {error}") from error
        if len(table) < episodes:
            text = f"holds {len(table)} episodes; expected the {episodes} of the brain beside it"
            raise _damaged(self.curve, text)
        return {name: table[:, at] for at, name in enumerate(columns, 1)}

    def now_and_then(self, memory: Callable[[], dict[str, np.ndarray]]) -> Callable[[Any], None]:
        """A callback that writes all, about once a second."""
        last = time.monotonic()

        def keep(progress: Any) -> None:
            nonlocal last
            if time.monotonic() - last >= _SECONDS:
                self.write(progress.brain, progress.curve, memory())
                last = time.monotonic()

        return keep


def named(to: str | Path) -> Path:
    """The name with which a lesson's files begin.

    Raises:
        ArgumentError: It is none, or that of a folder: the files would lie beside it.
    """
    ends = ("/", os.sep, os.altsep or os.sep)
    if Path(to).name in ("", "..") or str(to).endswith(ends) or Path(to).is_dir():
        text = f"names no files, got {str(to)!r}; expected the beginning of their names, such as 'folder/name'"
        raise ArgumentError(Problem("fit.to", text, "Put a name behind the folder", "folder"))
    return Path(to)


def digest(*parts: bytes) -> np.ndarray:
    """SHA-256 of bytes, uint8, (32,)."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return np.frombuffer(found.digest(), np.uint8)


def length(curve: Curve) -> int:
    """Of how many episodes a curve is."""
    return len(next(iter(curve.values())))


def _unwritable(text: str) -> ArgumentError:
    return ArgumentError(Problem("fit.to", text, "Name files in a folder of your own", "folder"))


def _damaged(path: Path, text: str) -> FormatError:
    return FormatError(Problem(str(path), text, "Begin anew, without `resume`", "kept"))
