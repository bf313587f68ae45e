"""Wiring: what a module made of modules does with its wires, at build and in a step."""

from collections.abc import Callable, Mapping, Sequence

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
    signs = None
    if any(s.signs is not None for s in specs):
        known = [np.ones(s.shape, np.int8) if s.signs is None else s.signs for s in specs]
        signs = np.concatenate([k.reshape(-1) for k in known])
    size, parts = sum(s.size for s in specs), tuple(s.shape for s in specs)
    return PortSpec(specs[0].payload_type, (size,), specs[0].dtype, signs=signs, parts=parts)


def gather(wires: Sequence[PortMap], read: Reader, spec: PortSpec) -> Payload:
    """The payload that several wires bring, in the order in which they are listed."""
    payloads = [read(wire) for wire in wires]
    if len(payloads) == 1:
        return payloads[0]
    flat = [p.value.reshape(-1).astype(spec.dtype) for p in payloads]
    return spec.payload_type(jnp.concatenate(flat))  # type: ignore[call-arg]


def origins(inputs: Mapping[str, Sequence[PortMap]]) -> list[str]:
    """Names of the modules that feed these inputs."""
    return sorted({wire.origin for wires in inputs.values() for wire in wires})
