"""Rounds of several steps, in which modules keep time with one another: who has them says so at its ports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from spark.core.errors import Problem, WiringError
from spark.core.ports import PortSpec


@dataclass(frozen=True)
class Rounds:
    """A trait: what leaves a port belongs to rounds of `every` steps, the first of which begins with step 0."""

    every: int


def in_rounds(outputs: dict[str, PortSpec], every: int) -> dict[str, PortSpec]:
    """The outputs of a module, which say that its rounds have `every` steps."""
    return {name: replace(spec, traits=(*spec.traits, Rounds(every))) for name, spec in outputs.items()}


def require_same_rounds(address: str, every: int, inputs: Mapping[str, PortSpec]) -> None:
    """See that whatever arrives at a module belongs to rounds of `every` steps too, where it says how many.

    Args:
        address: Of the module.
        every: Steps of its rounds.
        inputs: What arrives at it, by port.

    Raises:
        WiringError: Something belongs to others.
    """
    others: dict[str, int] = {}
    for port, spec in inputs.items():
        for sent in spec.wires:
            rounds = sent.trait(Rounds)
            if rounds is not None and rounds.every != every:
                others[port if sent.wire is None else sent.wire.origin] = rounds.every
    if others:
        found = ", ".join(f"{other} as {name!r}" for name, other in others.items())
        text = f"is another time than its neighbours keep, got {every}; expected {found}"
        fix = "Give world, actor, critic and error the same: `learn.actor_critic(..., every=...)`"
        raise WiringError(Problem(f"{address}.config.every", text, fix, "clash"))
