"""What receptors of a pool bring together to its soma, or to a dendrite."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.parameter import parameter
from spark.core.payloads import ConductanceArray, CurrentArray, Payload, PotentialArray
from spark.core.ports import Decays, MeasuredFrom, Ports, PortSpec, Reverses
from spark.core.tree import leaf_named
from spark.core.values import Shape
from spark.nn.component import Component
from spark.nn.dendrites import Dendrite
from spark.nn.somas.soma import Soma

EFFECTS: dict[str, type[Payload]] = {
    "current": CurrentArray,
    "conductance": ConductanceArray,
    "jump": PotentialArray,
}


class TotalConfig(ModuleConfig):
    """What a pool says of the receptors that end at its soma or at a dendrite, and of that."""

    units: Shape = field(description="Shape of the pool.")
    effects: dict[str, str] = field(description="The receptors, and which of `EFFECTS` each puts out.")
    target: Any = field(description="Config of the soma, or of the dendrite.")
    takes: tuple[str, ...] = field(description="Which of `EFFECTS` it takes.")

    @property
    def converts(self) -> bool:
        """Whether conductances become a current here, since the soma takes none."""
        return "conductance" in self.effects.values() and "conductance" not in self.takes


class Total(Component):
    """The sum of all currents, conductances and jumps, in the order in which the pool lists its receptors.

    The current holds what conductances bring at rest, g (E - rest); the soma subtracts g V, V above rest. Where the
    soma takes no conductance, that is done here, with V as the last step left it. A current that decays within the step
    counts as much as it acts (`Soma.acting`).

    Input ports: one for each receptor, by its name; `potential` (mV) where conductances become a current. Output ports:
    those of `current` (pA), `conductance` (nS), `jump` (mV) that the soma takes and receptors bring; `current` always,
    if the soma takes it.
    """

    config: TotalConfig
    unit_ports = ("current", "conductance", "jump", "potential")

    @classmethod
    def ports_from(cls, config: TotalConfig) -> Ports:
        """The receptors, and what the soma takes."""
        inputs = {name: EFFECTS[effect] for name, effect in config.effects.items()}
        if config.converts:
            inputs["potential"] = PotentialArray
        brought = {"current", *config.effects.values()}
        return Ports(inputs, {}, {name: kind for name, kind in EFFECTS.items() if name in brought & set(config.takes)})

    def build(self, **effects: PortSpec) -> None:
        """How much each current counts, and what each conductance brings at rest."""
        config, made = self.config, type(self.config.target).component
        target: Any = made if issubclass(made, (Soma, Dendrite)) else Soma
        zero = effects["potential"].trait(MeasuredFrom) if config.converts else None
        rest = target.rest(config.target) if zero is None else zero.potential
        for name, effect in config.effects.items():
            address, spec = f"{self.path}.{name}", effects[name]
            if effect == "conductance":
                reverses = spec.trait(Reverses)
                assert reverses is not None  # A receptor that does not say it is refused.
                weight = parameter(address, np.subtract(reverses.potential, rest), config.units)
            else:
                decays = spec.trait(Decays)
                weight = parameter(
                    address, 1.0 if decays is None else target.acting(config.target, decays), config.units
                )
            setattr(self, f"weight_{name}", weight)
        self.units = config.units

    def __call__(self, **effects: Payload) -> dict[str, Payload]:
        """Advance one step."""
        config = self.config
        sums: dict[str, Any] = {"current": jnp.float32(0.0)}
        for name, effect in config.effects.items():
            value = effects[name].value.astype(jnp.float32)
            weight = leaf_named(self, f"weight_{name}").value
            if effect == "current":
                sums["current"] = sums["current"] + value * weight
            elif effect == "conductance":
                sums["current"] = sums["current"] + value * weight
                sums["conductance"] = sums.get("conductance", jnp.float32(0.0)) + value
            else:
                sums["jump"] = sums.get("jump", jnp.float32(0.0)) + value
        if config.converts:
            potential = effects["potential"].value.astype(jnp.float32)
            sums["current"] = sums["current"] - sums.pop("conductance") * potential
        outputs = self.ports_from(config).outputs
        return {name: kind(jnp.broadcast_to(sums[name], self.units)) for name, kind in outputs.items()}
