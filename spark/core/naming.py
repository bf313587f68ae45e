"""Paths of variables, constants and random keys, and what a module may not hold."""

import zlib
from typing import Any

import jax
import numpy as np

from spark.core.errors import ModuleError, Problem
from spark.core.part import Part
from spark.core.tree import CACHE, leaves_of, reader_of_step, walk
from spark.core.variable import Constant, RandomKey, Variable


def name_parts(module: Part) -> None:
    """Give variables, constants and keys their paths, and refuse arrays that are neither."""
    for prefix, part in walk(module):
        _refuse_bare_arrays(part, ".".join(p for p in (module._path, prefix) if p))
        for name, value in vars(part).items():
            if isinstance(value, RandomKey):
                value._step = reader_of_step(part)
                sequence = np.random.SeedSequence([*part.entropy(), zlib.crc32(name.encode())])
                value.initial = sequence.generate_state(2, np.uint32)
    for kind in (Variable, Constant):
        for path, leaf in leaves_of(module, kind).items():
            leaf.path = f"{module._path}.{path}" if module._path else path


def _refuse_bare_arrays(part: Any, address: str) -> None:
    for name, value in vars(part).items():
        if isinstance(value, (np.ndarray, jax.Array)) and not name.startswith("_"):
            raise ModuleError(
                Problem(
                    f"{address or type(part).__name__}.{name}",
                    "is a bare array, which would be frozen into the compiled step",
                    "Wrap it: `spark.Variable(...)` if it changes, `spark.Constant(...)` if not",
                    "bare",
                )
            )
        if _hides(_unseen(value) if name == CACHE else value):
            raise ModuleError(
                Problem(
                    f"{address or type(part).__name__}.{name}",
                    f"is a {type(value).__name__} that holds variables, constants or modules, which no state finds",
                    "Make each an attribute of its own: `setattr(self, f'layer_{n}', spark.Variable(...))`; or stack "
                    "them as rows of one variable",
                    "hidden",
                )
            )


def _unseen(cache: Any) -> Any:
    """What of an attribute `cache` is not found by itself: in a dict of that name variables and constants are."""
    if not isinstance(cache, dict):
        return cache
    return {name: value for name, value in cache.items() if not isinstance(value, (Variable, Constant))}


def _hides(value: Any) -> bool:
    """Whether a container holds something that is only found as an attribute."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_hides(v) or isinstance(v, (Part, Variable, Constant)) for v in value)
    return isinstance(value, dict) and _hides(list(value.values()))
