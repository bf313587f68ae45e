"""Weights that know their connections."""

from dataclasses import dataclass
from typing import Any

import jax

from spark.core.payloads import FloatArray
from spark.core.ports import PortSpec
from spark.kernels import Edges


@dataclass(frozen=True)
class EdgeWeights(FloatArray):
    """One weight for each connection of a list, and the list.

    Attributes:
        value: Weights, shape (connections,), in the order of the edges.
        edges: Who is connected with whom, and with which delay.
    """

    needs_source = True
    value: Any
    edges: Edges

    @classmethod
    def abstract(cls, spec: PortSpec) -> "EdgeWeights":
        """Shapes without values; the synapses at the other end of the wire know them."""
        edges = jax.tree.map(lambda c: jax.ShapeDtypeStruct(c.shape, c.dtype), spec.source.edge_arrays())
        return cls(jax.ShapeDtypeStruct(spec.shape, spec.dtype), edges)


jax.tree_util.register_dataclass(EdgeWeights, data_fields=["value", "edges"], meta_fields=[])
