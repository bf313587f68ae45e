"""What is set on a built module would change nothing: the state and the config are elsewhere. Here it is refused."""

from typing import Any

from spark.core.errors import ModuleError, Problem
from spark.core.part import Part
from spark.core.variable import Constant, Variable


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
