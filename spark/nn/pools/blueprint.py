"""Which components a pool is made of, for the projections that end at it."""

from collections.abc import Iterable
from typing import Any, TypedDict

from spark.core.errors import ConfigError, Problem
from spark.core.names import did_you_mean
from spark.core.parameter import require_shapes
from spark.core.payloads import CurrentArray, FloatArray, PotentialArray
from spark.graph.specs import CALL, ModuleSpecs, PortMap
from spark.nn.component import Component, ComponentConfig
from spark.nn.dendrites import Dendrite, Spiked, SpikedConfig
from spark.nn.plasticity.rule import Rule
from spark.nn.pools.feeds import Feed
from spark.nn.pools.sums import Sum, SumConfig
from spark.nn.pools.total import EFFECTS, Total, TotalConfig
from spark.nn.projections.draws import Drawn
from spark.nn.projections.gap import GapProjections
from spark.nn.projections.plastic import PlasticProjection, PlasticProjectionConfig
from spark.nn.projections.static import StaticProjections, StaticProjectionsConfig
from spark.nn.somas.soma import Soma, SomaConfig
from spark.nn.synapses.background import PoissonBackground, PoissonBackgroundConfig


class Shared(TypedDict):
    """What a pool hands to each of its components."""

    units: tuple[int, ...]
    dt: float
    dtype: str


def soma_of(config: Any) -> tuple[type[Soma], SomaConfig]:
    """The class of a pool's soma, and its config.

    Raises:
        ConfigError: The class is no `Soma`.
    """
    made = config.soma.made()
    if not issubclass(made, Soma):
        raise ConfigError(
            Problem("config.soma", f"makes no soma, got {made.__name__}", "Derive it from spark.Soma", "class")
        )
    return made, config.soma


def fires_alone(soma: SomaConfig) -> bool:
    """Whether units of a soma of this config may fire without anything that arrives."""
    made = None if soma.unmade() else soma.made()
    return made is not None and issubclass(made, Soma) and made.fires_alone(soma)


def parts_of(config: Any, feeds: Iterable[Feed]) -> tuple[ModuleSpecs, ...]:
    """The components, in the order in which a step runs them where their wires leave it open.

    Raises:
        ConfigError: The soma does not take what a receptor brings, or a parameter is for another number of units.
    """
    shared: Shared = {"units": config.units, "dt": config.dt, "dtype": config.dtype}
    parts: list[ModuleSpecs] = []
    rules: list[ModuleSpecs] = []
    dendrites = config.handed_down_to("dendrites")
    effects: dict[str, dict[str, str]] = {target: {} for target in ("soma", *dendrites)}
    feeds = tuple(feeds)
    for name, receptor in config.handed_down_to("receptors").items():
        made: Any = receptor.made()
        own = [feed for feed in feeds if feed.port == name]
        events = config.background.get(name)
        if not own and events is None:
            continue
        require_shapes(f"{name}.config", receptor, config.units)
        sources = []
        if issubclass(made.takes, CurrentArray):
            terms = tuple(feed.name for feed in own)
            sums = SumConfig(**shared, terms=terms, payload=CurrentArray)
            inputs = {term: [PortMap(CALL, term)] for term in terms}
            parts.append(ModuleSpecs(f"{name}_sum", Sum, inputs, sums))
            sources = [PortMap(f"{name}_sum", "arrivals")]
        elif issubclass(made.takes, PotentialArray):
            (feed,) = own
            joined = StaticProjectionsConfig(**shared, seed=feed.projections[0].seed, projections=feed.projections)
            parts.append(ModuleSpecs(feed.name, GapProjections, {"potentials": [PortMap(CALL, feed.name)]}, joined))
            sources = [PortMap(feed.name, "arrivals")]
        else:
            made_here, sources = _projections(name, own, events, shared)
            parts += made_here
            rules += [rule for feed in own for rule in _rules(feed, shared, tuple(dendrites))]
            if len(sources) > 1:
                terms = tuple(source.origin for source in sources)
                sums = SumConfig(**shared, terms=terms, payload=FloatArray)
                inputs = {term: [source] for term, source in zip(terms, sources, strict=True)}
                parts.append(ModuleSpecs(f"{name}_sum", Sum, inputs, sums))
                sources = [PortMap(f"{name}_sum", "arrivals")]
        target = config.onto.get(name, "soma")
        wires = {"arrivals": sources}
        if "potential" in made.ports().inputs:
            wires["potential"] = [PortMap(target, "potential")]
        parts.append(ModuleSpecs(name, made, wires, receptor))
        effects[target][name] = _effect(f"receptors.{name}", made)
    soma, soma_config = soma_of(config)
    require_shapes("soma.config", soma_config, config.units)
    for name, dendrite in dendrites.items():
        made = dendrite.made()
        require_shapes(f"{name}.config", dendrite, config.units)
        before, brought = _totalled(f"{name}_total", name, made, dendrite, effects[name], shared)
        ports = made.ports().inputs
        wires = {port: [origin] for port, origin in _FROM_SOMA.items() if port in ports}
        parts += [*before, ModuleSpecs(name, made, {**brought, **wires}, dendrite)]
        effects["soma"][name] = _effect(f"dendrites.{name}", made)
    _refuse_hidden_potential(soma, soma_config, [*parts, *rules])
    before, brought = _totalled("total", "soma", soma, soma_config, effects["soma"], shared)
    parts += [*before, ModuleSpecs("soma", soma, brought, soma_config)]
    if any(PortMap("spiked", "fired") in wires for part in parts for wires in part.inputs.values()):
        parts.append(ModuleSpecs("spiked", Spiked, {"spikes": [PortMap("soma", "spikes")]}, SpikedConfig(dt=config.dt)))
    return (*parts, *rules)


# What a dendrite may read of the soma, as the last step left it, by its input port.
_FROM_SOMA = {"potential": PortMap("soma", "potential"), "spikes": PortMap("spiked", "fired")}


def _totalled(
    name: str,
    target: str,
    made: type[Component],
    config: ComponentConfig,
    effects: dict[str, str],
    shared: Shared,
) -> tuple[list[ModuleSpecs], dict[str, list[PortMap]]]:
    """The sum of what is brought to a soma or a dendrite, and the wires from it; nothing where nothing ends there."""
    if not effects and target != "soma":
        return [], {}
    total = TotalConfig(**shared, effects=effects, target=config, takes=_taken(made, config, effects))
    wires = {origin: [PortMap(origin, effect)] for origin, effect in effects.items()}
    if total.converts:
        wires["potential"] = [PortMap(target, "potential")]
    outputs = Total.ports_from(total).outputs
    return [ModuleSpecs(name, Total, wires, total)], {port: [PortMap(name, port)] for port in outputs}


def _projections(
    receptor: str, feeds: list[Feed], events: PoissonBackgroundConfig | None, shared: Shared
) -> tuple[list[ModuleSpecs], list[PortMap]]:
    """The projections of a receptor with its random events, and where what arrives by them is put out."""
    parts, sources = [], []
    if events is not None:
        parts.append(ModuleSpecs(f"{receptor}_background", PoissonBackground, {}, events.handed(**shared)))
        if not any(feed.stays for feed in feeds):
            feeds = [*feeds, Feed(f"{receptor}_projections", receptor, (), (), True)]
    for feed in feeds:
        wires = {"spikes": [PortMap(CALL, feed.name)]} if feed.projections else {}
        if feed.stays and events is not None:
            wires["arrivals"] = [PortMap(f"{receptor}_background", "arrivals")]
            events = None
        sources.append(PortMap(feed.name, "arrivals"))
        if feed.stays:
            for one in feed.projections:
                if isinstance(one, Drawn) and one.settings.short_term is not None:
                    # It stands alone in its feed: amplitudes are those of all sources of one projection.
                    units = (sum(last - first for first, last in feed.ranges),)
                    parts.append(_short_term(one, feed.name, {**shared, "units": units}))
                    wires["amplitudes"] = [PortMap(one.short_term_name, "amplitudes")]
            seed = feed.projections[0].seed if feed.projections else None
            static = StaticProjectionsConfig(**shared, seed=seed, projections=feed.projections)
            parts.append(ModuleSpecs(feed.name, StaticProjections, wires, static))
        else:
            (one,) = feed.projections
            plastic = PlasticProjectionConfig(**shared, seed=one.seed, projection=one)
            parts.append(ModuleSpecs(feed.name, PlasticProjection, wires, plastic))
    return parts, sources


def _short_term(one: Drawn, feed: str, shared: Shared) -> ModuleSpecs:
    chosen: Any = one.settings.short_term
    try:
        handed = chosen.handed(**shared)
    except ConfigError as error:
        raise error.under(f"{one.name}.short_term") from error
    return ModuleSpecs(one.short_term_name, chosen.made(), {"spikes": [PortMap(CALL, feed)]}, handed)


def _rules(feed: Feed, shared: Shared, dendrites: tuple[str, ...]) -> list[ModuleSpecs]:
    if feed.stays:
        return []
    (first,) = feed.projections
    chosen: Any = first.rule
    if not chosen.active:
        return []
    arriving = PortMap(feed.name, "arriving") if first.delayed else PortMap(CALL, feed.name)
    # Plain array code takes the weights of all pairs.
    ports = chosen.made().ports_from(chosen).inputs
    held = "kernel" if "kernel" in ports else "weights"
    wires = {
        "pre_spikes": [arriving],
        "post_spikes": [PortMap("soma", "spikes")],
        held: [PortMap(feed.name, held)],
    }
    if "potential" in ports:
        wires["potential"] = [PortMap(_compartment(first.rule_name, chosen.compartment, dendrites), "potential")]
    if first.modulator is not None:
        wires["modulation"] = [PortMap(CALL, first.modulator)]
    try:
        rule = chosen.handed(**shared)
    except ConfigError as error:
        raise error.under(f"{first.name}.rule") from error
    effects = {held: f"{feed.name}.{held}"}
    return [ModuleSpecs(first.rule_name, rule.made(), wires, rule, effects=effects)]


def _compartment(rule: str, name: str, dendrites: tuple[str, ...]) -> str:
    """The part of the pool whose potential the rule called `rule` reads, by its `name`.

    Raises:
        ConfigError: There is none of this name.
    """
    known = ("soma", *dendrites)
    if name in known:
        return name
    text = f"reads the potential of a part that the pool does not have, got {name!r}; expected one of {list(known)}"
    raise ConfigError(Problem(rule, text, did_you_mean(name, known, "Name one of those"), "unknown"))


def _refuse_hidden_potential(soma: type[Component], config: ComponentConfig, parts: list[ModuleSpecs]) -> None:
    """Refuse receptors and rules that read a potential which the soma does not expose.

    Raises:
        ConfigError: Names each of them.
    """
    hidden = [
        part
        for part in parts
        if PortMap("soma", "potential") in part.inputs.get("potential", ())
        and "potential" not in soma.exposed_by(config)
    ]
    problems = []
    for part in hidden:
        kind = next(
            (n for c, n in ((Rule, "rule"), (Dendrite, "dendrite")) if issubclass(part.module_cls, c)), "receptor"
        )
        problems.append(
            Problem(
                part.name if kind == "rule" else f"config.{kind}s.{part.name}",
                f"reads the potential of the soma, and {soma.__name__} exposes none",
                f"Take another {kind}, or let the soma expose `potential`",
                "receptor",
            )
        )
    if problems:
        raise ConfigError(problems)


def _effect(address: str, receptor: type[Component]) -> str:
    outputs = list(receptor.ports().outputs)
    if len(outputs) != 1 or outputs[0] not in EFFECTS:
        text = f"puts out {outputs}; expected one of {list(EFFECTS)}"
        raise ConfigError(Problem(f"config.{address}", text, "Name its only output port so", "receptor"))
    return outputs[0]


def _taken(soma: type[Component], config: ComponentConfig, effects: dict[str, str]) -> tuple[str, ...]:
    """What the soma, or a dendrite, takes of `EFFECTS`.

    Raises:
        ConfigError: It does not take what a receptor brings.
    """
    ports, kind = soma.ports(), "dendrite" if issubclass(soma, Dendrite) else "soma"
    takes = tuple(name for name in EFFECTS if name in {**ports.inputs, **ports.optional})
    possible = set(takes)
    if "current" in takes and "potential" in soma.exposed_by(config):
        possible.add("conductance")
    problems = [
        Problem(
            f"config.receptors.{name}",
            f"brings a {effect}, and the {kind} {soma.__name__} takes {' and '.join(takes) or 'nothing of that kind'}",
            f"Take another receptor, or a {kind} with this input port"
            + ("; or let the soma expose `potential`, and its pool makes a current of it" * (effect == "conductance")),
            "receptor",
        )
        for name, effect in effects.items()
        if effect not in possible
    ]
    ignored = soma.ignores(config) if issubclass(soma, Soma) and isinstance(config, SomaConfig) else {}
    problems += [
        Problem(
            f"config.receptors.{name}",
            f"brings a {effect}, and the {kind} {soma.__name__} makes no use of it as it is written",
            ignored[effect],
            "receptor",
        )
        for name, effect in effects.items()
        if effect in ignored
    ]
    if problems:
        raise ConfigError(problems)
    return takes
