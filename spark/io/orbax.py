"""Sharded states on disk, each device's part written by the process that holds it. Needs the extra `orbax`."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from spark.core.arguments import checked
from spark.core.errors import FormatError, Problem, SaveError, ShardError
from spark.core.extras import need
from spark.core.transform import merge, split
from spark.engine.shares.cutting import cut, modules_of
from spark.engine.shares.placement import place
from spark.nn.brain import Brain
from spark.sim.shard import ShardedBrain
from spark.sim.shard_step import ShardedState

# Beyond this a number of devices is nonsense, and a list for each would fill the memory.
_MOST_DEVICES = 1 << 16


@checked
def save_sharded(sharded: ShardedBrain, state: ShardedState, folder: str | Path) -> None:
    """Write the state of a sharded brain to a new folder; with several processes all must call.

    Orbax writes to a temporary folder and renames it, so the folder is there whole or not at all.

    Args:
        sharded: The sharded brain.
        state: Its state; it is not used up.
        folder: Where to; it must not be there yet.

    Raises:
        SaveError: Writing failed, the folder is there already, or Orbax is not installed.
    """
    orbax = _orbax()
    about = {"brain": sharded.identity, "devices": sharded.mesh.size, "plan": sharded.plan}
    what = orbax.args.Composite(about=orbax.args.JsonSave(about), state=orbax.args.StandardSave(_arrays(state)))
    try:
        with orbax.Checkpointer(orbax.CompositeCheckpointHandler()) as checkpointer:
            checkpointer.save(Path(folder).absolute(), args=what)
    except (OSError, ValueError) as error:
        raise SaveError(
            Problem(str(folder), f"writing failed: {error}", "Make room, or give a new folder", "disk")
        ) from error


@checked
def restore_sharded(sharded: ShardedBrain, brain: Brain, folder: str | Path) -> ShardedState:
    """The state that `save_sharded` wrote, on these devices: as many as it was saved from, or more, or fewer.

    From as many devices that compute the same units each reads its own part; otherwise every process reads all, and
    keeps what its devices need.

    Args:
        sharded: A sharded brain of the same config and seed.
        brain: The brain that was sharded; it is not changed.
        folder: What `save_sharded` wrote.

    Raises:
        FormatError: The folder holds no such state, or one of another brain.
        SaveError: Orbax is not installed.
    """
    held = _arrays(sharded.state)
    orbax = _orbax()
    with orbax.Checkpointer(orbax.CompositeCheckpointHandler()) as checkpointer:

        def read(**items: Any) -> Any:
            try:
                return checkpointer.restore(Path(folder).absolute(), args=orbax.args.Composite(**items))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise _error(folder, str(error).splitlines()[0] if str(error) else type(error).__name__) from error

        def arrays(wanted: Mapping[str, Any]) -> list[Any]:
            found = read(state=orbax.args.StandardRestore(dict(wanted))).state
            for name, one in wanted.items():
                if (found[name].shape, found[name].dtype) != (one.shape, one.dtype):
                    raise _error(folder, f"array {name} is {found[name].dtype}{list(found[name].shape)}")
            return [found[name] for name in wanted]

        about = read(about=orbax.args.JsonRestore()).about
        if not isinstance(about, dict) or about.get("brain") != sharded.identity:
            raise _error(folder, "it is of a brain with other variables, connections or settings")
        if (about.get("devices"), about.get("plan")) == (sharded.mesh.size, sharded.plan):
            own = {n: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=a.sharding) for n, a in held.items()}
            return jax.tree.unflatten(jax.tree.structure(sharded.state), arrays(own))
        return _moved(sharded, brain, folder, about, arrays)


def _moved(
    sharded: ShardedBrain,
    brain: Brain,
    folder: str | Path,
    about: Mapping[str, Any],
    arrays: Callable[[Mapping[str, np.ndarray]], list[np.ndarray]],
) -> ShardedState:
    """The state of other devices on these."""
    devices, plan = about.get("devices"), about.get("plan")
    whole: Any = merge(*split(brain))
    if type(devices) is not int or not 0 < devices <= _MOST_DEVICES or not isinstance(plan, dict):
        raise _error(folder, "it does not say from which devices it was saved")
    try:
        placed = place(modules_of(whole), devices, plan)
    except ShardError as error:
        raise _error(folder, str(error.problems[0])) from error
    cutting = cut(whole, placed, 0, (), devices)[0]
    wanted = [*cutting.leaves, np.broadcast_to(np.uint32(0), (devices, cutting.length))]
    *leaves, message = arrays({str(number): array for number, array in enumerate(wanted)})
    state = cutting.gather(whole, split(brain)[1].about, tuple(leaves), message)
    return sharded.scatter(brain, state)


def _arrays(state: ShardedState) -> dict[str, Any]:
    return {str(i): leaf for i, leaf in enumerate(jax.tree.leaves(state))}


def _error(folder: str | Path, why: str) -> FormatError:
    return FormatError(
        Problem(
            str(folder),
            f"does not hold a state of this sharded brain: {why}",
            "Give what `save_sharded` wrote of a brain of the same config and seed",
            "format",
        )
    )


def _orbax() -> Any:
    need("orbax", "orbax.checkpoint")
    return importlib.import_module("orbax.checkpoint")
