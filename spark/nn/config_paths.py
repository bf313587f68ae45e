"""Settings of a brain by dotted path: `pool.soma.threshold`, `pool.ampa.tau`, `pool.noise_ampa.weights`, `seed`."""

from collections.abc import Mapping
from typing import TypeVar

from spark.core.config import Config
from spark.core.errors import ConfigError, Problem
from spark.core.names import suggestion
from spark.graph.specs import ModuleSpecs, PortMap
from spark.nn.brain_config import BrainConfig
from spark.nn.pools.pool import Pool
from spark.nn.projections.projection import RULE, SHORT_TERM, Projection, settings_of, usual_names

Changed = TypeVar("Changed", bound=Config)
# Fields of a pool's config that list components, which are named without them where the brain is built.
_LISTS = ("receptors", "dendrites")
# What follows a receptor's name in that of its random events.
_BACKGROUND = "_background"
# Parts of a projection, by what follows its name in theirs: the setting that each is made of.
_PARTS = {RULE: "rule", SHORT_TERM: "short_term"}


def changed(config: Changed, changes: Mapping[str, object]) -> Changed:
    """A copy of a config with other values at dotted paths.

    A path names modules, then fields as configs nest; the names that a field lists are steps of their own, as in
    `pool.background.ampa.rate`. Receptors with their random events, dendrites, and the projections that end at a pool
    with their rules and short-term plasticity go by the names that they have in a built brain too: `pool.ampa.tau`,
    `pool.ampa_background.rate`, `pool.noise_ampa.weights`, `pool.noise_ampa_rule.learning_rate`. Where a field has such
    a name, the path means the field.

    Raises:
        ConfigError: A path names no field, with the nearest name; or a value does not fit its field.
    """
    for path, value in changes.items():
        if not isinstance(path, str) or not path:
            raise ConfigError(
                Problem(
                    "changes",
                    f"has a key that is no path, got {path!r}; expected one such as 'pool.soma.tau'",
                    "",
                    "type",
                )
            )
        try:
            config = _changed(config, path.split("."), value, "")
        except ConfigError as error:
            if not isinstance(config, BrainConfig) or not _is_step_of_a_part(path, error):
                raise
            step = changes.get("dt", config.step_length)
            # What was left out is handed down, and is this already.
            if value != step:
                text = f"differs from the brain's, got {value!r}; expected {step!r}"
                fix = "Leave it out: all parts of a brain have its step"
                raise ConfigError(Problem(path, text, fix, "clash")) from error
    return config


def _is_step_of_a_part(path: str, error: ConfigError) -> bool:
    """Whether the step of a part was refused by its owner, which does not know yet what the brain hands down to it."""
    inner = "." in path and path.rpartition(".")[2] == "dt"
    return inner and all(p.kind == "clash" for p in error.problems)


def _changed(config: Changed, names: list[str], value: object, before: str, others: tuple[str, ...] = ()) -> Changed:
    """The config with another value; `others` are names that could have stood in the place of the first."""
    name, rest = names[0], names[1:]
    address = f"{before}.{name}" if before else name
    modules = config.modules_map if isinstance(config, BrainConfig) else {}
    if name in modules and rest:
        return config.updated(modules_map={**modules, name: _in_module(modules[name], rest, value, address)})
    if name in modules and name not in type(config).model_fields:
        text = f"is a module, got {type(value).__name__}"
        raise ConfigError(Problem(address, text, f"Name one of its settings, such as '{address}.dtype'", "path"))
    if name not in type(config).model_fields:
        known = [*modules, *type(config).model_fields, *others]
        raise ConfigError(Problem(address, "is no module or field", suggestion(name, known), "unknown"))
    return _set(config, name, _within(config.field_or_none(name), rest, value, address), before)


def _within(held: object, names: list[str], value: object, address: str) -> object:
    """What a field holds, with another value where the names lead; the value itself without names."""
    if not names:
        return value
    if isinstance(held, Config):
        return _changed(held, names, value, address)
    if isinstance(held, Mapping):
        name, rest = names[0], names[1:]
        if name not in held:
            problem = Problem(f"{address}.{name}", "is not listed there", suggestion(name, held), "unknown")
            raise ConfigError(problem)
        return {**held, name: _within(held[name], rest, value, f"{address}.{name}")}
    message = f"holds a value, no nested config, got {type(held).__name__}"
    raise ConfigError(Problem(address, message, f"Write '{address}' alone, without '.{'.'.join(names)}'", "path"))


def _set(config: Changed, name: str, value: object, before: str) -> Changed:
    try:
        return config.updated(**{name: value})
    except ConfigError as error:
        own = error.relative_to(type(config).__name__)
        raise (own.under(before) if before else own) from error


def _in_module(specs: ModuleSpecs, names: list[str], value: object, address: str) -> ModuleSpecs:
    """The module with another value in its config, or in the settings of a wire into one of its receptors."""
    config, name = specs.config, names[0]
    fields = type(config).model_fields
    wires = _projections(specs)
    if name not in fields and name in wires:
        return _with_settings(specs, wires[name], names[1:], value, f"{address}.{name}")
    for ending, setting in _PARTS.items():
        owner = name.removesuffix(ending)
        if name not in fields and name.endswith(ending) and owner in wires:
            return _with_settings(specs, wires[owner], [setting, *names[1:]], value, f"{address}.{owner}")
    components = {one: [listed, one] for listed in _LISTS for one in _listed(config, listed)}
    components |= {f"{one}{_BACKGROUND}": ["background", one] for one in _listed(config, "background")}
    if issubclass(specs.module_cls, Pool):
        components |= {part: [field] for part, field in specs.module_cls.set_by.items()}
    if name not in fields and name in components:
        names = [*components[name], *names[1:]]
    return specs.with_config(_changed(config, names, value, address, (*components, *wires)))


def _listed(config: Config, field: str) -> tuple[str, ...]:
    """The names that a field lists, if the config has one that lists any."""
    held = config.field_or_none(field) if field in type(config).model_fields else None
    return tuple(held) if isinstance(held, Mapping) else ()


def _projections(specs: ModuleSpecs) -> dict[str, tuple[str, int]]:
    """The projections that end at a module, by name: the port, and the number among the wires there.

    Wires whose settings are in the module's own config, as those into a preset's groups are, are none of these.
    """
    cls = specs.module_cls
    if not issubclass(cls, Pool):
        return {}
    found = {}
    for port in cls.ports_from(specs.config).projected:
        wires = specs.inputs.get(port, [])
        for number, (wire, usual) in enumerate(zip(wires, usual_names(port, wires), strict=True)):
            if isinstance(wire, Projection) or port not in cls.preset_ports:
                found[settings_of(wire).name or usual] = (port, number)
    return found


def _with_settings(
    specs: ModuleSpecs, place: tuple[str, int], names: list[str], value: object, address: str
) -> ModuleSpecs:
    port, number = place
    wires: list[PortMap] = list(specs.inputs[port])
    settings = settings_of(wires[number])
    if not names:
        text = f"is a projection, got {type(value).__name__}"
        raise ConfigError(Problem(address, text, f"Name one of its settings, such as '{address}.weights'", "path"))
    new = _changed(settings, names, value, address)
    wires[number] = Projection(wires[number].origin, wires[number].port, **new.explicit())
    return specs.with_inputs({**specs.inputs, port: wires})
