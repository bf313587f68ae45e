"""What the presets of point neurons say of all wires that end at one receptor."""

from typing import Annotated, Any, Literal

from spark.core.config import ModuleConfig, field
from spark.core.errors import ConfigError, Problem
from spark.core.values import Number, Shape
from spark.nn.connections import AnyConnectivity, FixedProbability
from spark.nn.each_wire import EACH, EachWire, for_each, one_or_each
from spark.nn.initializers import AnyInitializer, ConstantInitializer
from spark.nn.pools.feeds import inhibitory, signed_at
from spark.nn.projections.draws import Drawn
from spark.nn.projections.projection import ProjectionConfig
from spark.nn.receptors import ReceptorConfig


class StaticSynapsesConfig(ModuleConfig):
    """Connections, weights and delays; each one for all wires, or a tuple with one for each wire."""

    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")
    connections: Annotated[Any, one_or_each(AnyConnectivity), EACH] = field(
        factory=lambda: FixedProbability(probability=0.1), description="Which connections there are."
    )
    kernel: Annotated[Any, one_or_each(AnyInitializer), EACH] = field(
        factory=lambda: ConstantInitializer(value=1.0),
        description="Weights, unless the connections bring their own: a number, an initializer, or an array, with one "
        "for each connection or of shape (post, pre).",
    )
    delay: Annotated[Any, one_or_each(AnyInitializer), EACH] = field(
        factory=lambda: ConstantInitializer(value=1.0),
        unit="ms",
        description="From a spike to its effect, rounded to the nearest step and at least dt; the step that a wire of "
        "a brain takes is the first of it.",
    )
    signed: bool | None = field(
        None,
        description="Whether spikes of inhibitory units count as -1; left out, as the receptor has it. Where "
        "inhibition is a current or a jump every spike takes away all the same.",
    )
    weight_dtype: Literal["float32", "float16", "bfloat16"] = field(
        "float32", description="How weights are stored; sums are float32."
    )

    def drawn(self, address: str, name: str, number: int, wires: int, receptor: ReceptorConfig) -> Drawn:
        """The projection of one bare wire.

        Args:
            address: Of this config, for errors.
            name: Of the projection.
            number: Which of the wires it is.
            wires: How many end at the receptor.
            receptor: Where they end.

        Raises:
            ConfigError: Settings that are one for each wire are not as many as the wires, or spikes are to be signed at
                a conductance.
        """
        given = {"connections": self.connections, "kernel": self.kernel, "delay": self.delay}
        settings = {field: for_each(value, wires) for field, value in given.items()}
        problems = [
            Problem(
                f"{address}.{field}",
                f"has one value for each wire, but not as many as there are wires, "
                f"got {len(given[field])}; expected {wires}",
                "Give one for each wire in the order of the wires, or one for all",
                "wires",
            )
            for field, values in settings.items()
            if values is None
        ]
        if problems:
            raise ConfigError(problems)
        pattern, weights, delay = (values[number] for values in settings.values() if values is not None)
        each = isinstance(self.kernel, EachWire)
        default = type(self).model_fields["kernel"].get_default(call_default_factory=True)
        addresses = (f"{address}.connections", f"{address}.kernel" + f"[{number}]" * each, f"{address}.delay")
        made = ProjectionConfig(pattern=pattern, weights=weights, delay=delay, weight_dtype=self.weight_dtype)
        weighed = "not" if weights == default else "alone" if each else "together"
        usual = f"{default.value:g}" if each else ""
        signed = signed_at(f"{address}.signed", receptor, self.signed)
        return Drawn(name, made, signed, inhibitory(receptor), addresses, weighed, usual, self.seed)


class ExponentialSynapsesConfig(StaticSynapsesConfig):
    """Connections, weights, delays, and how fast the current decays."""

    tau: Number = field(
        5.0, unit="ms", above=0, time_constant="exact", description="Time constant with which the current decays."
    )
