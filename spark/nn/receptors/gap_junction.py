"""The receptor at which gap junctions end."""

import jax.numpy as jnp
import numpy as np

from spark.core.parameter import parameter
from spark.core.payloads import CurrentArray, FloatArray, PotentialArray
from spark.core.ports import Couples, MeasuredFrom, PortSpec
from spark.nn.receptors.receptor import CurrentOutput, Receptor, ReceptorConfig


class GapJunctionConfig(ReceptorConfig):
    """Nothing to set: conductances are the weights of projections."""


class GapJunction(Receptor):
    """Gap junctions: a current flows between two units as the difference of their potentials drives it.

        I_i = sum over j of g_ij (V_j - V_i)        g_ij in nS, the weight from j to i

    What ends here are projections of potentials, `PortMap("pool", "potential")` of a pool that `exposes` them; among
    the units of one pool every junction joins both ways. Potentials are those at the end of the last step, and the
    current is constant during this one: dt times all conductances of a unit must stay well below its capacitance.

    Input ports: `arrivals` (pA), the sum of g_ij V_j, and `potential` (mV), shape of the units. Output ports: `current`
    (pA), float32, same shape.
    Source: Soto-Trevino, Rabbah, Marder & Nadim 2005, doi:10.1152/jn.00013.2005 (electrical coupling in models).
    """

    config: GapJunctionConfig
    takes = PotentialArray
    weight_unit = "nS"
    signed = False
    unit_ports = ("arrivals", "potential", "current")

    def build(self, arrivals: PortSpec, potential: PortSpec) -> None:
        """How much flows out at a potential of 1 mV, and in at 0."""
        couples, zero = arrivals.trait(Couples) or Couples(0.0, 0.0), potential.trait(MeasuredFrom)
        rest = np.asarray(0.0 if zero is None else zero.potential, np.float64)
        address = f"{self.path or type(self).__name__}.potential"
        self.total = parameter(address, couples.conductance, arrivals.shape, "nS")
        # Where sources and targets are measured from different potentials.
        self.shift = parameter(address, couples.at_rest - couples.conductance * rest, arrivals.shape, "pA")

    def __call__(self, arrivals: FloatArray, potential: PotentialArray) -> CurrentOutput:
        """Advance one step."""
        out = self.total.value * potential.value.astype(jnp.float32)
        return {"current": CurrentArray(arrivals.value.astype(jnp.float32) - out + self.shift.value)}
