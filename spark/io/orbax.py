"""Sharded states on disk, each device's part written by the process that holds it. Needs the extra `orbax`."""

import importlib
from pathlib import Path
from typing import Any

import jax

from spark.core.errors import FormatError, Problem, SaveError
from spark.core.extras import need
from spark.sim.shard import ShardedBrain
from spark.sim.shard_step import ShardedState


def save_sharded(state: ShardedState, folder: str | Path) -> None:
    """Write the state of a sharded brain to a new folder; with several processes all must call.

    Orbax writes to a temporary folder and renames it, so the folder is there whole or not at all.

    Raises:
        SaveError: Writing failed, the folder is there already, or Orbax is not installed.
    """
    orbax = _orbax()
    try:
        with orbax.StandardCheckpointer() as checkpointer:
            checkpointer.save(Path(folder).absolute(), _arrays(state))
    except (OSError, ValueError) as error:
        raise SaveError(
            Problem(str(folder), f"writing failed: {error}", "Make room, or give a new folder", "disk")
        ) from error


def restore_sharded(sharded: ShardedBrain, folder: str | Path) -> ShardedState:
    """The state that `save_sharded` wrote, for a brain of the same config and seed on as many devices.

    Raises:
        FormatError: The folder holds no such state, or one of another brain or number of devices.
        SaveError: Orbax is not installed.
    """
    orbax = _orbax()
    expected = jax.tree.map(
        lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=a.sharding), _arrays(sharded.state)
    )
    try:
        with orbax.StandardCheckpointer() as checkpointer:
            found = checkpointer.restore(Path(folder).absolute(), expected)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(
            Problem(
                str(folder),
                f"does not hold the state of this sharded brain: {str(error).splitlines()[0]}",
                "Shard a brain of the same config and seed over as many devices in the same way",
                "format",
            )
        ) from error
    structure = jax.tree.structure(sharded.state)
    return jax.tree.unflatten(structure, [found[str(i)] for i in range(structure.num_leaves)])


def _arrays(state: ShardedState) -> dict[str, Any]:
    return {str(i): leaf for i, leaf in enumerate(jax.tree.leaves(state))}


def _orbax() -> Any:
    need("orbax", "orbax.checkpoint")
    return importlib.import_module("orbax.checkpoint")
