"""Every error that Spark raises, in one family, with one shape of message.

The shape is `address: what is wrong, got X; expected Y. How to mend it.` Problems that can be found
together are reported together: an error holds a tuple of `Problem`s and prints them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

MAXIMUM_PRINTED = 20


# Characters of a value that a message shows.
MOST_SHOWN = 120


def in_short(value: object) -> str:
    """A value as a message shows what it got: as Python writes it, cut where that is long."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}... ({type(value).__name__})"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and how to mend it.

    Attributes:
        address: Where: a dotted path such as `neurons_pool.config.soma.threshold`.
        message: What is wrong, with what was got and what was expected.
        fix: What to do about it; may be empty.
        kind: A short stable word for programs (the editor's quick fixes, tests).
    """

    address: str
    message: str
    fix: str = ""
    kind: str = "problem"

    def __str__(self) -> str:
        text = f"{self.address}: {self.message}" if self.address else self.message
        # What ends with a question, such as which name was meant, ends a sentence already.
        ended = text if text.endswith(("?", ".", "!")) else f"{text}."
        return f"{ended} {self.fix}" if self.fix else ended

    def under(self, prefix: str) -> "Problem":
        """The same problem, seen from one level further out: with `prefix` and a dot before its address."""
        joined = f"{prefix}.{self.address}" if self.address else prefix
        return replace(self, address=joined)


class SparkError(Exception):
    """Root of Spark's errors; `problems` lists what is wrong."""

    problems: tuple[Problem, ...]

    def __init__(self, problems: Problem | Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = Problem("", problems.rstrip("."))
        if isinstance(problems, Problem):
            problems = (problems,)
        # What is wrong at one place in the same way is said once, however many things led there.
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        shown = [f"  {n}. {p}" for n, p in enumerate(self.problems[:MAXIMUM_PRINTED], 1)]
        hidden = len(self.problems) - MAXIMUM_PRINTED
        if hidden > 0:
            shown.append(f"  ... and {hidden} more")
        return "\n".join([f"{len(self.problems)} problems:", *shown])

    def under(self, prefix: str) -> "SparkError":
        """The same error with every address seen from one level further out: with `prefix` before it."""
        return type(self)(p.under(prefix) for p in self.problems)

    def relative_to(self, owner: str) -> Self:
        """The same error, in whose addresses `owner`, which stands at their head, is left out."""
        own = (replace(p, address=p.address.removeprefix(f"{owner}.")) for p in self.problems)
        return type(self)(replace(p, address="") if p.address == owner else p for p in own)

    # Whether addresses are whole as they are, as where a part names what lies beside it.
    is_placed: bool = False

    def placed(self) -> Self:
        """The same error, whose addresses are whole as they are."""
        self.is_placed = True
        return self

    def within(self, path: str) -> "SparkError":
        """The same error, in which the address of every problem begins with `path`; itself if they all do."""
        if not path or self.is_placed or all(_begins(p.address, path) for p in self.problems):
            return self
        return type(self)(p if _begins(p.address, path) else p.under(path) for p in self.problems)


def _begins(address: str, path: str) -> bool:
    return address == path or address.startswith((f"{path}.", f"{path}["))


class ConfigError(SparkError, ValueError):
    """Raised when a config has an unknown name, a missing field, or a bad type or value."""


class WiringError(SparkError, ValueError):
    """Raised when modules cannot be wired as asked: names, ports, payloads, shapes, dtypes."""


class InputError(SparkError, TypeError):
    """Raised when a module is called with the wrong inputs."""


class ArgumentError(SparkError, TypeError):
    """Raised when a public function is called with an argument of the wrong type."""


class MissingError(SparkError, ImportError):
    """Raised when a package that only some parts of Spark need is not installed."""


class ModuleError(SparkError, TypeError):
    """Raised when a module class breaks the contract of a module."""


class NotBuiltError(SparkError, RuntimeError):
    """Raised when a module's state is asked for before its first call has built it."""


class StateError(SparkError, KeyError):
    """Raised when a state has no such path, or a new value does not fit it."""

    def __str__(self) -> str:
        return self._text()


class RegistryError(SparkError, LookupError):
    """Raised when a name is not in the catalogue, or is there already."""


class NumericsError(SparkError, FloatingPointError):
    """Raised when checking is on and a NaN or an infinity entered an input or a variable."""


class RunError(SparkError, ValueError):
    """Raised when a run cannot be done as asked."""


class RecordError(SparkError, ValueError):
    """Raised when something cannot be recorded as asked, or what was recorded cannot be kept or read.

    Attributes:
        recording: What was recorded until then, if anything was.
    """

    recording: Any = None


class FormatError(SparkError, ValueError):
    """Raised when a file is none of ours, damaged, too large, or of an unknown version."""


class SaveError(SparkError, RuntimeError):
    """Raised when a file cannot be written; what was there before is untouched."""


class LoopError(SparkError, ValueError):
    """Raised when a brain and an environment do not fit each other."""


class LearnError(SparkError, ValueError):
    """Raised when a lesson cannot go on; `lesson` is what it gave until then, or None."""

    lesson: Any = None


class ShardError(SparkError, ValueError):
    """Raised when a brain cannot be spread over devices as asked."""
