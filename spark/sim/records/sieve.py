"""Between a run and where its data goes: windows, triggers and reductions, chunk by chunk."""

from typing import Protocol

import numpy as np

from spark.sim.records.channel import Channel

_TRIGGER = "trigger: "


class Store(Protocol):
    """Where data goes."""

    def add(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Data of a channel, in order of steps: int64 (n,), and one row for each."""

    def commit(self, until: int) -> None:
        """Everything before step `until` was added."""


class Sieve:
    """Takes what a run notes and hands on what is to be kept.

    Attributes:
        wanted: What the engine has to note: the channels, and what triggers them.
    """

    def __init__(self, channels: list[Channel], store: Store, dt: float) -> None:
        self._channels = channels
        self._store = store
        self._dt = dt
        triggers = {c.trigger.path: c.trigger for c in channels if c.trigger is not None}
        self.wanted = [*channels, *(Channel(_TRIGGER + path, what) for path, what in sorted(triggers.items()))]
        self._noted: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._held: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._fired = {path: np.empty(0, np.int64) for path in triggers}

    def events(self, name: str, steps: np.ndarray, units: np.ndarray) -> None:
        """Spikes: step (int64) and flat index of the unit (int32) of each."""
        self._noted[name] = steps, units

    def samples(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Arrays: steps (int64) and one row for each."""
        self._noted[name] = steps, values

    def end_chunk(self, first: int, until: int, last: bool) -> None:
        """Hand on what was noted in the steps from `first` to before `until`; `last` if the run ends here."""
        for path in self._fired:
            self._fired[path] = np.union1d(self._fired[path], self._noted[_TRIGGER + path][0])
        for channel in self._channels:
            steps, values = self._noted[channel.name]
            if channel.reduce == "rate":
                steps, values = self._rate(channel, steps, first, until)
            if channel.windows:
                kept = np.zeros(steps.size, bool)
                for begin, end in channel.windows:
                    kept |= (steps >= begin) & (steps < end)
                steps, values = steps[kept], values[kept]
            if channel.trigger is not None:
                steps, values = self._triggered(channel, channel.trigger.path, steps, values, until, last)
            if steps.size:
                self._store.add(channel.name, steps, channel.reduced(values))
        for path in self._fired:
            longest = max(sum(c.around) for c in self._channels if c.trigger is not None and c.trigger.path == path)
            self._fired[path] = self._fired[path][self._fired[path] >= until - longest - 1]
        self._noted.clear()
        self._store.commit(until)

    def _rate(self, channel: Channel, steps: np.ndarray, first: int, until: int) -> tuple[np.ndarray, np.ndarray]:
        counts = np.bincount(steps - first, minlength=until - first)
        return np.arange(first, until, dtype=np.int64), counts * (1000.0 / (self._dt * channel.number))

    def _triggered(
        self, channel: Channel, path: str, steps: np.ndarray, values: np.ndarray, until: int, last: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """What lies around a trigger's spike; held back until it is known whether one follows."""
        if channel.name in self._held:
            steps = np.concatenate([self._held[channel.name][0], steps])
            values = np.concatenate([self._held[channel.name][1], values])
        before, after = channel.around
        fired = self._fired[path]
        known = int(steps.size if last else np.searchsorted(steps, until - before))
        near = np.searchsorted(fired, steps - after)
        kept = np.zeros(steps.size, bool)
        inside = near < fired.size
        kept[inside] = fired[near[inside]] <= steps[inside] + before
        kept[known:] = False
        self._held[channel.name] = steps[known:], values[known:]
        return steps[kept], values[kept]
