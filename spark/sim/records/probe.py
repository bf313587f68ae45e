"""Probes: what to record, by dotted path."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from spark.core.arguments import check_fields
from spark.core.errors import Problem, RecordError, in_short
from spark.core.names import suggestion
from spark.sim.recordable import Recordable
from spark.sim.records.channel import Channel
from spark.sim.records.settings import matching, read_settings


@dataclass(frozen=True)
class Probe:
    """What to record. A plain string is a probe of that path.

    Args:
        path: `'pool.soma.potential'` is a variable, `'pool.out_spikes'` a port, an output goes by its name; a module's
            name alone means its spikes. `*` stands for any part of a path: `'*.out_spikes'`.
        name: Name in the recording, which is not blank; left out, the path.
        units: Flat indices of the units to keep: a number, a slice or a list; left out, all.
        every: Steps between two samples of a variable: those steps of the brain's count that `every` divides.
        window: Steps `(first, last)` of the brain's count to keep, the last left out; or a list of such windows.
        trigger: Path whose spikes decide what is kept: only `around=(before, after)` steps from each of them.
            Such a window does not reach beyond the run.
        around: Steps before and after each spike of the trigger.
        reduce: What to keep in the place of the array: `'mean'`, `'sum'`, `'std'`, `'min'` or `'max'` over the units;
            `('histogram', bins, (low, high))`, the number of units in each bin; of spikes `'rate'`, the share of units
            that fire in a step, in Hz.

    Raises:
        RecordError: A setting has the wrong type, or the name is blank or has half a character.
    """

    path: str
    name: str | None = None
    units: object = None
    every: int = 1
    window: object = None
    trigger: str | None = None
    around: tuple[int, int] = (0, 0)
    reduce: object = None

    def __post_init__(self) -> None:
        check_fields(self, RecordError)
        if self.name is not None and (not self.name.strip() or not _is_unicode(self.name)):
            text = f"is no name, got {in_short(self.name)}; expected text that can be read"
            raise RecordError(
                Problem("Probe.name", text, "Leave it out, and the recording calls it by its path", "name")
            )


def _is_unicode(name: str) -> bool:
    """Whether text has whole characters: what has halves cannot be read from a recording again."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def resolve(
    record: Iterable[object] | str | Probe, recordables: Callable[[], Mapping[str, Recordable]]
) -> list[Channel]:
    """The channels that a list of probes and paths asks for, among `recordables`, which are looked up if any is.

    Raises:
        RecordError: Everything that is wrong with them: unknown paths, units out of range, ...
    """
    if isinstance(record, (str, Probe)):
        record = [record]
    record = list(record)
    known = recordables() if record else {}
    channels: list[Channel] = []
    problems: list[Problem] = []
    for number, asked in enumerate(record):
        try:
            channels += _asked(asked, known)
        except RecordError as error:
            problems += [p.under(f"record[{number}]") for p in error.problems]
    names = [c.name for c in channels]
    problems += [
        Problem(
            "record",
            f"two of them have the name {name!r}",
            f"Give one a name of its own: `spark.Probe({name!r}, name=...)`",
            "name",
        )
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if problems:
        raise RecordError(problems)
    return channels


def _asked(asked: object, known: Mapping[str, Recordable]) -> list[Channel]:
    """The channels of one probe or path."""
    if isinstance(asked, str):
        asked = Probe(asked)
    if not isinstance(asked, Probe):
        raise RecordError(
            Problem("", f"must be a path or a probe, got {type(asked).__name__}", "Give a string", "type")
        )
    found = matching(asked.path, known)
    if not found:
        raise RecordError(Problem("", f"nothing goes by {asked.path!r}", suggestion(asked.path, known), "unknown"))
    if asked.name is not None and len(found) > 1:
        raise RecordError(Problem("", f"one name for {len(found)} paths that match {asked.path!r}", "", "name"))
    return [
        Channel(path if asked.name is None else asked.name, known[path], **read_settings(asked, known[path], known))
        for path in found
    ]
