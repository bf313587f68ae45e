"""Checks of a module class as it is written: nothing is built."""

from spark.core.errors import ModuleError, Problem
from spark.core.module import Module
from spark.core.names import illegal
from spark.core.payloads import Payload

# After one of these nothing else can be checked.
FATAL = frozenset({"annotation", "config-class", "call"})


def check_docstring(cls: type[Module]) -> None:
    """The class says what it is: the catalogue and the editor show it."""
    if not (cls.__dict__.get("__doc__") or "").strip():
        raise ModuleError(
            Problem(
                cls.__name__,
                "has no docstring",
                "Write one sentence that says what it does, then its ports and variables with units",
                "docstring",
            )
        )


def check_config_class(cls: type[Module]) -> None:
    """`config: ItsConfig` is annotated."""
    try:
        cls.config_class()
    except ModuleError as error:
        raise ModuleError(Problem(p.address, p.message, p.fix, "config-class") for p in error.problems) from error


def check_call_is_written(cls: type[Module]) -> None:
    """There is a `__call__` of its own."""
    if cls.__call__ is Module.__call__:
        raise ModuleError(
            Problem(
                f"{cls.__name__}.__call__",
                "is not written",
                "Write `__call__(self, port: PayloadType) -> Outputs`",
                "call",
            )
        )


def check_ports(cls: type[Module]) -> None:
    """Ports are annotated with payloads, and their names are legal."""
    if cls.__call__ is Module.__call__:
        return
    ports = cls.ports()
    problems = []
    for kind, names in (("input", {**ports.inputs, **ports.optional}), ("output", ports.outputs)):
        for name in names:
            why = illegal(name, {"self"})
            if why:
                problems.append(
                    Problem(f"{cls.__name__}.{name}", f"{kind} port: {why}", "Rename the port", "port-name")
                )
    if problems:
        raise ModuleError(problems)


def check_exposed_properties(cls: type[Module]) -> None:
    """`exposes` names payload types."""
    exposed = cls.exposes
    problems = [
        Problem(
            f"{cls.__name__}.exposes[{name!r}]",
            f"is no payload type, got {kind!r}",
            "Write `exposes = {'weights': spark.FloatArray}`",
            "exposes",
        )
        for name, kind in exposed.items()
        if not (isinstance(kind, type) and issubclass(kind, Payload))
    ]
    if problems:
        raise ModuleError(problems)


CHECKS = (check_docstring, check_config_class, check_call_is_written, check_ports, check_exposed_properties)
