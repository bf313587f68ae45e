"""Wiring: what a module made of modules does with its wires, at build and in a step."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.errors import Problem
from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.graph.specs import PortMap

Reader = Callable[[PortMap], Payload]


def joined_spec(address: str, specs: Sequence[PortSpec]) -> PortSpec | Problem:
    """What arrives over several wires: one keeps its shape, several are flattened and concatenated."""
    if len(specs) == 1:
        return specs[0]
    if any(s.payload_type.needs_source for s in specs):
        return Problem(
            address,
            "takes one wire only, got several; its origin sends more than an array",
            "Concatenate before, not after, the delays",
            "wire",
        )
    dtype = common_dtype(specs)
    if dtype is None:
        return Problem(
            address,
            f"joins wires whose dtypes have no common one, got {sorted({s.dtype for s in specs})}",
            "Cast at one of the origins",
            "dtype",
        )
    signs = None
    if any(s.signs is not None for s in specs):
        known = [np.ones(s.shape, np.int8) if s.signs is None else s.signs for s in specs]
        signs = np.concatenate([k.reshape(-1) for k in known])
    parts = tuple(wire for s in specs for wire in s.wires)
    size = sum(s.size for s in specs)
    traits = tuple(t for t in specs[0].traits if all(any(_alike(t, other) for other in s.traits) for s in specs))
    return PortSpec(specs[0].payload_type, (size,), dtype, signs=signs, parts=parts, traits=traits)


def _alike(trait: object, other: object) -> bool:
    """Whether two traits say the same of all elements; numbers of single ones are those of one wire."""
    values = [list(vars(one).values()) for one in (trait, other)]
    return type(trait) is type(other) and values[0] == values[1] if all(map(_plain, values)) else False


def _plain(values: list[Any]) -> bool:
    return all(np.ndim(value) == 0 for value in values)


def common_dtype(specs: Sequence[PortSpec]) -> str | None:
    """The dtype that holds what every wire brings, in whichever order they are listed; None if there is none.

    Of floats the narrowest that holds all; where some wires bring spikes as whole numbers, that of the others.
    """
    dtypes = {s.dtype for s in specs}
    floats = {d for d in dtypes if jnp.issubdtype(jnp.dtype(d), jnp.floating)}
    if len(floats) > 1:
        return "float64" if "float64" in floats else "float32"
    if floats:
        return floats.pop()
    kept = functools.reduce(np.promote_types, dtypes)
    return str(np.dtype(kept)) if kept == jax.dtypes.canonicalize_dtype(kept) else None


def gather(wires: Sequence[PortMap], read: Reader, spec: PortSpec) -> Payload:
    """The payload that several wires bring, in the order in which they are listed."""
    payloads = [read(wire) for wire in wires]
    if len(payloads) == 1:
        return payloads[0]
    flat = [p.value.reshape(-1).astype(spec.dtype) for p in payloads]
    return spec.payload_type(jnp.concatenate(flat))


def origins(inputs: Mapping[str, Sequence[PortMap]]) -> list[str]:
    """Names of the modules that feed these inputs."""
    return sorted({wire.origin for wires in inputs.values() for wire in wires})
