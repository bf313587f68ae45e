"""The sum of what arrives at one receptor from several places."""

from typing import Any

import jax.numpy as jnp

from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem, WiringError
from spark.core.module import Module
from spark.core.payloads import FloatArray, Payload
from spark.core.ports import Ports, PortSpec
from spark.core.values import Shape
from spark.nn.projections.static import ArrivalsOutput


class SumConfig(ModuleConfig):
    """What a pool says of what arrives at one of its receptors."""

    units: Shape = field(description="Shape of the pool.")
    terms: tuple[str, ...] = field(description="Names of what is added up, in this order.")
    payload: Any = field(description="Payload of the terms.")


class Sum(Module):
    """The sum of its inputs, each one number for all units, or one for each.

    Input ports: one for each term. Output ports: `arrivals`, float32, shape of the units.
    """

    config: SumConfig
    unit_ports = ("arrivals",)

    @classmethod
    def ports_from(cls, config: SumConfig) -> Ports:
        """A port for each term."""
        return Ports({term: config.payload for term in config.terms}, {}, {"arrivals": FloatArray})

    def build(self, **terms: PortSpec) -> None:
        """Nothing is kept; what does not fit is refused.

        Raises:
            WiringError: A term is neither one number nor one for each unit.
        """
        units = self.config.units
        size = PortSpec(FloatArray, units, "float32").size
        self.units = units
        self.one_each = any(spec.size == size > 1 for spec in terms.values())
        owner = self.path.rpartition(".")[0]
        problems = [
            Problem(
                f"{owner}.{name}",
                f"has the wrong shape, got {spec.shape}; expected one number or {units}",
                "Inject one number for all units, or one for each",
                "shape",
            )
            for name, spec in terms.items()
            if spec.size not in (1, size)
        ]
        if problems:
            raise WiringError(problems).placed()

    def __call__(self, **terms: Payload) -> ArrivalsOutput:
        """Advance one step."""
        total: Any = jnp.float32(0.0)
        for name in self.config.terms:
            value = terms[name].value.astype(jnp.float32)
            total = total + (value.reshape(()) if value.size == 1 else value.reshape(self.units))
        return {"arrivals": FloatArray(jnp.broadcast_to(total, self.units))}
