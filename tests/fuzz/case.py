"""A random brain with all that a comparison needs: inputs, probes, where runs are cut."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spark import Payload, Probe, Projection
from spark.kernels import order
from spark.nn import Brain, BrainConfig

USUAL_SPREAD = order.SPREAD_BYTES, order.SPREAD_CONNECTIONS


@dataclass(frozen=True)
class Feed:
    """An input of the brain over all steps.

    Attributes:
        kind: 'constant', 'series' or 'function'.
        payload: Its type.
        rows: A row for each step; of a constant they are all the same.
    """

    kind: str
    payload: type[Payload]
    rows: np.ndarray

    def row(self, step: int) -> Payload:
        """What one step gets."""
        return self.payload(self.rows[step])

    def of(self, first: int, count: int) -> Payload | Callable[[int], Payload]:
        """What a run of `count` steps from `first` on gets."""
        if self.kind == "constant":
            return self.row(0)
        if self.kind == "series":
            return self.payload(self.rows[first : first + count])
        return lambda step: self.row(first + step)


@dataclass(frozen=True)
class Case:
    """A random brain and how it is run.

    Attributes:
        seed: From which all follows.
        config: The brain.
        feeds: Its inputs by name.
        steps: Steps of a run.
        cuts: Steps at which a run in pieces is cut, ascending.
        saved: Step at which a checkpoint is taken.
        first: The brain's step before the first.
        probes: What is recorded beside the spikes.
    """

    seed: int
    config: BrainConfig
    feeds: dict[str, Feed]
    steps: int
    cuts: tuple[int, ...]
    saved: int
    first: int = 0
    probes: tuple[Probe, ...] = ()

    def set_delivery(self) -> None:
        """Brains of odd seeds that are built from now on deliver many delays by blocks, however few there are."""
        order.SPREAD_BYTES, order.SPREAD_CONNECTIONS = (0, 0) if self.seed % 2 else USUAL_SPREAD

    def brain(self) -> Brain:
        """A new brain, not yet built."""
        self.set_delivery()
        return Brain(self.config)

    def inputs(self, first: int, count: int) -> dict[str, Any]:
        """Inputs of a run of `count` steps from `first` on."""
        return {name: feed.of(first, count) for name, feed in self.feeds.items()}

    def row(self, step: int) -> dict[str, Payload]:
        """Inputs of one step."""
        return {name: feed.row(step) for name, feed in self.feeds.items()}

    @property
    def rewires(self) -> bool:
        """Whether connections are replaced."""
        return rewires(self.config)

    def pieces(self) -> list[tuple[int, int]]:
        """First step and number of steps of each piece of a run in pieces."""
        ends = [0, *(c for c in self.cuts if 0 < c < self.steps), self.steps]
        return [(a, b - a) for a, b in zip(ends[:-1], ends[1:], strict=True)]

    def shorter(self, steps: int) -> "Case":
        """The same over fewer steps."""
        return replace(self, steps=steps, saved=max(1, min(self.saved, steps - 1)))

    def describe(self) -> str:
        """One line for each module, input and probe."""
        length = f"{self.steps} steps of {self.config.step_length:g} ms from {self.first} on"
        lines = [f"seed {self.seed}: {length}, cut at {self.cuts}"]
        for name, spec in self.config.input_map.items():
            lines.append(
                f"  input {name}: {self.feeds[name].kind} {spec.payload_type.__name__} {spec.shape} {spec.dtype}"
            )
        lines += module_lines(self.config, "  ")
        lines += [f"  {probe}" for probe in self.probes]
        return "\n".join(lines)


def rewires(config: BrainConfig) -> bool:
    """Whether connections are replaced in a brain, or in one within it."""
    wires = [wire for specs in config.modules_map.values() for wires in specs.inputs.values() for wire in wires]
    inner = [specs.config for specs in config.modules_map.values() if specs.module_cls is Brain]
    own = any(isinstance(wire, Projection) and wire.settings.rewiring is not None for wire in wires)
    return own or any(rewires(one) for one in inner)


def module_lines(config: BrainConfig, indent: str) -> list[str]:
    """What stands in a brain, with the fields that were given."""
    lines = []
    for name, specs in config.modules_map.items():
        wires = {p: [f"{w.origin}.{w.port}" for w in ws] for p, ws in specs.inputs.items()}
        given = "" if specs.module_cls is Brain else _short(specs.config.explicit())
        lines.append(f"{indent}{name}: {specs.module_cls.__name__} {wires} {given}")
        if specs.module_cls is Brain:
            lines += module_lines(specs.config, indent + "  ")
    return lines


def _short(fields: dict[str, Any]) -> str:
    shown = []
    for name, value in fields.items():
        text = " ".join(repr(value).split())
        shown.append(f"{name}={text if len(text) < 160 else text[:150] + '...'}")
    return ", ".join(shown)
