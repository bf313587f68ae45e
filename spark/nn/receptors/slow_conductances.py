"""Receptors of conductances in the shape of an alpha function, and of GABA-B."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.parameter import decay
from spark.core.payloads import ConductanceArray, FloatArray
from spark.core.ports import PortSpec, Reverses
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.receptors.receptor import ConductanceOutput, Receptor, ReceptorConfig


class AlphaConductanceConfig(ReceptorConfig):
    """When the conductance is largest, and where its current reverses."""

    tau: Quantity = field(
        2.0,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Time from a spike's arrival to the largest conductance.",
    )
    reversal: Quantity = field(0.0, unit="mV", description="Reversal potential.")


class AlphaConductance(Receptor):
    """A conductance that rises and falls, in the shape of an alpha function whose peak is the weight.

        g = weight (t / tau) exp(1 - t / tau)        t after the arrival

    Order of update in a step: the conductance of this step is put out, 0 for what arrives in it; then both variables
    advance by the exact solution, after what arrives was added to `rise`.

    Input ports: `arrivals` (nS), shape of the units. Output ports: `conductance` (nS), float32, same shape.
    Variables: `conductance` (nS), `rise` (nS).
    Source: Rall 1967, doi:10.1152/jn.1967.30.5.1138 (the alpha function); Rotter & Diesmann 1999,
    doi:10.1007/s004220050570 (integrated exactly).
    """

    config: AlphaConductanceConfig
    signed = False
    unit_ports = ("arrivals", "conductance")

    def build(self, arrivals: PortSpec) -> None:
        """Two numbers for each unit."""
        config = self.config
        factor = decay(config.dt, config.tau)
        self.factor = self.make("tau", factor, arrivals.shape)
        # From one step's `rise` to the next step's conductance: (dt / tau) e exp(-dt / tau).
        self.passing = self.make("tau", config.dt / np.asarray(config.tau, np.float64) * np.e * factor, arrivals.shape)
        self.conductance = Variable(
            np.zeros(arrivals.shape, np.float32), unit="nS", description="Conductance of the next step."
        )
        self.rise = Variable(
            np.zeros(arrivals.shape, np.float32), unit="nS", description="What the conductance rises with."
        )

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        return {name: replace(spec, traits=(Reverses(self.config.reversal),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray) -> ConductanceOutput:
        """Advance one step."""
        conductance = self.conductance.value
        rise = self.rise.value + arrivals.value.astype(jnp.float32)
        self.conductance.value = conductance * self.factor.value + rise * self.passing.value
        self.rise.value = rise * self.factor.value
        return {"conductance": ConductanceArray(conductance)}


class GABABConfig(ReceptorConfig):
    """Rates of binding and of the G-protein; the defaults are those of Destexhe's networks of thalamus and cortex."""

    binding: Quantity = field(
        0.045,
        above=0,
        below=1,
        description="Share of free receptors that a weight of 1 binds: 0.09/(mM ms) times 0.5 mM for 1 ms.",
    )
    unbinding_tau: Quantity = field(
        1000.0 / 1.2,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Time in which receptors are freed, 1 / K2.",
    )
    activation: Quantity = field(0.18, unit="1/ms", above=0, description="Rate at which they activate G-protein, K3.")
    tau: Quantity = field(
        1000.0 / 34.0,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Time in which the G-protein decays, 1 / K4.",
    )
    dissociation: Quantity = field(
        100.0, above=0, description="G-protein to the fourth at which half of all opens, K_d, in units of micromolar^4."
    )
    conductance: Quantity = field(1.0, unit="nS", above=0, description="Conductance of all channels of a unit.")
    reversal: Quantity = field(-95.0, unit="mV", description="Reversal potential.")


class GABAB(Receptor):
    """GABA-B receptors: they bind transmitter, activate G-protein, and four of these open a channel.

        r <- r + (1 - r) (1 - (1 - binding)^w)           at what arrives, w
        dr/dt = -K2 r        dG/dt = K3 r - K4 G        g = conductance G^4 / (G^4 + K_d)

    One spike opens almost nothing, a burst much. A weight says how many pulses of transmitter a spike is, of about 1
    ms at 0.5 mM each; with a weight of 1 a spike binds `binding` of the free receptors. Order of update in a step: what
    arrives binds; the conductance of G as the last step left it is put out; then r and G take the exact step together.

    Input ports: `arrivals` (no unit), shape of the units. Output ports: `conductance` (nS), float32, same shape.
    Variables: `bound` (r), `protein` (G, in units of micromolar).
    Source: Destexhe & Sejnowski 1995, doi:10.1073/pnas.92.21.9515, for the equations. K1 to K4, K_d, 0.5 mM and the
    reversal are those of published programs of networks with these equations, where a pulse lasts 0.3 ms; no second
    source found for 1 ms at 0.5 mM.
    """

    config: GABABConfig
    signed = False
    weight_unit = "1"
    unit_ports = ("arrivals", "conductance")

    def build(self, arrivals: PortSpec) -> None:
        """Two numbers for each unit."""
        c = self.config
        freed, decays = decay(c.dt, c.unbinding_tau), decay(c.dt, c.tau)
        slow, fast = 1.0 / np.asarray(c.unbinding_tau, np.float64), 1.0 / np.asarray(c.tau, np.float64)
        # The exact step of G from r: K3 (exp(-K2 dt) - exp(-K4 dt)) / (K4 - K2), and its limit.
        alike = np.isclose(slow, fast)
        apart = np.where(alike, c.dt * freed, (freed - decays) / np.where(alike, 1.0, fast - slow))
        shape = arrivals.shape
        self.freed, self.decays = self.make("unbinding_tau", freed, shape), self.make("tau", decays, shape)
        self.passing = self.make("activation", np.multiply(c.activation, apart), shape)
        self.kept = self.make("binding", np.log1p(-np.asarray(c.binding, np.float64)), shape)
        self.greatest = self.make("conductance", c.conductance, shape)
        self.half = self.make("dissociation", c.dissociation, shape)
        self.bound = Variable(np.zeros(arrivals.shape, np.float32), description="Share of receptors that are bound.")
        self.protein = Variable(np.zeros(arrivals.shape, np.float32), description="Activated G-protein.")

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        return {name: replace(spec, traits=(Reverses(self.config.reversal),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray) -> ConductanceOutput:
        """Advance one step."""
        free = (1.0 - self.bound.value) * jnp.exp(self.kept.value * arrivals.value.astype(jnp.float32))
        bound, protein = 1.0 - free, self.protein.value
        squared = protein * protein
        fourth = squared * squared
        self.bound.value = bound * self.freed.value
        self.protein.value = protein * self.decays.value + bound * self.passing.value
        return {"conductance": ConductanceArray(self.greatest.value * (fourth / (fourth + self.half.value)))}
