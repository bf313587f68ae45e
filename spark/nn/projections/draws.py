"""A projection as its connections are drawn: with its name, its sign, and addresses for errors."""

from dataclasses import dataclass
from typing import Literal

from spark.core.errors import ConfigError, Problem
from spark.core.ports import PortSpec
from spark.nn.projections.projection import ProjectionConfig
from spark.nn.synapses.drawn import WireDraw, refuse_without_effect

_UNUSED = "has no effect beside connections that bring their own weights"


@dataclass(frozen=True)
class Drawn:
    """A projection of a pool.

    Attributes:
        name: Its name in the pool.
        settings: What it asks for.
        signed: Whether spikes of inhibitory units count as -1.
        inhibits: Whether it ends at an inhibitory receptor: of its weights only the size counts.
        addresses: Of its connections, weights and delays, for errors.
        weighed: Whether weights were given for it alone, for all wires of the port together, or not at all.
        usual: What to write in the place of its weights to give none.
        seed: Seed of its draws, where it has one of its own.
    """

    name: str
    settings: ProjectionConfig
    signed: bool
    inhibits: bool
    addresses: tuple[str, str, str]
    weighed: Literal["alone", "together", "not"] = "not"
    usual: str = ""
    seed: int | None = None

    def wire(self, part: PortSpec) -> WireDraw:
        """What is to be drawn for it, where the wire brings `part`.

        Raises:
            ConfigError: A setting has no effect where connections are drawn apart.
        """
        pattern, weights, delay = self.addresses
        addresses = {"connections": pattern, "kernel": weights, "delay": delay}
        settings = self.settings
        made = WireDraw(part, settings.pattern, settings.weights, settings.delay, addresses)
        refuse_without_effect([made])
        return made


def refuse_unused_weights(drawn: tuple[Drawn, ...], bring: list[bool]) -> None:
    """Refuse weights for projections whose connections bring weights of their own, as those of a matrix do.

    Weights that are for all wires together are for the others, if there are any.

    Raises:
        ConfigError: Nothing would be drawn from them.
    """
    mend = "Leave it out and scale the matrix itself, or give connections without weights"
    problems = []
    for one, brings in zip(drawn, bring, strict=True):
        if not brings or one.weighed == "not" or (one.weighed == "together" and not all(bring)):
            continue
        fix = f"Write {one.usual} in its place, the default, or give connections without weights" if one.usual else mend
        got = type(one.settings.weights).__name__
        problems.append(Problem(one.addresses[1], f"{_UNUSED}, got {got}", fix, "setting"))
    if problems:
        raise ConfigError(dict.fromkeys(problems))
