"""How the modules of a sharded brain are cut, and how each device runs its share."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from spark.core.state import Graph, State
from spark.core.transform import Structure, merge
from spark.engine.how import XLA, HowItRuns, how_modules_run
from spark.engine.shares.parts import without_memory
from spark.nn.brain import Brain
from spark.sim.report import Report, size_text
from spark.sim.shard import ShardedBrain


@dataclass(frozen=True)
class HowItIsCut:
    """One module of a sharded brain, or one component of a pool.

    Attributes:
        path: Dotted path.
        units: How many of its module's units each device has, by number of the device.
        why_whole: Why it lies on one device; empty where it is cut.
        runs: How the devices run it that have some of it: by number of the device.
    """

    path: str
    units: dict[int, int]
    why_whole: str
    runs: dict[int, HowItRuns]

    @property
    def runs_as(self) -> str:
        """'op', 'compiled' or 'XLA', as of `HowItRuns`: 'XLA' if it is on any device."""
        found = {how.runs_as for how in self.runs.values()}
        return XLA if XLA in found else " and ".join(sorted(found))

    @property
    def because(self) -> str:
        """Why it lies whole, and why it runs as array code."""
        return "; ".join(dict.fromkeys(filter(None, (self.why_whole, *(how.reason for how in self.runs.values())))))

    @property
    def where(self) -> str:
        """On which devices it lies, in words."""
        if self.why_whole:
            return f"whole on device {next(iter(self.units))}"
        least, most = min(self.units.values()), max(self.units.values())
        units = f"{most}" if least == most else f"{least} to {most}"
        return f"{units} units on each of {len(self.units)} devices"


@dataclass(frozen=True)
class ShardExplanation(Report):
    """How a sharded brain is cut, and how its shares run; printed, and shown in a notebook, as a table.

    Attributes:
        modules: Modules by name, each followed by its components.
        one_call: Whether a step of each device is one native call: every module is an op or compiled.
        programs: How many different programs the devices run.
        devices: How many devices there are.
        message_bytes: What a device tells the others in a step, at most.
        sockets: Whether processes tell each other over sockets of their own; else by JAX's operation.
    """

    modules: tuple[HowItIsCut, ...]
    one_call: bool
    programs: int
    devices: int
    message_bytes: int
    sockets: bool

    def __getitem__(self, path: str) -> HowItIsCut:
        """The module or component at a path."""
        return next(m for m in self.modules if m.path == path)

    heads = ("module", "class", "where", "runs as", "state", "constants", "because")

    def rows(self) -> list[tuple[str, ...]]:
        """One for each module or component; sizes are those of the largest share."""
        return [
            (
                m.path,
                next(iter(m.runs.values())).kind,
                m.where,
                m.runs_as,
                size_text(max(how.state_bytes for how in m.runs.values())),
                size_text(max(how.constant_bytes for how in m.runs.values())),
                m.because,
            )
            for m in self.modules
        ]

    def summary(self) -> str:
        """What a step of a device is, and what it tells the others."""
        step = (
            "A step of a device is one native call, by 1 thread: threads share the many steps of a call on one device"
            if self.one_call
            else "A step of a device is done in parts: modules that run as array code stand between native calls"
        )
        programs = "1 program" if self.programs == 1 else f"{self.programs} programs"
        devices = "1 device" if self.devices == 1 else f"{self.devices} devices"
        way = "sockets of their own" if self.sockets else "JAX's operation"
        told = f"each tells the others {size_text(self.message_bytes)} a step at most, by {way}"
        return f"{step}. {programs} on {devices}; {told}."


def explain_shares(sharded: ShardedBrain) -> ShardExplanation:
    """How a sharded brain is cut, and how each device runs its share."""
    program = sharded._program
    views = [how_modules_run(_view(piece.structure)) for piece in program.pieces]
    runs: dict[str, dict[int, HowItRuns]] = {}
    for device, number in enumerate(program.piece_of):
        for how in views[number]:
            runs.setdefault(how.path, {})[device] = how
    found = []
    for path in sorted(runs, key=lambda path: list(sharded.placement).index(path.partition(".")[0])):
        name = path.partition(".")[0]
        found.append(HowItIsCut(path, sharded.placement[name], sharded.whole.get(name, ""), runs[path]))
    return ShardExplanation(
        tuple(found),
        all(m.runs_as != XLA for m in found),
        len(program.pieces),
        sharded.mesh.size,
        4 * program.length,
        sharded.exchanges_by_sockets,
    )


def _view(structure: Structure) -> Brain:
    """What a device computes, with zeros in all arrays: how it runs follows from their shapes."""
    about = structure.about
    state = State(about.layout.pack({p: _zeros(s.shape, s.dtype) for p, s in about.layout.slots.items()}), about)
    constants = structure.constants.pack({p: _zeros(s.shape, s.dtype) for p, s in structure.constants.slots.items()})
    return merge(Graph(constants, structure.handle), state)


def _zeros(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return without_memory(np.zeros((), jnp.dtype(dtype)), shape)
