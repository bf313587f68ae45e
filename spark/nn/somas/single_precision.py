"""Somas whose state needs the digits of single precision."""

import jax.numpy as jnp

from spark.core.errors import Problem
from spark.nn.somas.soma import SomaConfig

# Potentials of such models are absolute, and lie about here, mV.
_POTENTIAL = 64.0


class SinglePrecisionSomaConfig(SomaConfig):
    """Base of the configs of somas whose potential is absolute, or whose state turns by small angles."""

    def problems(self) -> list[Problem]:
        """No half precision."""
        found = super().problems()
        if self.dtype in ("float16", "bfloat16"):
            gap = float(jnp.finfo(self.dtype).eps) * _POTENTIAL
            text = (
                f"cannot hold this state, got {self.dtype}, in which potentials near {_POTENTIAL:g} mV are {gap:g} mV "
                f"apart; what a step changes by less than {gap / 2:g} mV would be lost"
            )
            found.append(Problem("dtype", text, "Keep the state in float32", "dtype"))
        return found
