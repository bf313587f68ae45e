"""Which wires into a pool feed which of its components."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from spark.core.errors import ConfigError, ModuleError, Problem, WiringError
from spark.core.payloads import CurrentArray, PotentialArray
from spark.core.ports import PortSpec
from spark.nn.equations.units import NUMBER, UnitError, unit
from spark.nn.plasticity.connection_rule import ConnectionRuleConfig
from spark.nn.plasticity.equations import EquationRuleConfig
from spark.nn.plasticity.event_rule import EventRuleConfig
from spark.nn.projections.draws import Drawn
from spark.nn.projections.pairs import Pairs
from spark.nn.projections.projection import Projection, ProjectionConfig, settings_of, usual_names
from spark.nn.receptors import ReceptorConfig
from spark.nn.receptors.receptor import InhibitoryConfig, Receptor
from spark.nn.wiring import joined_spec

# Names that every pool has for parts of its own.
PARTS = ("soma", "spiked", "total")


@dataclass(frozen=True)
class Feed:
    """What the wires of one component bring, as elements of what arrives at a port of the pool.

    Attributes:
        name: The component that it goes to.
        port: Input port of the pool.
        projections: One for each wire; or the one that all its wires are together.
        ranges: First element of each wire, and the one behind its last, among those that arrive at the port.
        whole: Whether these are all that arrive there.
    """

    name: str
    port: str
    projections: tuple[Drawn | Pairs, ...]
    ranges: tuple[tuple[int, int], ...]
    whole: bool

    @property
    def stays(self) -> bool:
        """Whether its weights stay."""
        return all(projection.stays for projection in self.projections)


Usual = Callable[[str, str, int, int], Drawn | Pairs | None]


def own_settings(owner: str, config: ReceptorConfig, usual_name: str, wire: PortSpec) -> Drawn:
    """The projection that a wire itself describes, or one with the defaults.

    Raises:
        ConfigError: Its spikes are to be signed, and the receptor is inhibitory, or opens a conductance.
    """
    made: Any = config.made()
    settings = ProjectionConfig() if wire.wire is None else settings_of(wire.wire)
    name = settings.name or usual_name
    inhibits = inhibitory(config)
    if inhibits and settings.signed:
        text = "has no meaning at an inhibitory receptor, where every spike takes away, got True"
        raise ConfigError(Problem(f"{owner}.{name}.signed", text, "Leave it out", "setting"))
    signed = signed_at(f"{owner}.{name}.signed", config, settings.signed)
    if issubclass(made.takes, PotentialArray):
        _refuse_of_spikes(f"{owner}.{name}", settings)
    addresses = (f"{owner}.{name}.pattern", f"{owner}.{name}.weights", f"{owner}.{name}.delay")
    # A file writes the default as well.
    given = "alone" if settings.weights != ProjectionConfig().weights else "not"
    return Drawn(name, settings, signed, inhibits, addresses, given)


def _between(owner: str, drawn: Drawn, wire: PortSpec) -> Drawn:
    """The projection of a wire; from another module no unit reaches itself, so `self_connections` leave out nothing.

    Of what nobody wired nobody knows where it begins: there units of the same number count as the same.
    """
    pattern = drawn.settings.pattern
    if wire.wire is None or wire.wire.origin == owner.rpartition(".")[2]:
        return drawn
    if pattern.field_or_none("self_connections") is not False:
        return drawn
    return replace(drawn, settings=drawn.settings.updated(pattern=pattern.updated(self_connections=True)))


def signed_at(address: str, config: ReceptorConfig, given: bool | None) -> bool:
    """Whether spikes of inhibitory units count as -1 at a receptor; left out, as it has it.

    Raises:
        ConfigError: They are to, at a conductance; says so at the address.
    """
    made: Any = config.made()
    if given and made.only_opens(config):
        text = "has no meaning at a conductance, which no spike makes negative, got True"
        fix = "Leave it out: the receptor's reversal potential says whether it excites or inhibits"
        raise ConfigError(Problem(address, text, fix, "setting"))
    return (_signed_by_class(config) if given is None else given) and not inhibitory(config)


def _signed_by_class(config: ReceptorConfig) -> bool:
    """Whether spikes of inhibitory units take away where no projection says so; at a conductance they never do.

    A class of somebody's own need not say that of its conductance: it puts one out.
    """
    made: Any = config.made()
    return made.signed and not made.only_opens(config)


def _refuse_wrong_rules(owner: str, drawn: Iterable[Drawn | Pairs], receptor: str) -> None:
    """Refuse rules that may take weights below 0 at a receptor that has a sign of its own.

    Raises:
        ConfigError: Names the least weight of each.
    """
    problems = [
        Problem(
            f"{owner}.{one.rule_name}.config.minimum",
            f"must be at least 0 at {receptor}, got {one.rule.minimum:g}",
            "Leave it out: the receptor says whether it excites or inhibits",
            "bounds",
        )
        for one in drawn
        if isinstance(one.rule, EventRuleConfig | ConnectionRuleConfig) and one.rule.minimum < 0
    ]
    if problems:
        raise ConfigError(problems)


def _refuse_other_units(owner: str, drawn: Iterable[Drawn | Pairs], receptor: str, kind: type[Receptor]) -> None:
    """Refuse rules as text that take a weight for something else than the receptor does; a plain number may be either.

    Raises:
        ConfigError: Names the unit of each, and that of the receptor, which is of this kind.
        ModuleError: The receptor's is no unit.
    """
    rules = {one.rule_name: one.rule for one in drawn if isinstance(one.rule, EquationRuleConfig)}
    takes = kind.unit_of_weights()
    if not takes or not rules:
        return
    try:
        _, dimension = unit(takes)
    except UnitError as error:
        problem = Problem(f"{owner}.{receptor}.weight_unit", str(error), "Write pA, nS, mV or 1", "unit")
        raise ModuleError(problem) from error
    problems = [
        Problem(
            f"{owner}.{name}.config.weight",
            f"is not the unit in which the receptor {receptor!r} takes weights, got {rule.weight!r}; "
            f"expected {takes!r}",
            f"Write `weight={takes!r}`, and parameters of that unit",
            "unit",
        )
        for name, rule in rules.items()
        if unit(rule.weight)[1] not in (NUMBER, dimension)
    ]
    if problems:
        raise ConfigError(problems)


def _refuse_of_spikes(address: str, settings: ProjectionConfig) -> None:
    """Refuse what has a meaning for spikes only.

    Raises:
        ConfigError: Names each such setting of a projection of potentials.
    """
    text = "is for projections of spikes, got {} where potentials arrive"
    given = {"delay": settings.delay, "rule": settings.rule, "short_term": settings.short_term}
    found = {name: type(value).__name__ for name, value in given.items() if value is not None}
    found |= {"signed": "True"} if settings.signed else {}
    found |= {"weight_dtype": settings.weight_dtype} if settings.weight_dtype != "float32" else {}
    if found:
        raise ConfigError(
            Problem(f"{address}.{name}", text.format(got), "Leave it out", "setting") for name, got in found.items()
        )


def inhibitory(config: ReceptorConfig) -> bool:
    """Whether a receptor takes the size of every weight away."""
    return isinstance(config, InhibitoryConfig) and config.inhibitory


def feeds_of(
    owner: str, receptors: Mapping[str, ReceptorConfig], inputs: Mapping[str, PortSpec], usual: Usual | None = None
) -> tuple[tuple[Feed, ...], dict[str, PortSpec]]:
    """The feeds of a pool for what arrives at its ports, and what each of them brings, by its name.

    A projection with a rule is fed alone, by its own name, and so is what several wires are together. Those whose
    weights stay and that end at one receptor share a feed, `<receptor>_projections`, if their signs and dtypes are the
    same; one with short-term plasticity has a feed of its own. A wire of an injected current is fed alone.

    Args:
        owner: How errors name the pool.
        receptors: The receptors by name.
        inputs: What arrives at them.
        usual: Gives, for a bare wire, its projection from the receptor, its name, its number among the wires and how
            many there are; left out, or where it gives None, one with the defaults.

    Raises:
        WiringError: Two projections have the same name, or one that of another part or input.
        ConfigError: A rule may take weights below 0 whose sign the receptor has, or has another unit of weights.
    """
    feeds: list[Feed] = []
    specs: dict[str, PortSpec] = {}
    for receptor, config in receptors.items():
        if receptor not in inputs:
            continue
        wires = inputs[receptor].wires
        names = usual_names(receptor, [wire.wire for wire in wires])
        drawn = [
            (None if usual is None or isinstance(wire.wire, Projection) else usual(receptor, name, number, len(wires)))
            or own_settings(owner, config, name, wire)
            for number, (name, wire) in enumerate(zip(names, wires, strict=True))
        ]
        made: Any = config.made()
        opens, takes = made.only_opens(config), made.unit_of_weights()
        drawn = [
            replace(_between(owner, one, wire), opens=opens, unit=takes)
            if isinstance(one, Drawn)
            else replace(one, opens=opens, signed=_signed_by_class(config), unit=takes)
            for one, wire in zip(drawn, wires, strict=True)
        ]
        if opens or inhibitory(config):
            _refuse_wrong_rules(owner, drawn, "a conductance" if opens else "an inhibitory receptor")
        _refuse_other_units(owner, drawn, receptor, made)
        for name, members in _grouped(receptor, config, drawn, wires).items():
            ranges = tuple(member[1] for member in members)
            projections = tuple(member[0] for member in members)
            projections = projections[:1] if projections[0].together else projections
            feeds.append(Feed(name, receptor, projections, ranges, len(members) == len(wires)))
            specs[name] = _joined(f"{owner}.{receptor}", [member[2] for member in members])
    names = [drawn.name for feed in feeds for drawn in feed.projections]
    parts = {feed.name for feed in feeds if not feed.stays} & {*receptors, *PARTS}
    parts |= specs.keys() & (inputs.keys() - receptors.keys())
    mend = "Give each a `name=...` of its own"
    problems = [
        Problem(f"{owner}.{name}", "is the name of two projections", mend, "duplicate")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    problems += [
        Problem(f"{owner}.{name}", "is the name of a projection and of another part or input", mend, "duplicate")
        for name in sorted(parts)
    ]
    if problems:
        raise WiringError(problems)
    return tuple(feeds), specs


_Member = tuple[Drawn | Pairs, tuple[int, int], PortSpec]


def _grouped(
    receptor: str, config: ReceptorConfig, drawn: list[Drawn | Pairs], wires: tuple[PortSpec, ...]
) -> dict[str, list[_Member]]:
    made: Any = config.made()
    groups: dict[str, list[_Member]] = {}
    kinds: dict[tuple[bool, str, str], str] = {}
    first = 0
    for one, wire in zip(drawn, wires, strict=True):
        if isinstance(one, Pairs) or not one.stays or issubclass(made.takes, CurrentArray):
            group = one.name
        else:
            number = "" if not kinds else f"_{len(kinds) + 1}"
            alone = "" if one.settings.short_term is None else one.name
            group = kinds.setdefault((one.signed, one.settings.weight_dtype, alone), f"{receptor}_projections{number}")
        groups.setdefault(group, []).append((one, (first, first + wire.size), wire))
        first += wire.size
    return groups


def _joined(address: str, specs: list[PortSpec]) -> PortSpec:
    joined = joined_spec(address, specs)
    if isinstance(joined, Problem):
        raise WiringError(joined)
    return joined
