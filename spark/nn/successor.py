"""Brains of a changed config that go on from the state of another."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from spark.arrays import Array
from spark.core.module import Module
from spark.core.state import State
from spark.core.tree import variables_of, walk
from spark.core.variable import Constant, Variable
from spark.nn.plasticity.weight_rule import WeightRule
from spark.nn.projections import PlasticProjection


def carried(source: Module, target: Module) -> State:
    """The state with which `target` goes on from `source`; both are built.

    A variable keeps its value if both brains have it in the same shape, with the same first value, and its module has
    the same plastic connections; floating numbers are held in the type of the new brain. Everything else begins anew: a
    change of what a variable begins with, such as another distribution of first weights, would have no effect
    otherwise. Where such weights are of connections that were replaced meanwhile, their module begins anew: weights lie
    in the order of the connections.
    """
    old, new = source.state, target.state
    before, after = variables_of(source), variables_of(target)
    anew = _rewired(source, target)
    kept = {}
    # What decays alike in both brains is carried as it is kept: to show it and keep it again would round it.
    shown = [name for name, how in old.about.shown.items() if new.about.shown.get(name) != how]
    hidden = {old.about.shown[name].kept for name in shown}
    for path in [*(p for p in old if p not in hidden), *shown]:
        if path not in new or old[path].shape != new[path].shape or not _holds(new[path].dtype, old[path].dtype):
            continue
        begins = path in before and not _alike(before[path].reset_value, after[path].reset_value)
        if not begins and not any(path.startswith(f"{pool}.") for pool in anew):
            kept[path] = _held_as(old[path], new[path].dtype)
    anew = _out_of_step(target, kept)
    return new.replace({path: kept[path] for path in kept if not any(path.startswith(f"{pool}.") for pool in anew)})


def _holds(one: np.dtype, other: np.dtype) -> bool:
    """Whether a variable of one dtype may go on from a value of the other."""
    return one == other or bool(jnp.issubdtype(one, jnp.floating) and jnp.issubdtype(other, jnp.floating))


def _alike(one: Array, other: Array) -> bool:
    """Whether values are equal, as the narrower of their types holds both."""
    pairs = ((_held_as(one, dtype), _held_as(other, dtype)) for dtype in (one.dtype, other.dtype))
    return any(np.array_equal(*pair) for pair in pairs)


def _held_as(value: Array, dtype: np.dtype) -> Array:
    """The value in a floating type; of any other type itself."""
    return value.astype(dtype) if value.dtype != dtype and jnp.issubdtype(dtype, jnp.floating) else value


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
