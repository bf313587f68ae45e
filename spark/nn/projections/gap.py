"""Projections of potentials: gap junctions, through which currents flow from unit to unit."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.payloads import PotentialArray
from spark.core.ports import Couples, MeasuredFrom, PortSpec
from spark.core.variable import Constant
from spark.kernels.rows import Rows
from spark.kernels.scatter import scatter_spikes
from spark.nn.projections.static import ArrivalsOutput, ListedProjections


class GapProjections(ListedProjections):
    """Sums of conductance times potential over the gap junctions of each unit: what would flow in at a potential of 0.

    Junctions among the units of one pool join both ways: of what the pattern draws from i to j and from j to i the
    greater conductance counts for both. Junctions with another pool are as each of the two projections says.

    Sums are float32, by source, then by target.

    Input ports: `potentials` (mV), of all wires together, (sources,). Output ports: `arrivals` (pA), float32, shape of
    the units, with the trait `Couples`.
    Variables: `arriving`, float32 (1, units), a ring of one row.

    Raises:
        ConfigError: A conductance is negative.
    """

    unit_ports = ("arrivals",)
    sent = "potentials"

    def build(self, potentials: PortSpec) -> None:
        """Draw connections and conductances."""
        self.prepare_lists(potentials)
        # Every source sends in every step.
        self.all_send = Constant(np.ones(potentials.size, np.int8))

    def draw(self, parts: tuple[PortSpec, ...]) -> tuple[Rows, int]:
        """The connections, one conductance each; those among the units of the pool itself both ways."""
        rows, _ = super().draw(parts)
        pre = np.repeat(np.arange(rows.starts.size - 1), np.diff(rows.starts))
        post, nanosiemens = rows.post.astype(np.int64), _of_each(rows, pre)
        if post.size and nanosiemens.min() < 0:
            raise ConfigError(
                Problem(
                    self.drawn[0].addresses[1],
                    f"must be at least 0 nS at gap junctions, got {nanosiemens.min():g}",
                    "Give conductances; a current flows either way through them",
                    "bounds",
                )
            )
        found = []
        for first, part in zip(self.firsts, parts, strict=False):
            here = (pre >= first) & (pre < first + part.size)
            table = (pre[here] - first, post[here], nanosiemens[here])
            sources, targets, conductances = _joined_both_ways(*table) if self._is_own(part) else table
            found.append((sources + first, targets, conductances))
        pre, post, nanosiemens = (np.concatenate(column) for column in zip(*found, strict=True))
        starts = np.searchsorted(pre, np.arange(rows.starts.size)).astype(np.int32)
        self._couples = Couples(*self._sums(parts, pre, post, nanosiemens))
        return Rows(starts, post.astype(rows.post.dtype), nanosiemens.astype(np.float32), None), 0

    def joins_both_ways(self, name: str) -> bool:
        """Whether the projection of this `name`, or the only one, joins units of the pool itself."""
        wires = self.input_specs[self.sent].wires
        found = [part for drawn, part in zip(self.drawn, wires, strict=True) if drawn.name == name] or wires
        return len(found) == 1 and self._is_own(found[0])

    def _is_own(self, part: PortSpec) -> bool:
        """Whether a wire comes from the pool that it ends at."""
        return part.wire is not None and part.wire.origin == self.path.split(".")[-2]

    def _sums(
        self, parts: tuple[PortSpec, ...], pre: np.ndarray, post: np.ndarray, nanosiemens: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of each unit all its conductances, nS, and their sum times what potentials are measured from, pA."""
        zeros = [part.trait(MeasuredFrom) for part in parts]
        pairs = zip(zeros, parts, strict=True)
        rests = [np.broadcast_to(0.0 if zero is None else zero.potential, part.shape).ravel() for zero, part in pairs]
        made = [
            np.bincount(post, given, self.post) for given in (nanosiemens, nanosiemens * np.concatenate(rests)[pre])
        ]
        return made[0].reshape(self.units), made[1].reshape(self.units)

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """How strongly units are coupled."""
        return {name: replace(spec, traits=(self._couples,)) for name, spec in outputs.items()}

    def __call__(self, potentials: PotentialArray) -> ArrivalsOutput:
        """Advance one step."""
        millivolts, ones = potentials.value.reshape(-1).astype(jnp.float32), jnp.asarray(self.all_send.value)
        ring = scatter_spikes(ones, self.connected, self.arriving.value, 0, False, amplitudes=millivolts)
        self.arriving.value = jnp.zeros_like(ring)
        return {"arrivals": self.arrived(ring[0])}


def _of_each(rows: Rows, pre: np.ndarray) -> np.ndarray:
    """The weight of each connection, float64."""
    weights = np.asarray(rows.weights, np.float64)
    if weights.size in (1, pre.size):
        return np.broadcast_to(weights, pre.shape)
    return weights[pre]


def _joined_both_ways(
    pre: np.ndarray, post: np.ndarray, nanosiemens: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same list with every junction in both directions, the greater conductance of two, and none of a unit itself.

    Several connections of one direction are as many junctions side by side, and add up.
    """
    size = max(pre.max(initial=-1), post.max(initial=-1)) + 1
    apart = pre != post
    key, which = np.unique(pre[apart] * size + post[apart], return_inverse=True)
    there = np.bincount(which, nanosiemens[apart], key.size)
    low, high = np.minimum(key // size, key % size), np.maximum(key // size, key % size)
    pair, which = np.unique(low * size + high, return_inverse=True)
    greatest = np.zeros(pair.size)
    np.maximum.at(greatest, which, there)
    low, high = pair // size, pair % size
    sources, targets, both = np.r_[low, high], np.r_[high, low], np.r_[greatest, greatest]
    order = np.lexsort((targets, sources))
    return sources[order], targets[order], both[order]
