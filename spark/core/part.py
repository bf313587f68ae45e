"""`Part`: what a module is to those who build, call, split and copy it; the face that its author sees is `Module`."""

import weakref
import zlib
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from spark.core.arguments import checked
from spark.core.drawn import drawn
from spark.core.errors import ConfigError, ModuleError, NotBuiltError, Problem, StateError
from spark.core.keeper import Claim, Keeper
from spark.core.ports import Ports, PortSpec, declared_ports
from spark.core.state import Graph, State


class Form:
    """What all views of one structure have in common at one place of their trees; a key for what follows from it."""


# To read annotations takes a tenth of a millisecond, and a brain's build asks hundreds of times.
_declared: weakref.WeakKeyDictionary[type, Ports] = weakref.WeakKeyDictionary()

NEW = "new"  # outermost, not built
SHELL = "shell"  # outermost, built, owns its state
INNER = "inner"  # part of another module
VIEW = "view"  # outermost, merged from a graph and a state


class Part:
    """What is known of every module: where it stands, what it was built for, and what keeps its state.

    See `Module` for the class attribute.
    """

    any_of: ClassVar[tuple[str, ...]] = ()

    config: Any
    _mode: str
    _path: str
    _drawn_as: str
    _seed: int
    # Seed of the module that this is a part of.
    _owner_seed: int
    _clock: Any
    _inputs: dict[str, PortSpec]
    _outputs: dict[str, PortSpec]
    _graph: Graph | None
    _keeper: Keeper | None
    _held: Any
    # Of a part of a view; None elsewhere.
    _form: Form | None
    _generator: np.random.Generator | None
    _checked: bool
    # What a step puts out, without values; and what stands for it while its owner's outputs are inferred.
    _inferred: Any = None
    _stand_in: Any = None
    # Whether a step calls back to Python.
    _calls_back: bool = False

    def declared_inputs(self) -> dict[str, PortSpec] | None:
        """What the module is built for whatever arrives, as a brain's config says; None where inputs themselves say."""
        return None

    def __call__(self, **inputs: Any) -> Any:
        """Advance one step; written by subclasses."""
        raise ModuleError(
            Problem(
                f"{type(self).__name__}.__call__",
                "is not written",
                "Write `__call__(self, port: PayloadType) -> Outputs`",
            )
        )

    def build(self, **inputs: PortSpec) -> None:
        """Create variables and constants for inputs like these; called once. Override it."""

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """The outputs with what else is fixed at build: signs, traits, parts. Override it, with `dataclasses.replace`.

        Args:
            outputs: Payload type, shape and dtype of every output port.
        """
        return outputs

    @classmethod
    def ports(cls) -> Ports:
        """The ports that `__call__` declares."""
        if cls not in _declared:
            _declared[cls] = declared_ports(cls)
        return _declared[cls]

    @classmethod
    def ports_from(cls, config: Any) -> Ports:
        """The ports of a module of this config; those of the class, unless a class says otherwise."""
        return cls.ports()

    @property
    def parts_meet_at_ports(self) -> bool:
        """Whether a step calls each part with what it was built for, and nothing else passes between parts but what
        their variables hold.
        """
        return False

    @property
    def path(self) -> str:
        """Dotted path in the brain; empty for the outermost module."""
        return self._path

    @property
    def generator(self) -> np.random.Generator:
        """Random numbers for `build`: fixed by the brain's seed and this module's path.

        Raises:
            NotBuiltError: Outside of `build`; a step draws from a `RandomKey`.
        """
        if self._generator is None:
            raise NotBuiltError(
                Problem(
                    self._path or type(self).__name__,
                    "draws from `generator` outside of `build`",
                    "In a step, draw with `jax.random` and `self.key.now()` of a `spark.RandomKey`",
                )
            )
        return self._generator

    def generator_beside(self, name: str, seed: int | None = None) -> np.random.Generator:
        """Random numbers for `build` of something that stands beside this module under a name of its own.

        They are those of a part of that name, with a seed of its own or not, so that what one module draws for another
        purpose does not depend on what else it draws.
        """
        owner = self._drawn_as.rpartition(".")[0]
        path = f"{owner}.{name}" if owner else name
        entropy = [self._owner_seed if seed is None else seed, zlib.crc32(path.encode())]
        return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))

    def pauses(self) -> tuple[int, ...]:
        """After which numbers of steps, and their multiples, this module pauses for what no step does; none as a rule.

        A class that says otherwise writes `pause` too.
        """
        return ()

    def pause(self, done: int) -> None:
        """Change variables of this module between two steps, on the host; only while it learns.

        What it draws must follow from how many steps are `done` and what it holds.
        """

    def draw_parameters(self) -> None:
        """Draw the numbers of parameters for which the config says how: from here on it holds them.

        Raises:
            ConfigError: They break a rule of the config or of its step, or nothing says how many there are.
        """
        try:
            found = drawn(self.config, self._seed, self._drawn_as)
            # A config that was given no dt was not asked of these numbers; parts are asked when they are made.
            problems = [] if found is self.config else found.step_problems()
            if problems:
                raise ConfigError(problems)
        except ConfigError as error:
            raise error.under(f"{self._path or type(self).__name__}.config") from error
        vars(self)["config"] = found

    def open_generator(self, opened: bool) -> None:
        """Start the random numbers of `build`, or end them."""
        sequence = np.random.SeedSequence(self.entropy())
        self._generator = np.random.Generator(np.random.Philox(sequence)) if opened else None

    def entropy(self) -> list[int]:
        """The numbers that this module's draws follow from."""
        return [self._seed, zlib.crc32(self._drawn_as.encode())]

    @property
    def state(self) -> State:
        """The state of a built, outermost module: during a run, in any thread, that of the last chunk's end.

        Raises:
            NotBuiltError: The module was not called yet; or it is a part, or a merged view, and has none of its own.
            StateError: The state was lost in a step that failed while it changed a large state in place.
        """
        return replace(keeper_of(self).read(), identity=graph_of(self).identity)

    @checked
    def replace_state(self, values: dict[str, Any]) -> None:
        """Change variables of a built, outermost module by path.

        Raises:
            RunError: Another thread runs the module.
            StateError: As of `State.replace`.
        """
        with Claim(keeper_of(self)) as claim:
            claim.keeper.replace(claim.keeper.peek().replace(values))

    @checked
    def load_state(self, state: State) -> None:
        """Make `state` the state of this built, outermost module.

        Raises:
            RunError: Another thread runs the module.
            StateError: It is the state of another structure, or of other connections whose weights are in it, such as
                another seed draws. Of a state that a function of JAX has returned only the structure is known.
        """
        keeper, graph = keeper_of(self), graph_of(self)
        fitted, other = state.fitted(graph.structure.about), state.unlike(graph.identity)
        if fitted is None or other is not None:
            whose = "another structure" if fitted is None else f"other connections, got another `{other}`"
            raise StateError(
                Problem(
                    type(self).__name__,
                    f"this state belongs to {whose}",
                    "Load a state that came from this module or one built from an equal config",
                )
            )
        keeper.replace(fitted)


def graph_of(module: Part) -> Graph:
    """The graph of a built, outermost module."""
    assert module._graph is not None
    return module._graph


def keeper_of(module: Part) -> Keeper:
    """Who keeps the state of a built, outermost module.

    Raises:
        NotBuiltError: The module was not called yet; or it is a part, or a merged view, and has none of its own.
    """
    if module._keeper is not None:
        return module._keeper
    if module._mode == VIEW:
        message, fix = "is a merged view, whose state is not its own", "Take it with `graph, state = spark.split(view)`"
    elif module._mode == INNER:
        message = "is a part of a larger module, which has the state of all its parts"
        fix = f"Ask the outermost one: its variables begin with `{module._path}.`"
    else:
        message = "has no state yet"
        fix = "Call it once with inputs of the right shapes; the first call builds it"
    raise NotBuiltError(Problem(module._path or type(module).__name__, message, fix, "state"))


def is_ours(cls: type) -> bool:
    """Whether a class is Spark's own."""
    return cls.__module__.partition(".")[0] == "spark"
