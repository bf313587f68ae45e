"""Checkpoints: a brain in one file, to go on from in another process, bit for bit.

The file is safetensors, which other tools read too: every variable of the state under its dotted path, and as metadata
a manifest in JSON: format, version, the brain's config, the step, and SHA-256 digests. One file, because one file can
be replaced at once. What is drawn when a brain is built (connections, delays, keys) follows from its config and seed,
and is drawn again; its digest says whether it came out the same. Nothing in the file is ever run or imported: the
classes of modules are looked up in the catalogue.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.errors import FormatError, Problem, SaveError, SparkError
from spark.core.rows import read_host
from spark.core.state import Graph, State
from spark.core.transform import STEP, split
from spark.io.atomic import write_atomically
from spark.io.strict import read_json
from spark.nn import Brain, BrainConfig
from spark.sim.run import build

FORMAT, VERSION = "spark checkpoint", 1
_MANIFEST = "spark"
_HEADER_BYTES = 1 << 27
# Brings a manifest of an older version to the next one.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def save_checkpoint(brain: Brain, path: str | Path) -> None:
    """Write a brain's config and state to a file, atomically: an older file of that name stays whole until then.

    Raises:
        SaveError: Writing failed, or a module's class is in no catalogue, so that nobody could load it.
    """
    import safetensors.numpy

    build(brain)
    graph, state = split(brain)
    try:
        config = brain.config.to_dict()
    except SparkError as error:
        raise SaveError(error.problems).under(str(path)) from error
    leaves = tuple(np.asarray(leaf) for leaf in state.leaves)
    arrays = {name: read_host(state.about.layout, leaves, name) for name in state}
    # What NumPy itself does not know goes as whole numbers of the same size.
    foreign = {name: array.dtype.name for name, array in arrays.items() if array.dtype.kind not in "biuf"}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "config": config,
        "step": int(state[STEP]),
        "dtypes": foreign,
        "drawn": _digest({str(i): np.asarray(c) for i, c in enumerate(_plain(graph))}),
        "state": _digest(arrays),
    }
    plain = {n: a.view(f"u{a.dtype.itemsize}") if n in foreign else a for n, a in arrays.items()}
    data = safetensors.numpy.save(plain, metadata={_MANIFEST: json.dumps(manifest, allow_nan=False)})
    write_atomically(Path(path), data)


def load_checkpoint(path: str | Path) -> Brain:
    """The brain that `save_checkpoint` wrote, standing at its step.

    Raises:
        FormatError: The file is none of ours, damaged, of an unknown version, or does not fit the brain that its
            config describes: everything that is wrong.
        RegistryError: It names a module that is in no catalogue.
        ConfigError: Its config is none.
    """
    address = str(path)
    manifest, arrays = _read(Path(path))
    if manifest.get("state") != _digest(arrays):
        raise _error(address, "is damaged: its arrays do not have the digest that it states", "Take an older one")
    brain = Brain(BrainConfig.from_dict(manifest.get("config")))  # type: ignore[arg-type]
    build(brain)
    graph, state = split(brain)
    problems = [
        Problem(f"{address}: {name}", "is missing, but the brain has such a variable", "", "missing")
        for name in state
        if name not in arrays
    ]
    for name, array in arrays.items():
        if name not in state:
            problems.append(Problem(f"{address}: {name}", "is no variable of the brain", "", "unknown"))
            continue
        slot = state.about.layout.slots[name]
        if (array.shape, str(array.dtype)) != (slot.shape, slot.dtype):
            problems.append(
                Problem(
                    f"{address}: {name}",
                    f"does not fit, got {array.shape} {array.dtype}; expected {slot.shape} {slot.dtype}",
                    "",
                    "shape",
                )
            )
    if problems:
        raise FormatError(problems)
    if manifest.get("drawn") != _digest({str(i): np.asarray(c) for i, c in enumerate(_plain(graph))}):
        raise _error(
            address,
            "its config and seed no longer draw what they drew when it was saved",
            "Load it with the versions of Spark and NumPy that saved it",
        )
    brain.load_state(State(jax.device_put(state.about.layout.pack(arrays)), state.about))
    return brain


def checkpoint_step(path: str | Path) -> int:
    """The step at which a checkpoint was saved, if its file is whole.

    Raises:
        FormatError: It is not.
    """
    manifest, arrays = _read(Path(path))
    if manifest.get("state") != _digest(arrays):
        raise _error(str(path), "is damaged: its arrays do not have the digest that it states", "Take an older one")
    return int(manifest["step"])


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    import safetensors.numpy

    address = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _error(address, f"cannot be read: {error.strerror}", "Check the path") from error
    header = int.from_bytes(data[:8], "little")
    if len(data) < 8 or header > min(len(data) - 8, _HEADER_BYTES):
        raise _error(address, "is no checkpoint: its header does not fit the file", "Check the path")
    said = read_json(address, data[8 : 8 + header], _HEADER_BYTES)
    try:
        manifest = _migrated(address, read_json(address, said["__metadata__"][_MANIFEST]))
        arrays = safetensors.numpy.load(data)
        for name, dtype in manifest["dtypes"].items():
            arrays[name] = arrays[name].view(jnp.dtype(dtype))
    except (KeyError, TypeError, AttributeError, ValueError, safetensors.SafetensorError) as error:
        if isinstance(error, FormatError):
            raise
        raise _error(address, f"is no checkpoint: {error!r}", "Save one with `spark.save_checkpoint`") from error
    return manifest, arrays


def _migrated(address: str, manifest: Any) -> dict[str, Any]:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _error(address, "is no checkpoint of a brain", "Save one with `spark.save_checkpoint`")
    while manifest.get("version") != VERSION:
        migrate = MIGRATIONS.get(manifest.get("version"))  # type: ignore[arg-type]
        if migrate is None:
            raise _error(
                address, f"has an unknown version, got {manifest.get('version')!r}; expected {VERSION}", "Update Spark"
            )
        manifest = migrate(manifest)
    if not isinstance(manifest.get("config"), dict) or type(manifest.get("step")) is not int:
        raise _error(address, "has a manifest without config or step", "Take an older checkpoint")
    return manifest


def _plain(graph: Graph) -> list[Any]:
    """Constants as arrays, random keys as their data."""
    return [jax.random.key_data(c) if jnp.issubdtype(c.dtype, jax.dtypes.prng_key) else c for c in graph.constants]


def _digest(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 over names, dtypes, shapes and bytes."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"{name}\0{array.dtype}\0{array.shape}\0".encode())
        found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def _error(address: str, message: str, fix: str) -> FormatError:
    return FormatError(Problem(address, message, fix, "format"))
