"""What of a brain can be recorded: ports that carry spikes or are read by others, variables, outputs."""

from dataclasses import dataclass
from functools import reduce

from spark.core.decaying import Decaying
from spark.core.module import Module
from spark.core.part import graph_of
from spark.core.payloads import SpikeArray
from spark.core.transform import FAULT, STEP
from spark.core.tree import part_named

_CACHE = "cache."


@dataclass(frozen=True)
class Recordable:
    """One thing that can be recorded.

    Attributes:
        path: Dotted path by which it is asked for.
        spikes: Whether it carries spikes.
        shape: Shape of one step's array.
        dtype: NumPy name of its type.
        unit: mV, pA, ... or empty.
        entry: Path of the variable in the state, or None for an output of the brain.
        output: Name of the output of the brain, or None.
        how: What is between what is kept and what is recorded, or None.
    """

    path: str
    spikes: bool
    shape: tuple[int, ...]
    dtype: str
    unit: str
    entry: str | None
    output: str | None
    how: Decaying | None = None


def recordables(brain: Module) -> dict[str, Recordable]:
    """Everything that can be recorded of a built brain, by path.

    Ports are called `module.port`, variables by their path in the state, outputs by their name.
    """
    found = {}
    about = graph_of(brain).structure.about
    for path, slot in about.layout.slots.items():
        if path in (STEP, FAULT):
            continue
        name = path
        spikes = False
        owner, cache, ending = f".{path}".rpartition(f".{_CACHE}")
        if cache:
            module, _, port = ending.partition(".")
            owner = owner.removeprefix(".")
            name = f"{owner}.{ending}" if owner else ending
            spec = reduce(part_named, [*filter(None, owner.split(".")), module], brain).output_specs[port]
            spikes = issubclass(spec.payload_type, SpikeArray) and not spec.payload_type.needs_source
        found[name] = Recordable(name, spikes, slot.shape, slot.dtype, about.units[path], path, None)
    for path, shown in about.shown.items():
        slot = about.layout.slots[shown.kept]
        found[path] = Recordable(path, False, slot.shape, slot.dtype, shown.unit, shown.kept, None, shown.how)
    for name, spec in brain.output_specs.items():
        spikes = issubclass(spec.payload_type, SpikeArray)
        found.setdefault(name, Recordable(name, spikes, spec.shape, spec.dtype, "", None, name))
    return found
