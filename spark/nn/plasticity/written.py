"""Whether a rule of somebody's own says how weights change, in words that `ConnectionRule` reads."""

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.errors import ModuleError, Problem

# What texts of rules call these, which a class may be written after.
_IN_TEXTS = {"at_pre": "on_pre", "at_post": "on_post"}
_CLOSE = 0.85


def require_changes(
    cls: type, base: type, address: str, changes: Mapping[str, Callable[..., object]], values: Sequence[str]
) -> None:
    """See that a rule says how weights change, and takes the values that it names.

    Args:
        cls: Class of the rule.
        base: The class whose methods do nothing.
        address: Of the rule, for errors.
        changes: `at_pre` and `at_post` of the rule, by their names.
        values: What they are given beside the weight.

    Raises:
        ModuleError: Neither is written, or one stands under another name, or takes other values.
    """
    written = [name for name in changes if vars(base)[name] is not _found(cls, name)]
    problems = []
    own = _own_methods(cls, base)
    for name in changes:
        other = None if name in written else _meant(name, own, _CLOSE if written else 0.55)
        if other is not None:
            text = f"is not written, so weights would not change by it, got `{other}`; expected `{name}`"
            fix = f"Did you mean '{name}'? Rename `{other}`"
            problems.append(Problem(f"{address}.{name}", text, fix, "misnamed"))
    if not written and not problems:
        got = sorted(own) or "no method of its own"
        text = f"does not say how weights change, got {got}; expected `at_pre`, `at_post` or both"
        fix = "Write `at_post(self, weight, ...)`, which returns the change; see `spark.nn.plasticity.ConnectionRule`"
        problems.append(Problem(address, text, fix, "missing"))
    for name in written:
        takes = inspect.signature(changes[name])
        try:
            takes.bind(None, **dict.fromkeys(values))
        except TypeError:
            got, expected = ([*one] for one in (takes.parameters, ["weight", *values]))
            text = f"takes other values than `pre_values` and `post_values` name, got {got}; expected {expected}"
            fix = f"Write `{name}({', '.join(['self', *expected])})`, or name what it takes"
            problems.append(Problem(f"{address}.{name}", text, fix, "values"))
    if problems:
        raise ModuleError(problems)


def unwritten_units(address: str) -> Problem:
    """That the rule at an address does not say what is kept of the units."""
    return Problem(f"{address}.units", "is not written", "Write `units(self, pre, post)`, which returns `UnitValues`")


def no_unit_values(address: str, given: object) -> Problem:
    """That `units` of the rule at an address gave something else."""
    text = f"gives no values of units, got {type(given).__name__}; expected UnitValues"
    return Problem(f"{address}.units", text, "Return `UnitValues({...}, {...})` at its end", "type")


def require_acts(address: str, acts: object, units: int) -> None:
    """See that where changes happen, if `units` says so, is a boolean for each of so many postsynaptic units.

    Raises:
        ModuleError: It is not.
    """
    if acts is not None and (np.shape(acts) != (units,) or jnp.result_type(acts).kind != "b"):  # type: ignore[arg-type]
        text = f"gives {_described(acts)} as `acts`; expected booleans of shape ({units},), one for each target"
        raise ModuleError(Problem(f"{address}.units", text, "Compare, as in `acts=post != 0`", "shape"))


def _described(given: object) -> str:
    """Dtype and shape of an array, or the type of something else."""
    try:
        return f"{jnp.result_type(given)} of shape {np.shape(given)}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return type(given).__name__


def require_given(address: str, side: str, given: Mapping[str, object], names: Sequence[str], units: int) -> None:
    """See that `units` gives every value of a side that the rule names, a number for each unit.

    Args:
        address: Of the rule, for errors.
        side: `pre` or `post`.
        given: What it gave.
        names: What the rule names.
        units: How many units are on this side.

    Raises:
        ModuleError: It leaves some out, or one is of another shape.
    """
    missing = [name for name in names if name not in given]
    if missing:
        text = f"gives no {missing[0]!r}, which `{side}_values` names, got {sorted(given)}; expected {list(names)}"
        fix = f"Return it in `UnitValues({side}={{...}})`, or take it out of `{side}_values`"
        raise ModuleError(Problem(f"{address}.units", text, fix, "values"))
    for name in names:
        value = given[name]
        if not isinstance(value, jax.Array | np.ndarray) or value.shape != (units,):
            text = f"gives {_described(value)} as {name!r} of `{side}_values`; expected numbers of shape ({units},)"
            where = {"pre": "source", "post": "target"}[side]
            raise ModuleError(Problem(f"{address}.units", text, f"Give an array, one number for each {where}", "shape"))


def _found(cls: type, name: str) -> object:
    return next(vars(one)[name] for one in cls.__mro__ if name in vars(one))


def _own_methods(cls: type, base: type) -> set[str]:
    """Public methods that a class and those between it and the base add."""
    added = cls.__mro__[: cls.__mro__.index(base)]
    names = {name for one in added for name, value in vars(one).items() if inspect.isfunction(value)}
    return {name for name in names - set(dir(base)) if not name.startswith("_")}


def _meant(name: str, own: set[str], cutoff: float) -> str | None:
    """The method that was meant as `name`: what texts call it, or the nearest."""
    if _IN_TEXTS[name] in own:
        return _IN_TEXTS[name]
    # A name that is nearer to the other of both was meant as that.
    other = next(one for one in _IN_TEXTS if one != name)
    near = [one for one in own if _alike(one, name) >= _alike(one, other)]
    return next(iter(difflib.get_close_matches(name, sorted(near), n=1, cutoff=cutoff)), None)


def _alike(one: str, name: str) -> float:
    return difflib.SequenceMatcher(None, one.lower(), name).ratio()
