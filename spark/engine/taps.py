"""Taps: what a loop of steps notes of the brain's state and outputs."""

from dataclasses import dataclass
from typing import NamedTuple

import jax


@dataclass(frozen=True)
class Tap:
    """One thing to note.

    Attributes:
        name: Name of what is noted.
        path: Path of a variable in the state.
        output: Name of an output of the brain instead, or None.
        spikes: Whether to note which units fired, in every step; else the whole array, every so many steps.
        every: Steps between two notes of an array: those steps of the brain's count that `every` divides.
        room: How many spikes, or rows, fit in one call.
    """

    name: str
    path: str
    output: str | None
    spikes: bool
    every: int
    room: int


class Noted(NamedTuple):
    """What a tap noted in one call.

    Attributes:
        first: Of spikes: number of units that fired in each step, int32 (steps,). Of arrays: rows (room, ...).
        fired: Of spikes: the units that fired, step by step, int32 (room,). Of arrays: None.
    """

    first: jax.Array
    fired: jax.Array | None = None
