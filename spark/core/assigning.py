"""What may be set on a module: nothing that hides what every module has, and on a built one nothing without effect."""

from types import FunctionType
from typing import Any

from spark.core.errors import ModuleError, Problem
from spark.core.part import Part
from spark.core.variable import Constant, Variable

# What a part keeps for itself, and no `build` changes.
_KEPT = (
    *("config", "_mode", "_path", "_drawn_as", "_seed", "_owner_seed", "_clock"),
    *("_inputs", "_outputs", "_graph", "_keeper", "_held", "_form"),
)


def refuse_hiding(module: Part, name: str, value: object) -> None:
    """See that an attribute hides no method or property of its class, and nothing that every module keeps for itself.

    Raises:
        ModuleError: It would.
    """
    own = isinstance(value, (Variable, Constant, Part))
    if name.startswith("_"):
        if own and name in _KEPT:
            raise ModuleError(_hiding(module, name, "something that every module keeps for itself", value))
        return
    if name == "config" and own:
        raise ModuleError(_hiding(module, name, "the config of every module", value))
    owner = next((base for base in type(module).__mro__ if name in vars(base)), None)
    if owner is None:
        return
    found, every = vars(owner)[name], owner.__module__.startswith("spark.core.")
    whose = "every module" if every else owner.__name__
    if isinstance(found, property):
        if found.fset is None:
            raise ModuleError(_hiding(module, name, f"a property of {whose}", value))
    elif every or isinstance(found, (FunctionType, classmethod, staticmethod)):
        kind = "a method" if isinstance(found, (FunctionType, classmethod, staticmethod)) else "a class attribute"
        raise ModuleError(_hiding(module, name, f"{kind} of {whose}", value))


def kept(module: Part) -> dict[str, object]:
    """What a module keeps for itself, to be compared by `refuse_changed`."""
    return {name: vars(module).get(name) for name in _KEPT}


def refuse_changed(module: Part, before: dict[str, object]) -> None:
    """See that what a module keeps for itself is as it was `before` its author's `build`.

    Raises:
        ModuleError: Names what is not.
    """
    after = kept(module)
    changed = [name for name in before if after[name] is not before[name]]
    if changed:
        vars(module).update(before)
        raise ModuleError(
            _hiding(module, name, "something that every module keeps for itself", after[name]) for name in changed
        )


def _hiding(module: Part, name: str, what: str, value: object) -> Problem:
    address = f"{module._path}.{name}" if module._path else f"{type(module).__name__}.{name}"
    text = f"has the name of {what}, which it would hide, got a {type(value).__name__}"
    return Problem(address, text, "Choose another name", "name")


def require_settable(module: Part, name: str) -> None:
    """See that an attribute of a module may be set: one that is being built or is in a step sets what it wants.

    Raises:
        ModuleError: The module is built, and what is read from it comes from its state, its constants and its config.
    """
    # What begins with an underscore is for the class itself, and a property with a setter does what it is for.
    if name.startswith("_") or not module._clock.settled or _has_setter(type(module), name):
        return
    address = f"{module._path}.{name}" if module._path else name
    raise ModuleError(Problem(address, *_told(module, name, address), "frozen"))


def _has_setter(cls: type, name: str) -> bool:
    found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    return isinstance(found, property) and found.fset is not None


def _told(module: Part, name: str, address: str) -> tuple[str, str]:
    """What is wrong, and how to mend it."""
    held: Any = vars(module).get(name)
    changed = f"Build another brain, or go on from this one's state with `brain.with_config({{{address!r}: ...}})`"
    if isinstance(held, Variable):
        return (
            "cannot be set: it is a variable, which stays while its value changes",
            f"Write `brain.{address}.value = ...`",
        )
    if isinstance(held, Constant):
        return (
            "cannot be set: it is a constant, made when the brain was built",
            "Change what it follows from in the config",
        )
    if name in vars(module.config):
        return "cannot be set: what was built from the config would stay as it is", changed
    if isinstance(held, Part):
        another = "Build another brain: `Brain(brain.config.updated(...))`"
        return "cannot be set: it is a part of a built brain, which would go on with it", another
    fix = (
        "Change a variable with `brain.pool.soma.potential.value = ...`, and a setting with "
        "`brain.with_config({'pool.soma.threshold': ...})`; a note of your own begins with an underscore"
    )
    return "cannot be set: nothing of a built brain would follow it", fix
