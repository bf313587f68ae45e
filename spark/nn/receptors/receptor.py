"""What all receptors have in common."""

from typing import Any, ClassVar, TypedDict

import jax
import jax.numpy as jnp

from spark.core.config import field
from spark.core.errors import ModuleError, Problem
from spark.core.payloads import ConductanceArray, CurrentArray, FloatArray, Payload, PotentialArray, SpikeArray
from spark.core.ports import PortSpec, Reverses
from spark.core.values import Shape
from spark.nn.component import Component, ComponentConfig


class ReceptorConfig(ComponentConfig):
    """Base of the configs of receptors."""

    tag = "receptor"
    units: Shape | None = field(None, description="Shape of the pool, which hands it down.")


class InhibitoryConfig(ReceptorConfig):
    """Base of the configs of receptors whose effect may be turned round."""

    inhibitory: bool = field(
        False, description="Whether every spike takes the size of its weight away, whatever their signs."
    )


class CurrentOutput(TypedDict):
    """What a receptor of currents puts out."""

    current: CurrentArray


class ConductanceOutput(TypedDict):
    """What a receptor of conductances puts out."""

    conductance: ConductanceArray


class JumpOutput(TypedDict):
    """What a receptor of jumps puts out."""

    jump: PotentialArray


class Receptor(Component):
    """Base of receptors: from the weights that arrive in a step to an effect on the soma.

    A receptor declares the input port `arrivals` (`FloatArray`, shape of the units: the sum of the weights of all
    spikes that arrive in this step), and one output port, by whose name the pool knows the effect: `current` (pA),
    `conductance` (nS) or `jump` (mV). Where it depends on the soma's potential it declares the input port `potential`
    as well.

    A conductance says in `describe_outputs` where its current reverses, by the trait `Reverses`; one that does not is
    refused. A current that decays within the step says so by `Decays`.

    Class attributes:
        takes: Payload that comes in over the wires that end here; `CurrentArray` is added up as it is.
        signed: Whether a spike of an inhibitory unit takes its weight away, unless its projection says otherwise. Where
            weights are at least 0 (`only_opens`), as at a conductance, it never does, whatever stands here.
        weight_unit: Unit of the weights that arrive, `1` for a plain number; left out, that of the effect.
    """

    config: Any
    takes: ClassVar[type[Payload]] = SpikeArray
    signed: ClassVar[bool] = True
    weight_unit: ClassVar[str] = ""

    @classmethod
    def unit_of_weights(cls) -> str:
        """The unit of the weights that arrive, as texts have it; empty where nobody says."""
        return cls.weight_unit or next((payload.unit for payload in cls.ports().outputs.values()), "")

    @classmethod
    def only_opens(cls, config: ReceptorConfig) -> bool:
        """Whether weights are at least 0: into a conductance they are, whose reversal potential says what it does.

        Args:
            config: Config of the receptor.
        """
        return "conductance" in cls.ports().outputs

    def prepare(self, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Build it as a part of a pool for these `inputs`, by port; returns what it will put out.

        Raises:
            ModuleError: It opens a conductance, and does not say where its current reverses.
        """
        outputs = super().prepare(inputs)
        silent = [n for n, s in outputs.items() if n == "conductance" and s.trait(Reverses) is None]
        if silent:
            raise ModuleError(
                Problem(
                    self.path,
                    "opens a conductance, and does not say where its current reverses; expected the trait `Reverses`",
                    "Write `describe_outputs(self, outputs)`: it returns `{name: dataclasses.replace(spec, "
                    "traits=(receptors.Reverses(self.config.reversal),)) for name, spec in outputs.items()}`",
                    "reversal",
                )
            )
        return outputs


def turned(config: Any, arrivals: FloatArray) -> jax.Array:
    """What arrives as an array, float32; turned round in an inhibitory receptor."""
    arriving = arrivals.value.astype(jnp.float32)
    return -arriving if config.inhibitory else arriving
