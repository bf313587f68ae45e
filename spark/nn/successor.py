"""Brains of a changed config that go on from the state of another."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from spark.arrays import Array
from spark.core.config import Config
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.state import State
from spark.core.tree import variables_of, walk
from spark.core.variable import Constant, Variable
from spark.nn.brain_config import BrainConfig
from spark.nn.plasticity.weight_rule import WeightRule
from spark.nn.projections import PlasticProjection

Changed = TypeVar("Changed", bound=Config)


def changed(config: Changed, changes: Mapping[str, object]) -> Changed:
    """A copy of a config with other values at dotted paths, such as `pool.soma.tau` or `dt`.

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
        config = _changed(config, path.split("."), value, "")
    return config


def _changed(config: Changed, names: list[str], value: object, before: str) -> Changed:
    name, rest = names[0], names[1:]
    address = f"{before}.{name}" if before else name
    modules = config.modules_map if isinstance(config, BrainConfig) else {}
    if name in modules and rest:
        specs = modules[name]
        return config.updated(
            modules_map={**modules, name: specs.with_config(_changed(specs.config, rest, value, address))}
        )
    if name not in type(config).model_fields:
        known = [*modules, *type(config).model_fields]
        raise ConfigError(Problem(address, "is no module or field", suggestion(name, known), "unknown"))
    if not rest:
        try:
            return config.updated(**{name: value})
        except ConfigError as error:
            raise _relative(error, config, before) from error
    nested = config.field_or_none(name)
    if not isinstance(nested, Config):
        message = f"holds a value, no nested config, got {type(nested).__name__}"
        raise ConfigError(Problem(address, message, f"Write '{address}' alone, without '.{'.'.join(rest)}'", "path"))
    return config.updated(**{name: _changed(nested, rest, value, address)})


def _relative(error: ConfigError, config: Config, before: str) -> ConfigError:
    """The error with the path of the config in the place of its class's name."""
    own = f"{type(config).__name__}."
    return ConfigError(
        Problem(p.address.removeprefix(own), p.message, p.fix, p.kind).under(before) if before else p
        for p in error.problems
    )


def carried(source: Module, target: Module) -> State:
    """The state with which `target` goes on from `source`; both are built.

    A variable keeps its value if both brains have it in the same shape and dtype, with the same first value, and its
    module has the same plastic connections. Everything else begins anew: a change of what a variable begins with, such
    as another distribution of first weights, would have no effect otherwise. Where such weights are of connections
    that were replaced meanwhile, their module begins anew: weights lie in the order of the connections.
    """
    old, new = source.state, target.state
    before, after = variables_of(source), variables_of(target)
    anew = _rewired(source, target)
    kept = {}
    # What decays alike in both brains is carried as it is kept: to show it and keep it again would round it.
    shown = [name for name, how in old.about.shown.items() if new.about.shown.get(name) != how]
    hidden = {old.about.shown[name].kept for name in shown}
    for path in [*(p for p in old if p not in hidden), *shown]:
        if path not in new or old[path].shape != new[path].shape or old[path].dtype != new[path].dtype:
            continue
        begins = path in before and not np.array_equal(before[path].reset_value, after[path].reset_value)
        if not begins and not any(path.startswith(f"{pool}.") for pool in anew):
            kept[path] = old[path]
    anew = _out_of_step(target, kept)
    return new.replace({path: kept[path] for path in kept if not any(path.startswith(f"{pool}.") for pool in anew)})


def _out_of_step(target: Module, kept: Mapping[str, object]) -> set[str]:
    """Modules that own a projection whose lists of connections would be as rewired, and its weights as at first."""
    paths = {id(variable): path for path, variable in variables_of(target).items()}
    parts, found = dict(walk(target)), set()
    for path, projection in parts.items():
        if isinstance(projection, PlasticProjection) and projection.rewires and f"{path}.edges_pre" in kept:
            owner = path.rpartition(".")[0]
            drawn = projection.config.projection
            rule = parts.get(f"{owner}.{drawn.rule_name}") if owner else None
            first = rule.first_weights() if isinstance(rule, WeightRule) else []
            if not all(paths[id(variable)] in kept for variable in (projection.weights, *first)):
                found.add(owner)
    return found


def _rewired(source: Module, target: Module) -> set[str]:
    """Modules that own plastic synapses whose connections differ: their weights would get into wrong places."""
    old, new = ({p: m for p, m in walk(b) if isinstance(m, PlasticProjection)} for b in (source, target))
    return {p.rpartition(".")[0] for p in old.keys() & new.keys() if not _same_connections(old[p], new[p])}


def _same_connections(one: PlasticProjection, other: PlasticProjection) -> bool:
    if one.listed != other.listed or one.rewires != other.rewires:
        return False
    pairs = zip(one.edge_arrays(), other.edge_arrays(), strict=True) if one.listed else ()
    return all(np.array_equal(_first(a), _first(b)) for a, b in pairs)


def _first(array: Constant | Variable) -> Array:
    """What an array of connections begins with; that of a rewired projection is carried as other variables are."""
    return array.reset_value if isinstance(array, Variable) else array.value
