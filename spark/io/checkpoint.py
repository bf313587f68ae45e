"""Checkpoints: a brain in one file, to go on from in another process, bit for bit.

The file is safetensors, which other tools read too: every variable of the state under its dotted path, and as metadata
a manifest in JSON: format, version, the brain's config, the step, and SHA-256 digests. One file, because one file can
be replaced at once. What is drawn when a brain is built (connections, delays, keys) follows from its config and seed,
and is drawn again; its digest says whether it came out the same. Nothing in the file is ever run or imported: the
classes of modules are looked up in the catalogue.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.arguments import checked
from spark.core.errors import FormatError, Problem, SaveError, SparkError
from spark.core.memory import machine_memory
from spark.core.rows import read_host
from spark.core.state import Graph, State
from spark.core.strict import MOST_BYTES, check_plain, read_bounded, read_json, too_long
from spark.core.transform import STEP, split
from spark.io.atomic import write_atomically
from spark.io.sizes import memory, units
from spark.nn import Brain, BrainConfig
from spark.sim.run import build

FORMAT, VERSION = "spark checkpoint", 1
_MANIFEST = "spark"
_HEADER_BYTES = 1 << 27
_MOST_CONFIG_DEPTH = 400
_MOST_CONFIG_TEXT = 1 << 20
# Brings a manifest of an older version to the next one.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


@checked
def save_checkpoint(brain: Brain, path: str | Path) -> None:
    """Write a brain's config and state to a file, atomically: an older file of that name stays whole until then.

    Args:
        brain: The brain; it is built if it is not yet.
        path: The file.

    Raises:
        SaveError: Writing failed; or nobody could load it: a module's class is in no catalogue, or the config is
            longer than is read, as with matrices of millions of connections. Nothing is written then.
    """
    save_with_notes(brain, Path(path), {})


def save_with_notes(brain: Brain, path: Path, notes: Mapping[str, str]) -> None:
    """A checkpoint that says something beside, which goes to disk at once with the brain; see `read_notes`.

    Raises:
        SaveError: As of `save_checkpoint`.
    """
    import safetensors.numpy

    build(brain)
    graph, state = split(brain)
    try:
        config = brain.config.as_written.to_dict()
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
        "not_finite": [name for name, array in arrays.items() if not _finite(array)],
        "drawn": _digest({str(i): np.asarray(c) for i, c in enumerate(_plain(graph))}),
        "state": _digest(arrays),
    }
    plain = {n: a.view(f"u{a.dtype.itemsize}") if n in foreign else a for n, a in arrays.items()}
    data = safetensors.numpy.save(plain, metadata={**notes, _MANIFEST: _written(path, manifest)})
    write_atomically(path, data)


def _written(path: Path, manifest: Mapping[str, object]) -> str:
    """The manifest as JSON.

    Raises:
        SaveError: It is none that can be read again.
    """
    text = json.dumps(manifest, allow_nan=False)
    if len(text) > MOST_BYTES:
        fix = "Draw its connections by patterns and its values by initializers: their seed is all that is kept of them"
        raise SaveError(Problem(f"{path}: config", too_long(len(text), MOST_BYTES), fix, "format"))
    try:
        check_plain(f"{path}: config", manifest["config"], _MOST_CONFIG_DEPTH, _MOST_CONFIG_TEXT)
    except FormatError as error:
        raise SaveError(replace(p, fix="Make it shorter or flatter") for p in error.problems) from error
    return text


@checked
def load_checkpoint(path: str | Path) -> Brain:
    """The brain that `save_checkpoint` wrote, standing at its step.

    Args:
        path: The file.

    Raises:
        FormatError: The file is none of ours, damaged, of an unknown version, or does not fit the brain that its
            config describes, also not in its values: everything that is wrong.
        RegistryError: It names a module that is in no catalogue.
        ConfigError: Its config is none.
    """
    address = str(path)
    manifest, arrays = _read(Path(path))
    if manifest.get("state") != _digest(arrays):
        raise _error(address, "is damaged: its arrays do not have the digest that it states", "Take an older one")
    brain = Brain(_config(address, manifest["config"], arrays))
    build(brain)
    graph, state = split(brain)
    if arrays.get(STEP, np.zeros(())).dtype == np.int32:
        # Files of the time before steps were counted in 64 bits.
        arrays[STEP] = arrays[STEP].astype(np.int64)
    problems = [
        Problem(f"{address}: {name}", "is missing, but the brain has such a variable", "", "missing")
        for name in state
        if name not in arrays
    ]
    for name, array in arrays.items():
        problems += [replace(p, address=f"{address}: {name}") for p in _problems(state, name, array, manifest)]
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


def _problems(state: State, name: str, array: np.ndarray, manifest: dict[str, Any]) -> list[Problem]:
    """What is wrong with a variable of a file: whether the brain has it, its form, and its values."""
    if name not in state:
        return [Problem(name, "is no variable of the brain", "", "unknown")]
    slot = state.about.layout.slots[name]
    if (array.shape, str(array.dtype)) != (slot.shape, slot.dtype):
        text = f"does not fit, got {array.shape} {array.dtype}; expected {slot.shape} {slot.dtype}"
        return [Problem(name, text, "", "shape")]
    if name == STEP and not 0 <= int(array) == manifest["step"]:
        text = f"must be the step that the file states, at least 0, got {int(array)} and {manifest['step']}"
        return [Problem(name, text, "", "bounds")]
    if not _finite(array) and name not in manifest["not_finite"]:
        return [Problem(name, "holds NaN or infinity, and had none when it was saved", "Take an older one", "bounds")]
    if array.dtype == bool and array.size and array.view(np.uint8).max() > 1:
        return [Problem(name, "holds truth values that are neither 0 nor 1", "", "bounds")]
    return state.problems(name, array)


def _config(address: str, data: Any, arrays: dict[str, np.ndarray]) -> BrainConfig:
    """The brain's config, if the file can hold the state of such a brain.

    Raises:
        ConfigError: It is none.
        FormatError: It describes a brain that is larger than its state in the file, or than memory.
    """
    check_plain(f"{address}: config", data, _MOST_CONFIG_DEPTH, _MOST_CONFIG_TEXT)
    try:
        config = BrainConfig.from_dict(data)
    except SparkError:
        raise
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise _error(f"{address}: config", f"describes no brain: {error}", "Take an older one") from error
    most = max((array.size for array in arrays.values()), default=0)
    problems = [
        Problem(f"{address}: config.{path}", f"has {size:,} units, and the file holds {most:,} at most", "", "size")
        for path, size in units(config)
        if size > most
    ]
    wanted = memory(config)
    if wanted > machine_memory():
        text = f"describes a brain of {wanted / 1e9:,.0f} GB, and this machine has {machine_memory() / 1e9:,.0f} GB"
        problems.append(Problem(f"{address}: config", text, "", "size"))
    if problems:
        raise FormatError(problems)
    return config


def checkpoint_step(path: str | Path) -> int:
    """The step at which a checkpoint was saved, if its file is whole.

    Raises:
        FormatError: It is not.
    """
    manifest, arrays = _read(Path(path))
    if manifest.get("state") != _digest(arrays):
        raise _error(str(path), "is damaged: its arrays do not have the digest that it states", "Take an older one")
    return int(manifest["step"])


def read_notes(path: Path) -> dict[str, str]:
    """What a checkpoint says beside its brain.

    Raises:
        FormatError: It is no checkpoint.
    """
    said = _header(path)
    _said_in(path, said)
    return {name: text for name, text in said["__metadata__"].items() if name != _MANIFEST}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    import safetensors.numpy

    address = str(path)
    manifest = _manifest(path)
    data = read_bounded(path, machine_memory())
    try:
        arrays = safetensors.numpy.load(data)
        for name, dtype in manifest["dtypes"].items():
            if not jnp.issubdtype(jnp.dtype(dtype), jnp.number):
                raise _error(f"{address}: dtypes.{name}", f"is no type of numbers, got {dtype!r}", "Take an older one")
            arrays[name] = arrays[name].view(jnp.dtype(dtype))
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, safetensors.SafetensorError) as error:
        if isinstance(error, FormatError):
            raise
        raise _error(address, f"is no checkpoint: {error!r}", "Save one with `spark.save_checkpoint`") from error
    return manifest, arrays


def _manifest(path: Path) -> dict[str, Any]:
    """What a file says of itself, read before anything else of it."""
    return _said_in(path, _header(path))


def _header(path: Path) -> Any:
    address = str(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            first = file.read(8)
            header = int.from_bytes(first, "little")
            if len(first) < 8 or header > min(size - 8, _HEADER_BYTES):
                fix = "Name a file that `spark.save_checkpoint` or `spark learn` wrote"
                raise _error(address, "is no checkpoint: its header does not fit the file", fix)
            text = file.read(header)
    except (OSError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        # A name that no system can have is a `ValueError`.
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise _error(address, f"cannot be read: {why}", "Check the path") from error
    return read_json(address, text, _HEADER_BYTES)


def _said_in(path: Path, said: Any) -> dict[str, Any]:
    address = str(path)
    try:
        inner = said["__metadata__"][_MANIFEST]
        return _migrated(address, read_json(address, inner))
    except (KeyError, TypeError) as error:
        raise _error(address, f"is no checkpoint: {error!r}", "Save one with `spark.save_checkpoint`") from error


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
    manifest.setdefault("not_finite", [])
    forms = {"config": dict, "step": int, "dtypes": dict, "not_finite": list, "state": str, "drawn": str}
    for name, form in forms.items():
        if type(manifest.get(name)) is not form:
            raise _error(f"{address}: {name}", f"is missing or no {form.__name__}", "Take an older checkpoint")
    if not 0 <= manifest["step"] < 1 << 63:
        raise _error(f"{address}: step", f"is no step, got {manifest['step']}", "Take an older checkpoint")
    return manifest


def _finite(array: np.ndarray) -> bool:
    # Types that NumPy does not know are those that only JAX has, such as bfloat16: floating all the same.
    kinds = jnp.issubdtype(array.dtype, jnp.floating)
    return not kinds or bool(np.isfinite(array.astype(np.float32) if array.dtype.kind == "V" else array).all())


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
