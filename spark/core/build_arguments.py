"""What a module's `build` is called with, by the names of its ports; and whether it calls the one above it."""

import inspect

from spark.core.errors import ModuleError, Problem
from spark.core.names import suggestion
from spark.core.part import Part
from spark.core.ports import PortSpec


def arguments_of_build(module: Part, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
    """The inputs that `build` asks for; a module need not ask for all of its ports.

    Raises:
        ModuleError: It asks for what is no port, or for an optional one that is not there; or not by name.
    """
    owner = f"{module.path or type(module).__name__}.build"
    asked = list(inspect.signature(type(module).build).parameters.values())
    if not asked or asked[0].kind in (asked[0].KEYWORD_ONLY, asked[0].VAR_KEYWORD) or asked[0].name in inputs:
        fix = "Write `def build(self, port: spark.PortSpec) -> None`"
        raise ModuleError(Problem(owner, "does not take the module itself as its first argument", fix, "build"))
    ports = module.ports_from(module.config)
    known = {*inputs, *ports.inputs, *ports.optional}
    # A step that a subclass writes anew may do without an optional input that the `build` above it knows, and so may a
    # class whose config says which ports there are.
    by_config = type(module).__mro__[_owner(module, "ports_from")] is not Part
    narrowed = by_config or _owner(module, "__call__") < _owner(module, "build")
    problems = []
    for one in asked[1:]:
        address = f"{owner}.{one.name}"
        if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL):
            continue
        if one.name not in known and narrowed and one.default is not one.empty:
            continue
        if one.name not in known:
            fix = suggestion(one.name, known, "input port")
            problems.append(Problem(address, "is no input port of `__call__`", fix, "build"))
        elif one.kind is one.POSITIONAL_ONLY:
            problems.append(
                Problem(address, "is taken by its place, and inputs are given by name", "Leave out the `/`")
            )
        elif one.default is one.empty and one.name not in inputs:
            text = "asks for an optional input that was not given"
            fix = f"Write `{one.name}: spark.PortSpec | None = None`, and build for None too"
            problems.append(Problem(address, text, fix, "build"))
    if problems:
        raise ModuleError(problems)
    takes_all = any(p.kind == p.VAR_KEYWORD for p in asked)
    names = {p.name for p in asked}
    return {name: spec for name, spec in inputs.items() if takes_all or name in names}


def _owner(module: Part, method: str) -> int:
    """How far up among the classes of a module the one stands that writes a method."""
    return next(n for n, base in enumerate(type(module).__mro__) if method in vars(base))


def forgotten_build(module: Part, error: Exception) -> Problem | None:
    """That a class writes `build` anew and does not call the one above it, if an `error` follows from that."""
    if not isinstance(error, AttributeError) or error.obj is not module:
        return None
    classes = [base for base in type(module).__mro__ if "build" in vars(base) and base is not Part]
    if len(classes) < 2:
        return None
    code = inspect.unwrap(vars(classes[0])["build"]).__code__
    if "super" in code.co_names or "build" in code.co_names:
        return None
    text = f"does not call that of {classes[1].__name__}, which makes `{error.name}`"
    fix = "Write `super().build(...)` as its first line, with the same arguments"
    return Problem(f"{module.path or type(module).__name__}.build", text, fix, "build")
