"""Which wires into a pool feed which of its components."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spark.core.errors import Problem, WiringError
from spark.core.payloads import CurrentArray
from spark.core.ports import PortSpec
from spark.graph.specs import CALL
from spark.nn.projections.draws import Drawn
from spark.nn.projections.projection import ProjectionConfig, settings_of
from spark.nn.receptors import ReceptorConfig
from spark.nn.wiring import joined_spec


@dataclass(frozen=True)
class Feed:
    """What the wires of one component bring, as elements of what arrives at a port of the pool.

    Attributes:
        name: The component that it goes to.
        port: Input port of the pool.
        projections: One for each wire.
        ranges: First element of each wire, and the one behind its last, among those that arrive at the port.
        whole: Whether these are all that arrive there.
    """

    name: str
    port: str
    projections: tuple[Drawn, ...]
    ranges: tuple[tuple[int, int], ...]
    whole: bool


def feeds_of(
    owner: str, receptors: Mapping[str, ReceptorConfig], inputs: Mapping[str, PortSpec]
) -> tuple[tuple[Feed, ...], dict[str, PortSpec]]:
    """The feeds of a pool for what arrives at its ports, and what each of them brings, by its name.

    A projection with a rule is fed alone, by its own name. Those whose weights stay and that end at one receptor share a
    feed, `<receptor>_projections`, if their signs and dtypes are the same. A wire of an injected current is fed alone.

    Raises:
        WiringError: Two projections have the same name.
    """
    feeds: list[Feed] = []
    specs: dict[str, PortSpec] = {}
    for receptor, config in receptors.items():
        if receptor in inputs:
            for name, members in _grouped(owner, receptor, config, inputs[receptor]).items():
                ranges = tuple(member[1] for member in members)
                whole = len(members) == len(inputs[receptor].wires)
                feeds.append(Feed(name, receptor, tuple(member[0] for member in members), ranges, whole))
                specs[name] = _joined(f"{owner}.{receptor}", [member[2] for member in members])
    names = [drawn.name for feed in feeds for drawn in feed.projections]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WiringError(
            Problem(f"{owner}.{name}", "is the name of two projections", "Give each a `name=...` of its own", "duplicate")
            for name in twice
        )
    return tuple(feeds), specs


_Member = tuple[Drawn, tuple[int, int], PortSpec]


def _grouped(owner: str, receptor: str, config: ReceptorConfig, spec: PortSpec) -> dict[str, list[_Member]]:
    made: Any = config.made()
    groups: dict[str, list[_Member]] = {}
    kinds: dict[tuple[bool, str], str] = {}
    first = 0
    for wire in spec.wires:
        settings = ProjectionConfig() if wire.wire is None else settings_of(wire.wire)
        name = settings.name or _usual_name(wire, receptor)
        signed = made.signed if settings.signed is None else settings.signed
        drawn = Drawn(name, f"{owner}.{name}", settings, signed)
        if settings.rule is not None or issubclass(made.takes, CurrentArray):
            group = name
        else:
            number = "" if not kinds else f"_{len(kinds) + 1}"
            group = kinds.setdefault((signed, settings.weight_dtype), f"{receptor}_projections{number}")
        groups.setdefault(group, []).append((drawn, (first, first + wire.size), wire))
        first += wire.size
    return groups


def _usual_name(wire: PortSpec, receptor: str) -> str:
    if wire.wire is None:
        return f"input_{receptor}"
    origin = wire.wire.port if wire.wire.origin == CALL else wire.wire.origin
    return f"{origin}_{receptor}"


def _joined(address: str, specs: list[PortSpec]) -> PortSpec:
    joined = joined_spec(address, specs)
    if isinstance(joined, Problem):
        raise WiringError(joined)
    return joined
