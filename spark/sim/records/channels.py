"""What was recorded, as arrays: the ground on which statistics, exports and pictures of a recording stand."""

from typing import Protocol

import numpy as np

from spark.core.arguments import checked
from spark.core.errors import Problem, RecordError
from spark.core.names import suggestion
from spark.sim.records.channel import Described


class Source(Protocol):
    """Where a recording's data is."""

    def read(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and rows of a channel."""
        ...


class Channels:
    """Channels by their name, or by the name of their module if they hold its spikes; see `Recording`.

    Of several with a module's spikes, its name means the one whose probe was given no name.
    """

    def __init__(
        self, channels: list[Described], source: Source, dt: float, first: int, until: int, stopped: str | None
    ) -> None:
        self._channels = {c["name"]: c for c in channels}
        self._source = source
        self.dt = dt
        self.first = first
        self.steps = until - first
        self.stopped = stopped

    @property
    def names(self) -> list[str]:
        """Names of the channels."""
        return list(self._channels)

    @property
    def duration(self) -> float:
        """Length of the run, ms."""
        return self.steps * self.dt

    @checked
    def describe(self, name: str) -> Described:
        """Path, kind, shape, unit and what else is known of a channel."""
        return self._channel(name).copy()

    @checked
    def spikes(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Time (ms, float64) and unit (flat index, int32) of each spike, in order of time and then of units."""
        channel = self._channel(name, "spikes")
        steps, units = self._source.read(channel["name"])
        return steps * self.dt, units

    @checked
    def trace(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms) of a channel's samples, and the samples, (samples, ...)."""
        channel = self._channel(name, "samples")
        steps, values = self._source.read(channel["name"])
        return steps * self.dt, values

    def _channel(self, name: str, kind: str | None = None) -> Described:
        found = self._channels.get(name) or self._short(name)
        if kind is not None and found["kind"] != kind:
            other = "trace" if kind == "spikes" else "spikes"
            raise RecordError(
                Problem(name, f"holds {found['kind']}; expected {kind}", f"Use `recording.{other}({name!r})`", "kind")
            )
        return found

    def _short(self, name: str) -> Described:
        """The channel that the name of a module alone means: the one that bears no name of its own, if there is one."""
        ports = [c for c in self._channels.values() if c["kind"] == "spikes" or c["reduce"] == "rate"]
        under = [c for c in ports if c["path"].rpartition(".")[0] == name]
        found = [c for c in under if c["name"] == c["path"]] or [c for c in under if c["kind"] == "spikes"] or under
        if not found:
            raise RecordError(Problem(name, "was not recorded", suggestion(name, self._channels), "unknown"))
        if len(found) > 1:
            text = f"stands for several channels, got {name!r}; expected {' or '.join(repr(c['name']) for c in found)}"
            raise RecordError(Problem(name, text, "Name one of them", "ambiguous"))
        return found[0]

    def _number(self, channel: Described) -> int:
        return int(np.prod(channel["shape"])) if channel["units"] is None else len(channel["units"])
