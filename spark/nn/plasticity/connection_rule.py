"""`ConnectionRule`: the base of rules that are array code, for the units and for one connection."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import ModuleError, Problem
from spark.core.parameter import Scalar, decay
from spark.core.part import is_ours
from spark.core.payloads import FloatArray, PotentialArray, SpikeArray
from spark.core.ports import MeasuredFrom, PortSpec
from spark.core.values import Number
from spark.core.variable import Constant, Variable
from spark.kernels import Plastic, Third
from spark.kernels.connection_change import Touched, changed
from spark.nn.edge_weights import EdgeWeights
from spark.nn.plasticity.rule import PlasticityOutput
from spark.nn.plasticity.single import require_single
from spark.nn.plasticity.third_factor import ModulatedRuleConfig
from spark.nn.plasticity.traces import history_of
from spark.nn.plasticity.weight_rule import WeightRule, require_within
from spark.nn.plasticity.written import no_unit_values, require_acts, require_changes, require_given, unwritten_units


class ConnectionRuleConfig(ModulatedRuleConfig):
    """Bounds of the weights, in the receptor's unit."""

    minimum: Number = field(0.0, description="Least weight, in the receptor's unit.")
    maximum: Number = field(1.0, description="Greatest weight, in the receptor's unit.")

    def problems(self) -> list[Problem]:
        """Bounds in order, and those of a modulated rule."""
        found = super().problems()
        if self.maximum is not None and self.minimum >= self.maximum:
            text = f"must be above minimum ({self.minimum:g}), got {self.maximum:g}"
            found.append(Problem("maximum", text, "Swap them", "bounds"))
        return found

    def bounds(self, first: np.ndarray) -> tuple[float, float]:
        """Least and greatest weight, in the receptor's unit, of connections with these weights at `first`, float32."""
        return self.minimum, self.maximum


class UnitValues(NamedTuple):
    """What a step of the units gives.

    Attributes:
        pre: By the names of `pre_values`, float32 (pre,).
        post: By the names of `post_values`, float32 (post,).
        acts: At which postsynaptic units `at_post` happens, booleans (post,); None for all.
    """

    pre: dict[str, jax.Array]
    post: dict[str, jax.Array]
    acts: jax.Array | None = None


class ConnectionRule(WeightRule):
    """A rule as array code: what is kept of each unit, and by how much an event changes a weight through it.

    A subclass names the values in `pre_values` and `post_values`, makes its variables in `build`, advances them in
    `units`, and says in `at_pre` and `at_post` by how much a weight changes. These two are written for float32 arrays
    of any shape, element by element: they are compiled to loops over the connections that an event touches.

    Order of update in a step: `units`; then, where a presynaptic spike arrives, weights change by `at_pre`, and are
    clipped; then, at the units that act, by `at_post`, and are clipped. Through delays a spike counts when it arrives,
    and presynaptic values are those of the step in which it was sent.

    With `eligibility_tau` the rule is modulated: changes go to an eligibility; see `ThirdFactor`.

    Input ports: `pre_spikes`, (pre,); `post_spikes`, (post,); `weights`, (pre, post), or those of a list of
    connections; and `modulation` of a modulated rule, one number, or one for each postsynaptic unit. Output ports:
    `weights`, shape and dtype as they came.
    Variables: those of the subclass; `pre_ring` (values, slots, pre), where there are delays; those of a modulated
    rule.

    Class attributes:
        pre_values: Names of what `units` gives of a presynaptic unit, at most eight.
        post_values: Names of what it gives of a postsynaptic one, likewise.

    Raises:
        ConfigError: A first weight lies outside of the bounds.
        InputError: Weights are not of shape (pre, post).
        ModuleError: The subclass writes neither `at_pre` nor `at_post`, or takes in them, or gives in `units`, other
            values than it names; or a change mixes connections, or something that it gives has another shape or kind.
    """

    config: ConnectionRuleConfig
    pre_values: tuple[str, ...] = ()
    post_values: tuple[str, ...] = ()
    # Input ports that `units` takes beside spikes.
    read_by_units: tuple[str, ...] = ()

    def build(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None = None
    ) -> None:
        """What all such rules need; a subclass adds its variables."""
        self._prepare_rule(pre_spikes, post_spikes, weights, modulation)

    def _prepare_rule(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None
    ) -> None:
        """Look at what is wired, and make what all such rules keep; `modulation` is that of a third factor."""
        self._require_written()
        self.take_wires(pre_spikes, post_spikes, weights)
        first = np.zeros(0, np.float32)
        if weights.source is not None:
            first = np.asarray(weights.source.weights.reset_value, np.float32)
        bounds = self.config.bounds(first)
        require_within(f"{self.path or type(self).__name__}.config", first, *bounds, weights.dtype)
        self.coefficients = Constant(np.array(bounds, np.float32))
        self.ringed = self.delayed and bool(self.pre_values)
        if self.ringed:
            empty = np.zeros((len(self.pre_values), self.slots, self.pre_units), np.float32)
            self.pre_ring = Variable(empty, description="Presynaptic values of the last steps.")
        self.prepare_third(weights, modulation)

    def _require_written(self) -> None:
        """Refuse a rule that would silently leave weights as they are; one that overrides how it steps may do so."""
        cls, names = type(self), (*self.pre_values, *self.post_values)
        if cls.changes is ConnectionRule.changes and cls.advance is ConnectionRule.advance:
            changes = {"at_pre": self.at_pre, "at_post": self.at_post}
            require_changes(cls, ConnectionRule, self.path or cls.__name__, changes, names)

    def pre_trace_of(self, description: str = "A trace of presynaptic spikes.") -> Variable:
        """A variable with this `description` and a number for each presynaptic unit, float32 (pre,); it begins at 0."""
        return Variable(np.zeros(self.pre_units, np.float32), description=description)

    def post_trace_of(self, description: str = "A trace of postsynaptic spikes.") -> Variable:
        """Likewise for each postsynaptic one, float32 (post,), with this `description`."""
        return Variable(np.zeros(self.post_units, np.float32), description=description)

    def factor(self, tau: float) -> np.float32:
        """Decay in a step of a trace with the time constant `tau`, ms."""
        return np.float32(decay(self.config.dt, tau))

    def units(self, pre: jax.Array, post: jax.Array) -> UnitValues:
        """One step of what is kept of the units; a subclass writes it.

        Args:
            pre: 1 where a presynaptic unit fired in this step, float32 (pre,).
            post: Likewise of the postsynaptic ones, (post,).

        Raises:
            ModuleError: Nobody wrote it.
        """
        raise ModuleError(unwritten_units(self.path or type(self).__name__))

    def at_pre(self, weight: jax.Array, **values: jax.Array) -> Numeric | None:
        """The change where a presynaptic spike arrives, in the receptor's unit, shape of the weights; None for none.

        Args:
            weight: The weights before, in the receptor's unit, of any shape.
            **values: Of `pre_values` and `post_values`, by name, each in the shape of the weights.
        """
        return None

    def at_post(self, weight: jax.Array, **values: jax.Array) -> Numeric | None:
        """The change at the postsynaptic units that act, in the receptor's unit, shape of the weights; None for none.

        Args:
            weight: As of `at_pre`, of any shape.
            **values: As of `at_pre`, each in the shape of the weights.
        """
        return None

    def __call__(
        self,
        pre_spikes: SpikeArray,
        post_spikes: SpikeArray,
        weights: FloatArray,
        modulation: FloatArray | None = None,
    ) -> PlasticityOutput:
        """Advance one step."""
        return self.advance(pre_spikes, weights, modulation, post=fired(post_spikes))

    def advance(
        self, pre_spikes: SpikeArray, weights: FloatArray, modulation: FloatArray | None, /, **given: jax.Array
    ) -> PlasticityOutput:
        """Advance the units, and change the weights.

        Args:
            pre_spikes: Of the sources, (pre,).
            weights: (pre, post), or those of a list.
            modulation: The third factor of a modulated rule.
            **given: What `units` takes beside `pre`, each of shape (post,).

        Raises:
            ModuleError: `units`, `at_pre` or `at_post` gives something of another shape or kind, or mixes connections.
        """
        delayed = isinstance(pre_spikes, DelayedSpikes)
        sent = (pre_spikes.history[0, 0] & jnp.uint32(1)) if delayed else pre_spikes.value.reshape(-1) != 0
        address = self.path or type(self).__name__
        values = self.units(pre=sent.astype(jnp.float32), **given)
        if not isinstance(values, UnitValues):
            raise ModuleError(no_unit_values(address, values))
        require_given(address, "pre", values.pre, self.pre_values, self.pre_units)
        require_given(address, "post", values.post, self.post_values, self.post_units)
        require_acts(address, values.acts, self.post_units)
        if isinstance(weights.value, Tracer) and not is_ours(type(self)):
            for name, change in zip(("at_pre", "at_post"), self.changes(), strict=True):
                require_single(f"{address}.{name}", change, len(self.pre_values) + len(self.post_values))
        pre = _stacked(values.pre, self.pre_values, self.pre_units)[:, None]
        post = _stacked(values.post, self.post_values, self.post_units)
        if self.ringed:
            row = jnp.asarray(self.step % self.slots)
            pre = self.pre_ring.value.at[:, row].set(pre[:, 0])
            self.pre_ring.value = pre
        acts = jnp.ones(self.post_units, bool) if values.acts is None else values.acts
        edges = weights.edges if isinstance(weights, EdgeWeights) else None
        slot = jnp.asarray(self.step % self.slots)
        touched = Touched(history_of(pre_spikes), acts, pre, post, slot, edges)

        def at_spikes(plastic: Plastic, third: Third) -> Plastic:
            return changed(plastic, touched, third, jnp.asarray(self.coefficients.value), *self.changes())

        if self.third is None or modulation is None:
            new = at_spikes(Plastic.alone(weights.value.astype(jnp.float32)), Third.none()).weights
        else:
            new = self.third.step(self, weights, modulation, at_spikes)
        return {"weights": FloatArray(new.astype(weights.value.dtype))}

    def changes(self) -> tuple[Callable[..., Numeric | None], Callable[..., Numeric | None]]:
        """`at_pre` and `at_post` as functions of arrays of one shape: the weight, then the values as they are named."""
        names = (*self.pre_values, *self.post_values)

        def of(change: Callable[..., Numeric | None]) -> Callable[..., Numeric | None]:
            return lambda weight, *values: change(weight, **dict(zip(names, values, strict=True)))

        return of(self.at_pre), of(self.at_post)


class PotentialRule(ConnectionRule):
    """A `ConnectionRule` whose `units` also takes the potential of the postsynaptic units, float32 (post,).

    It is the potential of the soma, or of the compartment that the config names, after this step, mV, above what it is
    measured from.

    Ports are those of `ConnectionRule`, and the input `potential`, mV, (post,).
    """

    config: ConnectionRuleConfig
    read_by_units = ("potential",)

    def build(
        self,
        pre_spikes: PortSpec,
        post_spikes: PortSpec,
        weights: PortSpec,
        potential: PortSpec,
        modulation: PortSpec | None = None,
    ) -> None:
        """What all such rules need; a subclass adds its variables."""
        self._prepare_rule(pre_spikes, post_spikes, weights, modulation)

    def above(self, name: str, level: float, potential: PortSpec, post: PortSpec) -> Scalar | Constant:
        """A potential of the config by its `name`, mV, above what the `potential` that is wired is measured from.

        Args:
            name: Of the field, for errors.
            level: What the config says, mV.
            potential: The input port.
            post: That of postsynaptic spikes, which says how many units there are.
        """
        zero = potential.trait(MeasuredFrom)
        above = np.subtract(level, 0.0 if zero is None else zero.potential)
        return self.make(name, above.reshape(-1) if above.ndim else above, (post.size,))

    def units(self, pre: jax.Array, post: jax.Array, potential: jax.Array | None = None) -> UnitValues:
        """As of `ConnectionRule`, with the `potential`.

        Raises:
            ModuleError: Nobody wrote it.
        """
        raise ModuleError(unwritten_units(self.path or type(self).__name__))

    def __call__(
        self,
        pre_spikes: SpikeArray,
        post_spikes: SpikeArray,
        weights: FloatArray,
        potential: PotentialArray,
        modulation: FloatArray | None = None,
    ) -> PlasticityOutput:
        """Advance one step."""
        v = potential.value.reshape(-1).astype(jnp.float32)
        return self.advance(pre_spikes, weights, modulation, post=fired(post_spikes), potential=v)


def _stacked(values: dict[str, jax.Array], names: tuple[str, ...], units: int) -> jax.Array:
    """The values in the order of their names, float32 (values, units)."""
    rows = [values[name].astype(jnp.float32) for name in names]
    return jnp.stack(rows) if rows else jnp.zeros((0, units), jnp.float32)


def fired(spikes: SpikeArray) -> jax.Array:
    """1 where a spike is, of whatever sign, float32, one row."""
    return (spikes.value.reshape(-1) != 0).astype(jnp.float32)
