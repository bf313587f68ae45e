"""Short-term plasticity: how much of its weight a connection brings depends on the last spikes of its source."""

from typing import TypedDict

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.parameter import parameter, require_shapes
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Quantity, Shape
from spark.core.variable import Variable
from spark.nn.component import Component, ComponentConfig


class ShortTermConfig(ComponentConfig):
    """Base of the configs of short-term plasticity; its plain data says which it is."""

    tag = "short_term"
    usual = "TsodyksMarkramConfig"
    units: Shape | None = field(None, description="How many sources there are; the pool hands it down.")


class AmplitudesOutput(TypedDict):
    """How much of its weight a spike of each source brings."""

    amplitudes: FloatArray


class ShortTerm(Component):
    """Base of short-term plasticity: from `spikes` to `amplitudes`, one for each source.

    What it computes holds for all connections of a source: they see the same spikes, whatever their delays.
    """


class TsodyksMarkramConfig(ShortTermConfig):
    """How much a spike uses, and how fast that is there again; one number, or one for each source."""

    utilization: Quantity = field(
        0.5,
        above=0,
        most=1,
        description="Part of the resources that a first spike uses, U; weights are what all bring.",
    )
    recovery_tau: Quantity = field(
        800.0, unit="ms", above=0, time_constant="exact", description="Recovery of the resources."
    )
    facilitation_tau: Quantity | None = field(
        None,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Decay of the utilization back to where it begins; left out, every spike uses U.",
    )


class TsodyksMarkram(ShortTerm):
    """Depression and facilitation: a spike uses a part u of the resources x, and brings u x of the weight.

        between spikes:   dx/dt = (1 - x) / recovery_tau        du/dt = -u / facilitation_tau
        at a spike:       u <- u + U (1 - u),  then the weight counts u x,  then x <- x - u x

    Both decay exactly. Before the first spike x is 1 and u is 0. Order of update in a step: both decay; a spike of this
    step does as above. The weight is the absolute efficacy A of the source. In a train of rate r the steady state is
    u = U / (1 - (1 - U) e^(-1 / r facilitation_tau)), x = (1 - e) / (1 - (1 - u) e) with e = e^(-1 / r recovery_tau).

    Input ports: `spikes`, any shape. Output ports: `amplitudes`, float32, (sources,): u x where a source fired, else 0.
    Variables: `resources`, x; `used`, u, float32, (sources,), after this step; u only with facilitation.
    Source: Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502, equations 2.3 to 2.5; Markram, Wang &
    Tsodyks 1998, doi:10.1073/pnas.95.9.5323. The defaults are those of NEST's tsodyks2_synapse, which is this model.
    """

    config: TsodyksMarkramConfig
    unit_ports = ()

    def build(self, spikes: PortSpec) -> None:
        """Everything is there, nothing used."""
        c, shape = self.config, (spikes.size,)
        address = f"{self.path or type(self).__name__}.config"
        require_shapes(address, c, shape)
        self.utilization = parameter(f"{address}.utilization", c.utilization, shape)
        # Kept as what is gained or lost in a step: of a slow decay 32 bits hold this better than what is left.
        self.gains = parameter(f"{address}.recovery_tau", _lost(c.dt, c.recovery_tau), shape)
        self.resources = Variable(np.ones(shape, np.float32), bounds=(0, 1), description="Resources that are there, x.")
        self.facilitates = c.facilitation_tau is not None
        if c.facilitation_tau is not None:
            self.loses = parameter(f"{address}.facilitation_tau", _lost(c.dt, c.facilitation_tau), shape)
            self.used = Variable(np.zeros(shape, np.float32), bounds=(0, 1), description="Part that a spike uses, u.")

    def __call__(self, spikes: SpikeArray) -> AmplitudesOutput:
        """Advance one step."""
        fired, one = spikes.value.reshape(-1) != 0, jnp.float32(1)
        first = jnp.broadcast_to(jnp.asarray(self.utilization.value, jnp.float32), fired.shape)
        before = self.resources.value
        x = before + (one - before) * jnp.asarray(self.gains.value, jnp.float32)
        u = first
        if self.facilitates:
            kept = self.used.value - self.used.value * jnp.asarray(self.loses.value, jnp.float32)
            u = kept + first * (one - kept)
            self.used.value = jnp.where(fired, u, kept)
        brought = jnp.where(fired, u * x, jnp.float32(0))
        self.resources.value = x - brought
        return {"amplitudes": FloatArray(brought)}


def _lost(dt: float, tau: Numeric) -> Numeric:
    """What decays in a step: 1 - exp(-dt / tau)."""
    return -np.expm1(-dt / np.asarray(tau, np.float64))
