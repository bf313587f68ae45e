"""`EventRule`: the base of all rules that are a table of traces and terms."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import Problem
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Constant, Variable
from spark.kernels import Plastic, Third, stdp_dense, stdp_edges
from spark.kernels.rule_table import factors
from spark.nn.edge_weights import EdgeWeights
from spark.nn.plasticity.rule import PlasticityOutput
from spark.nn.plasticity.table_check import checked_table
from spark.nn.plasticity.third_factor import ModulatedRuleConfig
from spark.nn.plasticity.traces import advance, advance_ring, history_of
from spark.nn.plasticity.weight_rule import WeightRule, require_moving, require_within


class EventRuleConfig(ModulatedRuleConfig):
    """What most rules share. Amplitudes and bounds are in units of `weight_unit`."""

    rate: Number = field(1.0, least=0, description="Learning rate: a factor of all amplitudes.")
    minimum: Number = field(0.0, description="Least weight, in units of `weight_unit`.")
    maximum: Number | None = field(
        None, description="Greatest weight, in units of `weight_unit`; left out, twice the greatest first weight."
    )
    soft_bounds: bool = field(
        False, description="Whether growth shrinks with the room below maximum, and decline with that above minimum."
    )
    weight_unit: Number | None = field(
        None,
        above=0,
        description="Weight that counts as 1, in the receptor's unit; left out, the mean of the first weights.",
    )

    @property
    def active(self) -> bool:
        """Whether weights change at all."""
        return self.rate > 0

    def problems(self) -> list[Problem]:
        """Bounds in order, and those of a modulated rule."""
        if self.maximum is None or self.minimum < self.maximum:
            return super().problems()
        text = f"must be above minimum ({self.minimum}), got {self.maximum}"
        return [Problem("maximum", text, "", "bounds"), *super().problems()]

    def numbers(self, address: str, first: np.ndarray, dtype: str) -> np.ndarray:
        """The table for the kernels, in the receptor's unit.

        Args:
            address: Of the config, for errors.
            first: First weights, in the receptor's unit, as float32.
            dtype: In which weights are held.

        Raises:
            ConfigError: A first weight lies outside of the bounds, or no spike would move the weights in that dtype.
            ModuleError: The config's `table` is none; see `checked_table`.
        """
        most = float(first.max()) if first.size else 0.0
        unit = self.weight_unit or (float(np.abs(first).mean()) if first.size else 0.0) or 1.0
        minimum = self.minimum * unit
        maximum = (2 * most or unit) if self.maximum is None else self.maximum * unit
        require_within(address, first, minimum, maximum, dtype, unit)
        table = checked_table(f"{address.removesuffix('.config')}.table", self.table).scaled(self.rate, unit)
        if self.active and not self.modulated:
            require_moving(f"{address}.rate", first, table, dtype)
        if self.soft_bounds:
            table = table.softened(minimum, maximum)
        return table.coefficients(minimum, maximum)


class EventRule(WeightRule):
    """A rule that changes weights where a spike touches them; its config's `table` says how.

    Traces decay exactly, exp(-dt/tau) a step, and jump at a spike. Order of update in a step: traces decay; where a
    presynaptic spike arrives, weights change by the terms `at_pre`, and are clipped; where the postsynaptic unit fired,
    by the terms `at_post`, and are clipped; last, traces take this step's spikes. So spikes of one step do not see each
    other, and a spike from before does whatever its lag is. Through delays, a presynaptic spike counts when it arrives.

    The sign of a presynaptic spike plays no part: the weight of an inhibitory connection is the strength of its
    inhibition, and stays within the bounds like any other. A connection that does not exist never appears.

    With `eligibility_tau` the rule is modulated: what spikes would change goes to an eligibility, and the third factor
    `modulation` moves the weights; see `ThirdFactor`.

    While nothing is learned (`run(..., learning=False)`) traces go on, no weight moves, and no connection is marked.

    Input ports: `pre_spikes`, `post_spikes`, `weights`, and `modulation` of a modulated rule: one number, or one for
    each postsynaptic unit. Output ports: `weights`, shape and dtype as they came.
    Variables: `pre_traces` (traces, slots, pre), `post_traces` (traces, post); of a modulated rule `eligibility`,
    `moved`, `waiting`, and `pending` where weights do not move in every step.

    Raises:
        ConfigError: A first weight lies outside of the bounds, or spikes move weights by less than their dtype can
            hold; of a modulated rule nobody knows by how much.
        InputError: Weights are not of shape (pre, post).
    """

    config: ModulatedRuleConfig
    unit_ports = ("post_spikes", "weights")

    def build(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None = None
    ) -> None:
        """Traces, the table in the receptor's unit, and what a modulated rule needs."""
        self.take_wires(pre_spikes, post_spikes, weights)
        first = np.ones(1) if weights.source is None else weights.source.weights.reset_value
        address = f"{self.path or type(self).__name__}.config"
        self.coefficients = Constant(self.config.numbers(address, np.asarray(first, np.float32), weights.dtype))
        table, dt = self.config.table(), self.config.dt
        self.pre_factors = tuple(float(f) for f in factors(table.pre, dt))
        self.post_factors = tuple(float(f) for f in factors(table.post, dt))
        self.pre_kinds, self.post_kinds = table.pre, table.post
        self.pre_traces = Variable(
            np.zeros((len(table.pre), self.slots, self.pre_units), np.float32),
            description="Presynaptic traces; of the last steps, where there are delays.",
        )
        self.post_traces = Variable(
            np.zeros((len(table.post), post_spikes.size), np.float32), description="Postsynaptic traces."
        )
        self.baseline = None
        if table.pull is not None:
            held = Variable if weights.source is not None and weights.source.rewires else Constant
            self.baseline = held(np.broadcast_to(np.asarray(first, np.float32), weights.shape).copy())
        self.prepare_third(weights, modulation)

    def __call__(
        self,
        pre_spikes: SpikeArray,
        post_spikes: SpikeArray,
        weights: FloatArray,
        modulation: FloatArray | None = None,
    ) -> PlasticityOutput:
        """Advance one step."""

        def at_spikes(plastic: Plastic, third: Third) -> Plastic:
            return self.at_spikes(pre_spikes, post_spikes, weights, plastic, third)

        if self.third is None or modulation is None:
            changed = at_spikes(Plastic.alone(weights.value.astype(jnp.float32)), Third.none()).weights
        else:
            changed = self.third.step(self, weights, modulation, at_spikes)
        return {"weights": FloatArray(changed.astype(weights.value.dtype))}

    def at_spikes(
        self, pre_spikes: SpikeArray, post_spikes: SpikeArray, weights: FloatArray, plastic: Plastic, third: Third
    ) -> Plastic:
        """Advance the traces, and do what this step's spikes do.

        Args:
            pre_spikes: Of the sources, (pre,), as they arrive; with delays a `DelayedSpikes`.
            post_spikes: Of the units, (post,).
            weights: As they came: a matrix, or the `EdgeWeights` of a list.
            plastic: The same weights, and the eligibility, which change.
            third: The third factor of this step, or `Third.none()`.
        """
        post = post_spikes.value.reshape(-1).astype(jnp.int8)
        read, self.post_traces.value = advance(self.post_kinds, self.post_factors, self.post_traces.value, post != 0)
        coefficients = jnp.asarray(self.coefficients.value)
        baseline = None if self.baseline is None else jnp.asarray(self.baseline.value)
        if isinstance(pre_spikes, DelayedSpikes):
            ring = advance_ring(self.pre_kinds, self.pre_factors, self.pre_traces.value, pre_spikes, self.step)
            self.pre_traces.value = ring
        else:
            arrived = pre_spikes.value.reshape(-1).astype(jnp.int8)
            kept = self.pre_traces.value[:, 0]
            decayed, kept = advance(self.pre_kinds, self.pre_factors, kept, arrived != 0)
            self.pre_traces.value = kept[:, None]
            if not isinstance(weights, EdgeWeights):
                return stdp_dense(plastic, arrived, decayed, post, read, third, coefficients, baseline=baseline)
            ring = decayed[:, None]
        assert isinstance(weights, EdgeWeights)
        slot = jnp.asarray(self.step % ring.shape[1])
        history, edges = history_of(pre_spikes), weights.edges
        return stdp_edges(plastic, history, ring, post, read, slot, edges, third, coefficients, baseline=baseline)

    def first_weights(self) -> list[Variable]:
        """Those that the rule pulls to."""
        return [self.baseline] if isinstance(self.baseline, Variable) else []
