"""How the state of a brain lies on devices: cut out of a state on one device, and put together to one."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from spark.core.config import Config
from spark.core.module import Module
from spark.core.packing import Layout
from spark.core.ports import PortSpec
from spark.core.rows import joint_leaves, read_host
from spark.core.state import Graph, State, StateLayout
from spark.core.transform import STEP
from spark.core.tree import part_named, variables_of, walk
from spark.core.values import PLAIN
from spark.engine.shares.message import Letter, addressed, read_all, write_all
from spark.engine.shares.parts import DevicePart, Part, device_part, kept_of, make_equally_long, part_of, without_memory
from spark.engine.shares.placement import Placement
from spark.engine.shares.share import Kept
from spark.graph.specs import CALL, PortMap
from spark.nn.brain import Brain

Row = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Cutting:
    """Which elements of a brain's state each of some devices holds, and where they lie.

    Attributes:
        placed: Which device computes which units.
        layouts: Where the variables of each device lie in its row.
        slots: Which of the joint leaves each leaf of a row lies in.
        fill: Of lists of connections, by path, what stands behind their end.
        cached: What travels and is kept from step to step, in the order of the cache.
        length: Words of a device's row of the message.
        leaves: The joint leaves, (devices, length), without memory.
    """

    placed: Placement
    layouts: tuple[Layout, ...]
    slots: tuple[tuple[int, ...], ...]
    fill: Mapping[str, int]
    cached: tuple[Letter, ...]
    length: int
    leaves: tuple[np.ndarray, ...]

    def gather(self, whole: Brain, about: StateLayout, leaves: tuple[np.ndarray, ...], message: np.ndarray) -> State:
        """The state on one device.

        Args:
            whole: The brain, merged with any state.
            about: Of that state.
            leaves: The joint leaves of all devices, (devices, length).
            message: What all sent in the last step.
        """
        rows = [tuple(leaves[slot][number] for slot in slots) for number, slots in enumerate(self.slots)]
        values = {path: np.zeros(slot.shape, jnp.dtype(slot.dtype)) for path, slot in about.layout.slots.items()}
        for name, shares in self.placed.items():
            for number, share in shares:
                for path, which in kept_of(name, part_named(whole, name), share).items():
                    part = read_host(self.layouts[number], rows[number], path)
                    (which or Kept(part.shape)).put(values[path], part)
        values[STEP] = read_host(self.layouts[0], rows[0], STEP)
        cache = read_all(self.cached, message)
        values |= {f"cache.{key}": np.asarray(value) for key, value in zip(sorted(whole.cache), cache, strict=True)}
        return State(jax.device_put(about.layout.pack(values)), about)

    def scatter(self, whole: Brain, state: State, devices: Collection[int]) -> list[Row]:
        """A row for each device; those of others than these `devices` are as long, hold zeros and take no memory.

        Args:
            whole: The brain, merged with any state.
            state: Of it.
            devices: Whose rows are wanted.
        """
        leaves, layout = tuple(np.asarray(leaf) for leaf in state.leaves), state.about.layout
        values = [{path: _blank(slot.shape, slot.dtype) for path, slot in own.slots.items()} for own in self.layouts]
        for number in devices:
            values[number][STEP] = read_host(layout, leaves, STEP)
        for name, shares in self.placed.items():
            module = part_named(whole, name)
            held = {f"{name}.{path}": read_host(layout, leaves, f"{name}.{path}") for path in variables_of(module)}
            for number, share in shares:
                if number not in devices:
                    continue
                for path, which in kept_of(name, module, share).items():
                    taken = held[path] if which is None else which.take(held[path])
                    wanted = self.layouts[number].slots[path].shape
                    if taken.shape != wanted:
                        filled = np.full(wanted, self.fill[path], taken.dtype)
                        filled[: taken.size] = taken
                        taken = filled
                    values[number][path] = taken
        rows = []
        for number, (own, found) in enumerate(zip(self.layouts, values, strict=True)):
            row = own.pack(found)
            rows.append(row if number in devices else _sizes(row))
        return rows

    def message(self, whole: Brain) -> np.ndarray:
        """What all would have sent in the step before, uint32 (devices, length).

        Args:
            whole: The brain, merged with its state.
        """
        cache = [np.asarray(variable.value) for _, variable in sorted(whole.cache.items())]
        return np.asarray(write_all(self.cached, cache, len(self.layouts), self.length))


def cut(
    whole: Brain, placed: Placement, step: ArrayLike, devices: Collection[int], number: int
) -> tuple[Cutting, list[DevicePart], dict[PortMap, Letter]]:
    """Cut a brain, merged with its state, for so many devices.

    Args:
        whole: The brain.
        placed: Which device computes which units.
        step: Number of steps done so far.
        devices: Whose arrays are wanted; those of the others take no memory.
        number: How many devices there are.

    Returns:
        How its state lies, what each device computes, and what they tell each other.
    """
    letters, length = addressed(*_letters(whole, placed))
    parts: list[dict[str, Part]] = [{} for _ in range(number)]
    fill: dict[str, int] = {}
    for name, shares in placed.items():
        made = [part_of(name, part_named(whole, name), share) for _, share in shares]
        make_equally_long(name, made)
        for (device, _), part in zip(shares, made, strict=True):
            parts[device][name] = part
            fill |= part.fill
    computed = []
    for device, own in enumerate(parts):
        part = device_part(whole, own, set(letters), step)
        if device not in devices:
            part = replace(part, state=_sizes(part.state), constants=_sizes(part.constants))
        computed.append(part)
    layouts = tuple(part.structure.about.layout for part in computed)
    cached = tuple(letters[PortMap(*key.split(".", 1))] for key in sorted(whole.cache))
    slots = tuple(joint_leaves([part.state for part in computed]))
    leaves = _joint([part.state for part in computed], slots)
    return Cutting(placed, layouts, slots, fill, cached, length, leaves), computed, letters


def modules_of(whole: Brain) -> dict[str, Module]:
    """The modules of a merged brain, by name."""
    return {name: part_named(whole, name) for name in whole._names}


def plan_of(placed: Placement, devices: int) -> dict[str, int | list[int]]:
    """A placement as a plan: the device of each module, or how many of its units each device has."""
    plan: dict[str, int | list[int]] = {}
    for name, shares in placed.items():
        counts = dict.fromkeys(range(devices), 0) | {device: share.count for device, share in shares if share}
        plan[name] = shares[0][0] if shares[0][1] is None else list(counts.values())
    return plan


def identity(graph: Graph) -> int:
    """What tells brains apart whose parts must not be mixed: the same variables, the same constants and settings.

    Another process finds the same.
    """
    slots = graph.structure.about.layout.slots
    found = zlib.crc32(repr([(p, slot.shape, slot.dtype) for p, slot in slots.items()]).encode())
    settings = [(path, _settings(part.config)) for path, part in walk(graph.structure.template)]
    found = zlib.crc32(repr(settings).encode(), found)
    for constant in graph.constants:
        found = zlib.crc32(np.asarray(constant).tobytes(), found)
    return found


def _settings(value: object) -> object:
    """What of a config, or of what it holds, is written alike in all processes; without seeds, from which constants
    follow, and without modules, which have configs of their own.
    """
    if isinstance(value, Config):
        return type(value).__name__, [(n, _settings(v)) for n, v in sorted(vars(value).items()) if n != "seed"]
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), zlib.crc32(value.tobytes())
    if isinstance(value, Mapping):
        return [(str(name), _settings(v)) for name, v in value.items()]
    if isinstance(value, (list, tuple)):
        return [_settings(v) for v in value]
    return value if isinstance(value, PLAIN) else type(value).__name__


def _letters(
    whole: Brain, placed: Placement
) -> tuple[dict[PortMap, Letter], dict[PortMap, list[tuple[int, int, int]]]]:
    """What travels, and who has which elements of it."""
    wires = {PortMap(*key.split(".", 1)) for key in whole.cache}
    wires |= {wire for wire, _ in whole._output_wires.values() if wire.origin != CALL}
    letters, shares = {}, {}
    for wire in wires:
        spec: PortSpec = part_named(whole, wire.origin).output_specs[wire.port]
        letters[wire] = Letter(wire, spec.payload_type, spec.shape, spec.dtype)
        shares[wire] = [(d, s.first, s.count) if s else (d, 0, spec.size) for d, s in placed[wire.origin]]
    return letters, shares


def _joint(rows: Sequence[Row], slots: Sequence[tuple[int, ...]]) -> tuple[np.ndarray, ...]:
    """Joint leaves of rows, without memory: as long as the longest."""
    longest: dict[int, np.ndarray] = {}
    for row, numbers in zip(rows, slots, strict=True):
        for leaf, number in zip(row, numbers, strict=True):
            longest[number] = max(longest.get(number, leaf), leaf, key=np.size)
    return tuple(without_memory(longest[n], (len(rows), longest[n].size)) for n in sorted(longest))


def _blank(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return without_memory(np.zeros((), jnp.dtype(dtype)), shape)


def _sizes(rows: Row) -> Row:
    """Arrays of the same shape that take no memory."""
    return tuple(without_memory(row, row.shape) for row in rows)
