"""Sockets between the processes of `jax.distributed`, over which they tell each other a step's spikes."""

import re
import socket
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Exchange:
    """A socket to every other process; the sockets are open as long as this is kept.

    Attributes:
        sockets: By number of the process; None for its own.
    """

    sockets: tuple[socket.socket | None, ...]

    @property
    def ends(self) -> np.ndarray:
        """Numbers of the sockets as the native call takes them, int32; -1 for its own."""
        return np.array([-1 if end is None else end.fileno() for end in self.sockets], np.int32)


def exchange(row: jax.Array, ends: jax.Array, turn: jax.Array) -> jax.Array:
    """Tell all processes a row of words, and hear theirs.

    Args:
        row: uint32 (words,).
        ends: int32 (processes,), see `Exchange`.
        turn: uint32 (), which exchange it is: the same in all processes, or they have lost each other.

    Returns:
        All rows, uint32 (processes, words).
    """
    out = jax.ShapeDtypeStruct((ends.size, row.size), jnp.uint32)
    return jax.ffi.ffi_call("spark_exchange", out, has_side_effect=True)(row, ends, turn)


def lost(error: Exception) -> str | None:
    """What has become of another process, where that is what an error of a run is about."""
    found = re.search(r"process \d+ (?:has|is|cannot be|sent) .*", str(error))
    return None if found is None else found[0].rstrip(".")
