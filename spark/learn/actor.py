"""An actor: a pool of spiking units for each action; the pool that fires most acts."""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem
from spark.core.module import Module
from spark.core.parameter import decay
from spark.core.payloads import BooleanMask, FloatArray, IntegerArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.rounds import in_rounds, require_same_rounds
from spark.core.values import Number, Whole
from spark.core.variable import RandomKey, Variable
from spark.learn.rhythm import BEGIN, CHOICE, decides
from spark.nn.interfaces.rates import too_fast
from spark.worlds.world import ENDLESS


class ActorPoolsConfig(ModuleConfig):
    """How many units there are, how they fire, and how they learn."""

    actions: Whole = field(2, least=2, description="Pools: one for each action.")
    size: Whole = field(4, least=1, description="Units of a pool.")
    every: Whole = field(20, least=4, most=ENDLESS, description="Steps of the brain for each step of the world.")
    tau: Number = field(10.0, unit="ms", above=0, time_constant="exact", description="Leak of the units.")
    gain: Number = field(0.13, above=0, description="What a spike adds to a potential for each unit of weight.")
    max_freq: Number = field(200.0, unit="Hz", above=0, description="Rate of a unit at the highest potential.")
    refractory: Number = field(0.0, unit="ms", least=0, description="For how long a unit is silent after a spike.")
    rate: Number = field(1.2, least=0, description="Learning rate: a factor of every change of a weight.")
    settling: Number | None = field(
        None,
        above=0,
        description="Episodes of learning, no unit, after which the rate is half of what it was; None: it stays.",
    )
    consolidation: Number | None = field(
        None,
        unit="ms",
        above=0,
        # Slower than that, float32 does not add what a choice brings to a component that is nearly there.
        most=1e6,
        description="How long, of learning, a slow component of each weight follows it; None: there is none.",
    )
    discount: Number = field(
        0.98, least=0, below=1, description="The factor of the error: worth of a reward a step later."
    )
    trace: Number = field(0.95, least=0, most=1, description="Share of an eligibility that lasts into the next round.")
    winner: Number = field(
        0.1, least=0, most=1, description="Share by which it counts who won, beside who won unexpectedly."
    )
    homeostasis: Number = field(
        0.0, least=0, description="Factor by which weights onto pools that win too seldom grow, at each choice."
    )
    bound: Number | None = field(None, above=0, description="Largest size of a weight, no unit; None for any.")

    def step_problems(self) -> list[Problem]:
        """At most one spike a step."""
        return [*super().step_problems(), *too_fast(self.max_freq, self.dt)]


class ActorOutput(TypedDict):
    """What an actor puts out."""

    action: IntegerArray
    spikes: SpikeArray


class ActorPools(Module):
    """Leaky units without reset whose chance to fire follows their potential; pools of them compete.

        z <- exp(-dt/tau) z + gain * spike          each step; u = W z are the potentials
        a unit fires with probability max_freq * dt / 1000 * sigmoid(u), unless a spike is less than `refractory` ago
        W <- W + rate * error * e                   when an error arrives
        at the end of a round the pool with most spikes in it wins, ties by chance, and then
        e <- discount * trace * e + f z             f of all units of pool k:
        f_k = (1 - winner) * (won_k - p_k) + winner * h_k
        p = softmax of the pools' mean potentials; h is 1/2 for the winner, -1/2 / (actions - 1) for the others

    "Won minus expected" is what makes it work: a pool that wins as expected changes nothing. When an episode
    begins, z and e are cleared. Weights stay.

    With `settling`, `rate` above is rate / (1 + n / settling), where n episodes have begun while learning was on, this
    one counted: errors change each connection ever less, so that what was learned last does not undo the rest. What
    `homeostasis` does stays as large.

    With `consolidation` each weight has a slow component beside it, which follows it at each choice while learning is
    on, before that choice's error changes W:

        C <- C + (1 - exp(-every * dt / consolidation)) (W - C)

    Learning goes on as without it, from what W does. Where nothing is learned (`run(..., learning=False)`), u = C z:
    what lasted counts, and not what the last episodes did to it. Whoever sets weights from outside sets `consolidated`
    too.

    With `homeostasis`, W_k <- W_k + homeostasis * (1 / actions - won_k) z at each choice, whatever comes of it: a pool
    that wins more seldom than others becomes easier to excite. So it is at every choice, also at that of an episode's
    last round, which no world reads. It suits choices each of which is right equally often, and a little of it suits
    others: a pool that has lost is tried again, where else it might never be.

    Input ports: `spikes`, any shape; `error`, (1,); `started`, booleans, (1,).
    Output ports: `action`, int32, (1,): the pool that won the last round; `spikes`, int8, (actions, size).
    Variables: `weights`, `eligibility`, float32, (actions * size, inputs); `traces`, float32, (inputs,); `probability`,
    float32, (actions,): p of the last round; `counts`, float32, (actions,): spikes of this round; `phase`; where there
    is a refractory period `resting`, float32, (actions, size), ms; with `settling`, `begun`, float32: n; with
    `consolidation`, `consolidated`, float32, (actions * size, inputs): C.

    Source: the eligibility of an escape-rate unit, spike minus expectation: Pfister, Toyoizumi, Barber & Gerstner 2006,
    doi:10.1162/neco.2006.18.6.1318; as a rule with reward: Fremaux, Sprekeler & Gerstner 2013,
    doi:10.1371/journal.pcbi.1003024. Weights that hold a rate: Turrigiano & Nelson 2004, doi:10.1038/nrn1327. A
    learning rate that falls: Robbins & Monro 1951, doi:10.1214/aoms/1177729586. Slow components of a synapse: Benna &
    Fusi 2016, doi:10.1038/nn.4401; a mean of what was learned: Polyak & Juditsky 1992, doi:10.1137/0330046.
    """

    config: ActorPoolsConfig

    def build(self, spikes: PortSpec, error: PortSpec, started: PortSpec) -> None:
        """All weights begin at 0, all actions alike."""
        config = self.config
        arriving = {"spikes": spikes, "error": error, "started": started}
        require_same_rounds(self.path or type(self).__name__, config.every, arriving)
        units, bound = config.actions * config.size, config.bound
        empty = np.zeros((units, spikes.size), np.float32)
        self.weights = Variable(empty, bounds=(None if bound is None else -bound, bound))
        self.eligibility = Variable(empty, description="By how much each weight took part.")
        self.traces = Variable(np.zeros(spikes.size, np.float32), description="Of the spikes that arrived.")
        even = np.full(config.actions, 1.0 / config.actions, np.float32)
        self.probability = Variable(even, bounds=(0, 1), description="Of each action, as the potentials say.")
        self.counts = Variable(np.zeros(config.actions, np.float32), description="Spikes of each pool in this round.")
        self.chosen = Variable(np.zeros(1, np.int32), description="The last action.")
        self.phase = Variable(np.zeros((), np.int32), description="Steps since the world's last.")
        if config.refractory > 0:
            silent = np.zeros((config.actions, config.size), np.float32)
            self.resting = Variable(silent, unit="ms", description="How long each unit stays silent.")
        if config.settling is not None:
            self.begun = Variable(np.zeros((), np.float32), description="Episodes begun while learning was on.")
        if config.consolidation is not None:
            self.consolidated = Variable(
                empty,
                bounds=(None if bound is None else -bound, bound),
                description="Slow components of the weights; read while nothing is learned.",
            )
            self.taken_over = float(-np.expm1(-config.every * config.dt / config.consolidation))
        self.key = RandomKey()
        self.left = float(decay(config.dt, config.tau))

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """Its outputs follow from its config."""
        shape = (self.config.actions, self.config.size)
        made = {"action": PortSpec(IntegerArray, (1,), "int32"), "spikes": PortSpec(SpikeArray, shape, "int8")}
        return self.describe_outputs(made)

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """How often it chooses, for whoever keeps time with it."""
        return in_rounds(outputs, self.config.every)

    def __call__(self, spikes: SpikeArray, error: FloatArray, started: BooleanMask) -> ActorOutput:
        """Advance one step."""
        config, phase = self.config, self.phase.value
        new, decided = started.value.reshape(-1)[0], decides(phase, config.every, CHOICE)
        traces = self.left * self.traces.value + config.gain * spikes.value.reshape(-1).astype(jnp.float32)
        traces = jnp.where(new & decides(phase, config.every, BEGIN), 0.0, traces)
        if config.consolidation is not None:
            before, slow = self.weights.value, self.consolidated.value
            follows = decided & self.is_learning
            self.consolidated.value = jnp.where(follows, slow + self.taken_over * (before - slow), slow)
        arrived = jnp.where(self.is_learning, error.value.reshape(-1)[0].astype(jnp.float32), 0.0)
        if config.settling is not None:
            begins = new & decides(phase, config.every, BEGIN) & self.is_learning
            self.begun.value = self.begun.value + jnp.where(begins, 1.0, 0.0)
            arrived = arrived / (1.0 + self.begun.value / config.settling)
        weights = self._bounded(self.weights.value + config.rate * arrived * self.eligibility.value)
        # In the steps between errors nothing is computed for it.
        weights = jnp.where(arrived != 0.0, weights, self.weights.value)
        potentials = weights @ traces
        if config.consolidation is not None:
            potentials = jnp.where(self.is_learning, potentials, self.consolidated.value @ traces)
        potentials = potentials.reshape(config.actions, config.size)
        fired = self.key.uniform(potentials.shape) < self.chance(potentials)
        if config.refractory > 0:
            fired = fired & (self.resting.value <= 0.0)
            left = jnp.maximum(self.resting.value - config.dt, 0.0)
            # The step of the spike is the first of them; a period of whole steps is not prolonged by rounding.
            self.resting.value = jnp.where(fired, jnp.float32(config.refractory - 1.001 * config.dt), left)
        counts = self.counted(self.counts.value, fired.sum(axis=1).astype(jnp.float32))
        probability = jax.nn.softmax(potentials.mean(axis=1))
        # A small random part decides between pools of equally many spikes.
        drawn = counts + 0.01 * self.key.uniform((config.actions,), 1)
        best = jnp.argmax(drawn).astype(jnp.int32)
        won = jax.nn.one_hot(best, config.actions, dtype=jnp.float32)
        surprise = self.surprise(won, probability)
        lasting = jnp.where(new, 0.0, config.discount * config.trace)
        # What is chosen while learning is off is not judged later.
        each = jnp.where(self.is_learning, jnp.repeat(surprise, config.size), 0.0)
        folded = lasting * self.eligibility.value + each[:, None] * traces[None, :]
        self.eligibility.value = jnp.where(decided, folded, self.eligibility.value)
        self.probability.value = jnp.where(decided, probability, self.probability.value)
        self.chosen.value = jnp.where(decided, best[None], self.chosen.value)
        self.counts.value = jnp.where(decided, jnp.zeros_like(counts), counts)
        if config.homeostasis > 0:
            grows = decided & self.is_learning
            seldom = jnp.where(grows, config.homeostasis * (1.0 / config.actions - won), 0.0)
            grown = self._bounded(weights + jnp.repeat(seldom, config.size)[:, None] * traces[None, :])
            weights = jnp.where(grows | (arrived != 0.0), grown, self.weights.value)
        self.weights.value, self.traces.value = weights, traces
        self.phase.value = (phase + 1) % config.every
        return {"action": IntegerArray(self.chosen.value), "spikes": SpikeArray(fired.astype(jnp.int8))}

    def _bounded(self, weights: jax.Array) -> jax.Array:
        """Weights within the bound, if there is one."""
        bound = self.config.bound
        return weights if bound is None else jnp.clip(weights, -bound, bound)

    def chance(self, potentials: jax.Array) -> jax.Array:
        """The probability with which each unit fires in this step, from the `potentials`; both (actions, size)."""
        return (self.config.max_freq * self.config.dt / 1000.0) * jax.nn.sigmoid(potentials)

    def counted(self, counts: jax.Array, fired: jax.Array) -> jax.Array:
        """What decides at the end of a round, float32 (actions,).

        Args:
            counts: What decides so far, (actions,).
            fired: How many units of each pool fired in this step, (actions,).
        """
        return counts + fired

    def surprise(self, won: jax.Array, probability: jax.Array) -> jax.Array:
        """How much each pool, (actions,), takes part in what is learned from a choice: f, see the class.

        Args:
            won: 1 for the pool that won, 0 for the others; float32, (actions,).
            probability: What the potentials gave each; float32, (actions,).
        """
        winner, others = self.config.winner, -0.5 / (self.config.actions - 1)
        return (1.0 - winner) * (won - probability) + winner * jnp.where(won > 0, 0.5, others)
