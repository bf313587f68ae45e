"""Behavioural time scale plasticity: plateaus change what was active seconds before and after."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.payloads import FloatArray, PotentialArray, SpikeArray
from spark.core.ports import Ports, PortSpec
from spark.core.values import Number
from spark.core.variable import Variable
from spark.kernels.exponential import bounded_exponential
from spark.nn.plasticity.connection_rule import ConnectionRuleConfig, PotentialRule, UnitValues, fired
from spark.nn.plasticity.rule import PlasticityOutput
from spark.nn.plasticity.third_factor import require_modulation

_MODULATION = "modulation"
# An instructive signal below counts as none: what it would still change is about what float32 tells apart.
_LEAST_SIGNAL = np.float32(1e-6)


class BTSPRuleConfig(ConnectionRuleConfig):
    """Where plateaus are seen, and the parameters of the published network model."""

    plateaus: str = field(
        "soma",
        description="Where plateaus are seen: in the potential of `soma`, or of a dendrite of the pool by its name; "
        "or in the `modulation` that the projection's modulator brings, 1 while there is a plateau.",
    )
    threshold: Number = field(-35.0, unit="mV", description="Potential above which there is a plateau.")
    pre_tau: Number = field(
        1664.0, unit="ms", above=0, time_constant="exact", description="Decay of the eligibility, tau_E."
    )
    post_tau: Number = field(
        437.0, unit="ms", above=0, time_constant="exact", description="Decay of the instructive signal, tau_I."
    )
    rate: Number = field(
        10.0, unit="Hz", above=0, description="Rate of the source at which its eligibility rests at 1."
    )
    duration: Number = field(
        300.0, unit="ms", above=0, description="Length of a plateau that raises the instructive signal from 0 to 1."
    )
    potentiation: Number = field(1.11, unit="1/s", least=0, description="Rate of potentiation k_p.")
    depression: Number = field(0.425, unit="1/s", least=0, description="Rate of depression k_d.")
    potentiation_threshold: Number = field(0.415, least=0, most=1, description="Middle of q_p, in units of E I.")
    potentiation_slope: Number = field(4.40, least=0.1, description="How steep q_p is, for one unit of E I.")
    depression_threshold: Number = field(0.0262, least=0, most=1, description="Middle of q_d, in units of E I.")
    depression_slope: Number = field(20.05, least=0.1, description="How steep q_d is, for one unit of E I.")

    @property
    def compartment(self) -> str:
        """Where plateaus are seen, if it is in a potential."""
        return self.plateaus

    @property
    def instructed(self) -> bool:
        """Whether the modulation brings the plateaus."""
        return self.plateaus == _MODULATION

    @property
    def modulated(self) -> bool:
        """Also where the modulation brings the plateaus."""
        return self.instructed or super().modulated

    def problems(self) -> list[Problem]:
        """Plateaus that are seen in one place, and bounds in order."""
        found = super().problems()
        if self.instructed and self.eligibility_tau is not None:
            text = f"has no modulation left, got {self.eligibility_tau:g} ms beside plateaus={_MODULATION!r}"
            mend = "Leave it out, or let plateaus be seen at the soma or a dendrite"
            found.append(Problem("eligibility_tau", text, mend, "setting"))
        # The default counts as left out: a config's plain data, of which files are made, has it too.
        if self.instructed and self.threshold != type(self).model_fields["threshold"].default:
            text = f"has no effect on plateaus that the modulation brings, got {self.threshold:g}"
            found.append(Problem("threshold", text, "Leave it out", "setting"))
        return found


class BTSPRule(PotentialRule):
    """Behavioural time scale plasticity: a plateau strengthens weak inputs that are active around it, weakens strong.

        dW/dt = k_p (W_max - W) q_p(E I) - k_d (W - W_min) q_d(E I) per second
        tau_E dE/dt = -E, raised by 1000 / (rate tau_E) at spikes of the source, as tau_E is in ms
        tau_I dI/dt = -I + P / (1 - exp(-duration / tau_I))          P = 1 during plateaus, else 0
        q(x) = (s(x) - s(0)) / (s(1) - s(0))          s(x) = 1 / (1 + exp(-slope (x - threshold)))

    E is the eligibility of the source, I the instructive signal of the unit, and so the third factor; E and I count as
    at most 1, and W_min and W_max are the bounds. A plateau is where the potential of the soma or a dendrite is above
    `threshold` after this step, or what a modulator brings: a number P for all units, or one for each, of at least 0;
    less counts as 0. Order of update in a step: E takes this step's spikes, I this step's plateaus; weights onto units
    with an I of at least 1e-6 change by one Euler step, and are clipped. Others cost nothing. While nothing is learned
    both signals go on.

    With `eligibility_tau` these changes wait for a modulation that is none of plateaus, as those of any rule.

    Input ports: `pre_spikes`, (pre,); `post_spikes`, (post,); `weights`, (pre, post), or those of a list of
    connections; `potential` (mV), (post,); and `modulation` of a modulated rule, one number, or one for each
    postsynaptic unit; with `plateaus="modulation"` no `potential`. Output ports: `weights`, shape and dtype as they
    came.
    Variables: `pre_trace`, E, (pre,); `instructive`, I, (post,), float32.
    Source: Milstein, Li, Bittner, Grienberger, Soltesz, Magee & Romani 2021, doi:10.7554/eLife.73046, its
    weight-dependent model. The defaults of the time constants, k_p, k_d, q_p, q_d and the duration are those of its
    network model, in the authors' program and, rounded, in that of Madar, Jiang, Dong & Sheffield 2025,
    doi:10.1038/s41593-025-01894-6; both also have the means of the fits to single cells: tau_E = 864 ms, tau_I = 543
    ms, k_p = 2.27 and k_d = 0.327 per s. In the paper E follows rates and is scaled to its greatest, so that no source
    gives the default of `rate`, and none was found for that of `threshold`.
    """

    config: BTSPRuleConfig
    pre_values = ("eligibility",)
    post_values = ("signal",)

    @classmethod
    def ports(cls) -> Ports:
        """Those of the defaults."""
        return cls.ports_from(BTSPRuleConfig())

    @classmethod
    def ports_from(cls, config: BTSPRuleConfig) -> Ports:
        """Plateaus are seen in a potential or in the modulation."""
        declared = super().ports()
        needed = {name: kind for name, kind in declared.optional.items() if (name == _MODULATION) == config.instructed}
        others = {} if config.instructed else {_MODULATION: declared.optional[_MODULATION]}
        return Ports({**declared.inputs, **needed}, others, declared.outputs)

    def build(
        self,
        pre_spikes: PortSpec,
        post_spikes: PortSpec,
        weights: PortSpec,
        potential: PortSpec | None = None,
        modulation: PortSpec | None = None,
    ) -> None:
        """Both signals begin at 0."""
        c = self.config
        self._prepare_rule(pre_spikes, post_spikes, weights, modulation)
        if modulation is not None and c.instructed:
            require_modulation(self, modulation, post_spikes.size)
            self.read_by_units = (_MODULATION,)
        if potential is not None:
            self.high = self.above("threshold", c.threshold, potential, post_spikes)
        self.pre_trace = self.pre_trace_of("Eligibility of the source's connections.")
        self.instructive = Variable(np.zeros(self.post_units, np.float32), description="Instructive signal.")
        self.up = Sigmoid.between(c.potentiation_threshold, c.potentiation_slope)
        self.down = Sigmoid.between(c.depression_threshold, c.depression_slope)

    def prepare_third(self, weights: PortSpec, modulation: PortSpec | None) -> None:
        """What brings the plateaus is no third factor of eligibilities."""
        if self.config.instructed:
            self.third = None
        else:
            super().prepare_third(weights, modulation)

    def __call__(
        self,
        pre_spikes: SpikeArray,
        post_spikes: SpikeArray,
        weights: FloatArray,
        potential: PotentialArray | None = None,
        modulation: FloatArray | None = None,
    ) -> PlasticityOutput:
        """Advance one step."""
        if potential is not None:
            v = potential.value.reshape(-1).astype(jnp.float32)
            return self.advance(pre_spikes, weights, modulation, post=fired(post_spikes), potential=v)
        assert modulation is not None
        plateau = modulation.value.reshape(-1).astype(jnp.float32)
        return self.advance(pre_spikes, weights, None, post=fired(post_spikes), modulation=plateau)

    def units(
        self,
        pre: jax.Array,
        post: jax.Array,
        potential: jax.Array | None = None,
        modulation: jax.Array | None = None,
    ) -> UnitValues:
        """Eligibility of the sources, the instructive signal of the units, and where there is one."""
        c = self.config
        moves, falls = (np.float32(-np.expm1(-c.dt / tau)) for tau in (c.pre_tau, c.post_tau))
        if modulation is None:
            assert potential is not None
            plateau = jnp.where(potential > self.high.value, np.float32(1), np.float32(0))
        else:
            plateau = jnp.maximum(modulation, np.float32(0))
        eligibility, signal = self.pre_trace.value, self.instructive.value
        eligibility = eligibility + (np.float32(1000.0 / (c.rate * c.pre_tau)) * pre - moves * eligibility)
        rise = np.float32(math.expm1(-c.dt / c.post_tau) / math.expm1(-c.duration / c.post_tau))
        signal = signal + (rise * plateau - falls * signal)
        self.pre_trace.value, self.instructive.value = eligibility, signal
        values = (jnp.minimum(value, np.float32(1)) for value in (eligibility, signal))
        return UnitValues({"eligibility": next(values)}, {"signal": next(values)}, signal >= _LEAST_SIGNAL)

    def at_post(self, weight: jax.Array, eligibility: jax.Array, signal: jax.Array) -> jax.Array:
        """One Euler step of potentiation and depression."""
        c, overlap = self.config, eligibility * signal
        second = c.dt / 1000.0
        grows = np.float32(c.potentiation * second) * self.up.of(overlap) * (np.float32(c.maximum) - weight)
        return grows - np.float32(c.depression * second) * self.down.of(overlap) * (weight - np.float32(c.minimum))


class Sigmoid(NamedTuple):
    """A logistic function that is scaled to 0 at 0 and 1 at 1.

    Attributes:
        threshold: Its middle, in units of its argument.
        slope: How steep it is, for one unit of its argument.
        scale: By what it is multiplied.
        offset: What it is at 0, times the scale.
    """

    threshold: float
    slope: float
    scale: float
    offset: float

    @classmethod
    def between(cls, threshold: float, slope: float) -> "Sigmoid":
        """From its middle and its slope."""
        at_0, at_1 = (1.0 / (1.0 + math.exp(min(slope * (threshold - x), 700.0))) for x in (0.0, 1.0))
        scale = 1.0 / (at_1 - at_0)
        return cls(threshold, slope, scale, scale * at_0)

    def of(self, x: jax.Array) -> jax.Array:
        """Its value at numbers from 0 to 1, float32, same shape."""
        raised = bounded_exponential(np.float32(self.slope) * (np.float32(self.threshold) - x))
        return np.float32(self.scale) / (np.float32(1) + raised) - np.float32(self.offset)
