"""The seam between modules and what runs them: the engine that does a step of a whole tree in its own way."""

from typing import Protocol

from spark.core.errors import ModuleError, Problem
from spark.core.part import Part
from spark.core.payloads import Payload


class Engine(Protocol):
    """What does steps of modules; it knows modules, and no module knows it."""

    def step(self, module: Part, payloads: dict[str, Payload]) -> dict[str, Payload] | None:
        """One step of an outermost view; None for one whose `__call__` is to run as it is written.

        Args:
            module: A view that is merged from a graph and a state; it takes the state after the step.
            payloads: What arrives, by input port, checked.

        Returns:
            Outputs by port.
        """
        ...


class AsWritten:
    """The engine of a process that has installed none: every `__call__` runs as it is written."""

    def step(self, module: Part, payloads: dict[str, Payload]) -> dict[str, Payload] | None:
        """Nothing is done in another way."""
        return None


_engine: Engine = AsWritten()


def install(engine: Engine) -> None:
    """Let an engine do the steps of all modules of this process; another one of its class changes nothing.

    Raises:
        ModuleError: There is one of another class: what was compiled with it would go on with it.
    """
    global _engine
    if type(engine) is type(_engine):
        return
    if not isinstance(_engine, AsWritten):
        text = f"is installed already, got {type(engine).__name__} beside {type(_engine).__name__}"
        raise ModuleError(Problem("engine", text, "`import spark` installs the one that there is", "engine"))
    _engine = engine


def step(module: Part, payloads: dict[str, Payload]) -> dict[str, Payload] | None:
    """As of the engine that is installed."""
    return _engine.step(module, payloads)
