"""The default rule: triplet potentiation, pair depression, heterosynaptic decay, transmitter-induced growth."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import InputError, Problem
from spark.core.parameter import decay
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.share import Cut, Share
from spark.core.values import Number
from spark.core.variable import Constant, Variable
from spark.kernels import Edges, zenke_edges
from spark.kernels.program import ZENKE, Place
from spark.nn.edge_weights import EdgeWeights
from spark.nn.lowering import Arriving, Change, Lowering
from spark.nn.plasticity.dense import zenke_dense
from spark.nn.plasticity.rule import PlasticityOutput, Rule, RuleConfig


class ZenkeRuleConfig(RuleConfig):
    """Parameters of `ZenkeRule`. Weights are measured in units of the pool's mean first weight."""

    pre_tau: Number = field(20.0, unit="ms", above=0, description="Decay of the presynaptic trace.")
    post_tau: Number = field(20.0, unit="ms", above=0, description="Decay of the postsynaptic trace.")
    post_slow_tau: Number = field(100.0, unit="ms", above=0, description="Decay of the slow postsynaptic trace.")
    a: Number = field(1.0, least=0, description="Triplet potentiation at a postsynaptic spike.")
    b: Number = field(2.0, least=0, description="Depression when a presynaptic spike arrives.")
    c: Number = field(100.0, least=0, description="Pull towards the first weight at bursts.")
    d: Number = field(0.3, least=0, description="Growth when a presynaptic spike arrives.")
    gamma: Number = field(0.001, least=0, description="Learning rate; 0 turns the rule off.")
    minimum: Number = field(0.0, least=0, description="Least weight.")
    maximum: Number = field(2.0, above=0, description="Greatest weight.")

    @property
    def active(self) -> bool:
        """Whether weights change at all."""
        return self.gamma > 0

    def problems(self) -> list[Problem]:
        """Bounds in order."""
        if self.minimum < self.maximum:
            return []
        return [Problem("maximum", f"must be above minimum ({self.minimum}), got {self.maximum}", "", "bounds")]


class ZenkeRule(Rule):
    """A Hebbian rule that keeps itself in bounds (Zenke, Agnes & Gerstner 2015).

    Traces jump by 1 at a spike and decay exactly: x (presynaptic, as it arrives at the synapse), y and z (fast and
    slow, postsynaptic). W0 is the first weight, the unit of weight the mean of W0. In a step, traces decay first;
    then, with traces that do not hold this step's spikes yet,

        where a presynaptic spike arrives:   W <- clip(W + gamma * (d - b*y))
        where the postsynaptic unit fired:   W <- clip(W + gamma*a*x*z - min(gamma*c*y^3, 1)*(W - W0))

    in this order; last, traces take this step's spikes. The sign of a presynaptic spike plays no part: the weight of
    an inhibitory connection is the strength of its inhibition. A connection that does not exist never appears.

    Input ports: `pre_spikes`, `post_spikes`, `weights`. Output ports: `weights`.
    Variables: `pre_trace` (slots, pre), `post_trace`, `slow_trace`.
    Source: doi:10.1038/ncomms7922, equation 1, in the form without slow consolidation of W0.
    """

    config: ZenkeRuleConfig
    lowers = True
    unit_ports = ("post_spikes", "weights")

    def build(self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec) -> None:
        """Traces, and parameters in pA."""
        config = self.config
        delayed = issubclass(pre_spikes.payload_type, DelayedSpikes)
        listed = issubclass(weights.payload_type, EdgeWeights)
        slots = pre_spikes.source.longest + 1 if delayed else 1
        pre = pre_spikes.source.history.shape[2] if delayed else pre_spikes.size
        expected = (pre, post_spikes.size)
        if not listed and weights.shape != expected:
            # Another shape would broadcast to a wrong result without a word.
            raise InputError(
                Problem(
                    f"{self.path or type(self).__name__}.weights",
                    f"has the wrong shape, got {weights.shape}; expected {expected}",
                    "Give one weight for every pair of units, shape (pre, post)",
                    "shape",
                )
            )
        first = np.ones(weights.shape) if weights.source is None else weights.source.weights.reset_value
        first = np.asarray(first, np.float32)
        unit = float(np.abs(first).mean()) or 1.0
        scaled = [config.a * unit, config.b * unit, config.c, config.d * unit]
        bounds = [config.minimum * unit, max(config.maximum * unit, float(first.max()))]
        self.parameters = Constant(np.array([*scaled, config.gamma, *bounds], np.float32))
        self.baseline = Constant(first)
        self.factors = tuple(
            float(decay(config.dt, tau)) for tau in (config.pre_tau, config.post_tau, config.post_slow_tau)
        )
        self.slots, self.listed = slots, listed
        self.pre_trace = Variable(
            np.zeros((slots, pre), np.float32), description="Presynaptic trace of the last steps."
        )
        self.post_trace = Variable(np.zeros(post_spikes.size, np.float32), description="Fast trace.")
        self.slow_trace = Variable(np.zeros(post_spikes.size, np.float32), description="Slow trace.")

    def __call__(self, pre_spikes: SpikeArray, post_spikes: SpikeArray, weights: FloatArray) -> PlasticityOutput:
        """Advance one step."""
        fast_pre, fast_post, slow_post = self.factors
        post = post_spikes.value.reshape(-1).astype(jnp.int8)
        ring, decayed, stored = self._pre_traces(pre_spikes, fast_pre)
        post_trace = self.post_trace.value * fast_post
        slow_trace = self.slow_trace.value * slow_post
        fired = jnp.abs(post).astype(jnp.float32)
        value = weights.value.astype(jnp.float32)
        state = (ring, post, post_trace, slow_trace)
        if isinstance(weights, EdgeWeights):
            history = _history(pre_spikes)
            changed = zenke_edges(
                value,
                jnp.asarray(self.baseline.value),
                history,
                *state,
                jnp.asarray(self.step),
                weights.edges,
                jnp.asarray(self.parameters.value),
            )
        else:
            changed = zenke_dense(
                value, self.baseline.value, pre_spikes.value.reshape(-1), decayed, *state[1:], self.parameters.value
            )
        self.pre_trace.value = stored
        self.post_trace.value = post_trace + fired
        self.slow_trace.value = slow_trace + fired
        return {"weights": FloatArray(changed.astype(weights.value.dtype))}

    def cut(self, share: Share, sources: Mapping[str, Any]) -> Cut:
        """First weights and traces of these units; every share keeps the traces of all inputs."""
        synapses = sources["weights"].cut(share, {})
        kept = {"baseline": synapses.kept["weights"], "post_trace": share.units, "slow_trace": share.units}
        return Cut(kept, fill={"baseline": 0} if "weights" in synapses.fill else {})

    def can_lower(self) -> bool:
        """Only listed connections with delays are changed natively."""
        delayed = issubclass(self.input_specs["pre_spikes"].payload_type, DelayedSpikes)
        return delayed and self.listed

    def change(self, lowering: Lowering) -> Change:
        """What the rule does where a spike arrives, for synapses that walk there anyway."""
        decayed = lowering.program.scratch((self.post_trace.reset_value.size,), "float32")
        places = (lowering.variable(self.post_trace), lowering.constant(self.parameters), decayed)
        return Change(places, self.factors[1])

    def lower(
        self,
        lowering: Lowering,
        pre_spikes: Arriving,
        post_spikes: Arriving,
        weights: Arriving,
        change: Change | None = None,
    ) -> dict[str, Place]:
        """One instruction, which changes the weights where they lie; with `change`, that was done already."""
        program, units = lowering.program, post_spikes.place.size
        history = pre_spikes.place
        edges = Edges(*(lowering.constant(c) for c in weights.source.edge_arrays()))
        variables = (self.pre_trace, self.post_trace, self.slow_trace)
        places = (
            weights.place,
            lowering.constant(self.baseline),
            history,
            *(lowering.variable(v) for v in variables),
            post_spikes.place,
            lowering.entry("step"),
            edges.post,
            edges.starts,
            edges.in_starts,
            edges.in_edge,
            edges.in_pre,
            edges.in_delay,
            lowering.constant(self.parameters),
            program.scratch((units,), "float32"),
            program.scratch((units,), "float32"),
        )
        sizes = (*history.shape[1:], edges.starts.shape[1] - 1, units, self.slots, int(change is not None))
        program.emit(ZENKE, places, sizes, self.factors)
        return {"weights": weights.place}

    def _pre_traces(self, spikes: SpikeArray, factor: float) -> tuple[Any, Any, Any]:
        """Ring of traces for the rule, this step's trace, and the ring to keep.

        A ring holds each step's trace without that step's own spikes, so that a delayed spike meets at its synapse
        the trace that an undelayed one would have met.
        """
        trace = self.pre_trace.value
        if not isinstance(spikes, DelayedSpikes):
            decayed = trace[0] * factor
            fired = (spikes.value.reshape(-1) != 0).astype(jnp.float32)
            return decayed[None], decayed, (decayed + fired)[None]
        previous = ((spikes.history[0, 0] >> 1) & jnp.uint32(1)).astype(jnp.float32)
        # Unsigned numbers of slots: indexing with them needs no handling of negative ones, which costs kernels.
        step = jnp.asarray(self.step).astype(jnp.uint32)
        now, before = (jax.lax.rem(step + k, jnp.uint32(self.slots)) for k in (0, self.slots - 1))
        last = jax.lax.dynamic_slice(trace, (before, jnp.uint32(0)), (1, trace.shape[1]))[0]
        decayed = (last + previous) * factor
        ring = jax.lax.dynamic_update_slice(trace, decayed[None], (now, jnp.uint32(0)))
        return ring, decayed, ring


def _history(spikes: SpikeArray) -> Any:
    if isinstance(spikes, DelayedSpikes):
        return spikes.history
    fired = (spikes.value.reshape(-1) != 0).astype(jnp.uint32)
    return jnp.stack([fired, jnp.zeros_like(fired)])[:, None, :]
