"""The rule of Bienenstock, Cooper and Munro, whose threshold slides."""

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number
from spark.core.variable import Variable
from spark.nn.plasticity.all_pairs import AllPairsRule, AllPairsRuleConfig, KernelOutput, fired, rows


class BCMRuleConfig(AllPairsRuleConfig):
    """Parameters of `BCMRule`."""

    tau: Number = field(
        100.0, unit="ms", above=0, time_constant="exact", description="Time over which rates are taken."
    )
    threshold_tau: Number = field(
        10_000.0, unit="ms", above=0, time_constant="exact", description="Time constant of the threshold."
    )
    target: Number = field(10.0, unit="Hz", above=0, description="Rate that counts as 1, at which the threshold rests.")
    amplitude: Number = field(0.01, least=0, description="Learning rate: change in a second at x y (y - theta) = 1.")


class BCMRule(AllPairsRule):
    """The BCM rule: active inputs grow while the unit is above a threshold, else shrink; the threshold slides.

        dW/dt = amplitude x y (y - theta) per s        tau_theta dtheta/dt = y^2 - theta

    x and y are rates, exponential averages of spikes over `tau`, in units of `target`. As theta follows the square of y
    no unit is for long above or below the target. Order of update in a step: rates decay and take this step's spikes;
    weights change by this theta, and are clipped; theta moves.

    Input ports: `pre_spikes`, (pre,) or (post, pre); `post_spikes`, (post,); `kernel`, (post, pre). Output ports:
    `kernel`.
    Variables: `pre_rate`, `post_rate`, `threshold`, float32.
    Source: Bienenstock, Cooper & Munro 1982, doi:10.1523/JNEUROSCI.02-01-00032.1982; this threshold in Intrator &
    Cooper 1992, doi:10.1016/S0893-6080(05)80003-6. No source found for the defaults.
    """

    config: BCMRuleConfig

    def build(self, pre_spikes: PortSpec, post_spikes: PortSpec, kernel: PortSpec) -> None:
        """Rates begin at 0, and thresholds at 1, that of the target."""
        self.pre_rate, self.post_rate = self.trace(pre_spikes), self.trace(post_spikes)
        ones = np.ones(post_spikes.shape, np.float32)
        self.threshold = Variable(ones, description="Rate, in units of the target, above which weights grow.")

    def __call__(self, pre_spikes: SpikeArray, post_spikes: SpikeArray, kernel: FloatArray) -> KernelOutput:
        """Advance one step."""
        c, kept = self.config, self.factor(self.config.tau)
        # A spike is a rate of 1 / dt for one step.
        rise = np.float32((1.0 - float(kept)) * 1000.0 / (c.dt * c.target))
        x = self.pre_rate.value * kept + rise * fired(pre_spikes)
        y = self.post_rate.value * kept + rise * fired(post_spikes)
        theta = self.threshold.value
        grows = np.float32(c.amplitude * c.dt / 1000.0) * y * (y - theta)
        moves = np.float32(1) - self.factor(c.threshold_tau)
        self.pre_rate.value, self.post_rate.value = x, y
        self.threshold.value = theta + moves * (y * y - theta)
        return {"kernel": FloatArray(self.bounded(kernel.value.astype(jnp.float32) + rows(grows) * x))}
