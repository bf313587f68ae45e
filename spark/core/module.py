"""`Module`: a unit of computation with a config, named input ports and named output ports.

A module is written as an object and run as a pure function. Its author writes `build` (create variables,
once, from what will arrive at the ports) and `__call__` (one step, reading and writing `variable.value`).
`spark.core.transform` turns it into `(Graph, State)` and back.
"""

import functools
import typing
import weakref
from typing import Any, ClassVar

import numpy as np

from spark.core import calling, copying
from spark.core.assigning import refuse_hiding, require_settable
from spark.core.config import Config
from spark.core.errors import ConfigError, ModuleError, Problem
from spark.core.keeper import Keeper
from spark.core.part import INNER, NEW, SHELL, Form, Part
from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.core.state import Graph
from spark.core.tree import Clock
from spark.core.variable import Variable

# The config class of each class that was asked for it; see `Part.ports` for why it is kept.
_configs: weakref.WeakKeyDictionary[type, type[Config]] = weakref.WeakKeyDictionary()


class Module(Part):
    """Base of all modules.

    A subclass annotates `config: ItsConfig`, may write `build(self, **inputs)`, and writes
    `__call__(self, port: PayloadType, ...) -> ItsOutputs` with a `TypedDict` of payloads: those annotations
    are its ports. Called for the first time, a module builds itself from what it is given; after that it
    advances one step a call, and its state is its own (`module.state`).

    Class attributes:
        exposes: Properties that other components of a neuron may read, and rules may write: name to payload
            type. Each is a `Variable` of this name or a Python property.
        unit_ports: Input and output ports that carry one element for each unit, in the same order. A class that names
            them itself says that its units may live on several devices; along which axis of an array they lie the array
            says (`Variable`). Where there are none, nothing of it belongs to units.
        any_of: Optional input ports of which at least one is given; the others stay silent.

    Raises:
        ModuleError: The config is of another class; or it, or any other attribute, is set once the module is built; or
            an attribute has the name of a method or a property of the class, such as `step`, `reset` or `state`.
        ConfigError: The config's rules about the length of a step are broken.
    """

    exposes: ClassVar[dict[str, type[Payload]]] = {}
    unit_ports: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: Config | None = None, **arguments: Any) -> None:
        expected = type(self).config_class()
        if config is None:
            config = expected(**arguments)
        elif arguments:
            config = config.updated(**arguments)
        if not isinstance(config, expected):
            raise ModuleError(
                Problem(
                    f"{type(self).__name__}.config",
                    f"has the wrong type, got {type(config).__name__}; expected {expected.__name__}",
                    f"Give `{expected.__name__}(...)`",
                )
            )
        problems = config.all_step_problems()
        if problems:
            raise ConfigError(problems).under(expected.__name__)
        self.config = config
        self._mode = NEW
        self._path = ""
        self._drawn_as = ""
        self._seed: int = config.field_or_none("seed") or 0
        self._owner_seed = self._seed
        self._clock = Clock()
        self._inputs: dict[str, PortSpec] = {}
        self._outputs: dict[str, PortSpec] = {}
        self._graph: Graph | None = None
        self._keeper: Keeper | None = None
        self._held: Any = None
        self._form: Form | None = None
        self._generator: np.random.Generator | None = None
        self._checked = config.looks_at_numbers

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in cls.__dict__:
            written = cls.__dict__["__call__"]

            @functools.wraps(written)
            def call(self: Module, *args: Any, **inputs: Any) -> Any:
                return calling.invoke(self, written, args, inputs)

            cls.__call__ = call  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "config" and "_mode" in vars(self) and self._mode != NEW:
            raise ModuleError(
                Problem(
                    f"{self._path or type(self).__name__}.config",
                    "cannot be set: what was built from it would stay as it is",
                    "Build another brain: `Brain(brain.config.updated(...))`, or go on from this one's state with "
                    "`brain.with_config({'module.field': value})`",
                    "frozen",
                )
            )
        if "_clock" in vars(self):
            require_settable(self, name)
        if "_generator" in vars(self):
            refuse_hiding(self, name, value)
        super().__setattr__(name, value)

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec] | None:
        """Outputs that are known before all inputs are: needed only of a module on a cycle of wires.

        Args:
            **known: The inputs that are known so far; some may be missing.
        """
        return None

    @classmethod
    def config_class(cls) -> type[Config]:
        """The config class, from the annotation of `config`.

        Raises:
            ModuleError: The class body has no such annotation.
        """
        if cls in _configs:
            return _configs[cls]
        for base in cls.__mro__:
            if "config" in base.__dict__.get("__annotations__", {}):
                found = typing.get_type_hints(base).get("config")
                if isinstance(found, type) and issubclass(found, Config):
                    return _configs.setdefault(cls, found)
        raise ModuleError(
            Problem(
                cls.__name__,
                "has no config class",
                "Annotate it in the class body: `config: MyConfig`",
            )
        )

    @property
    def input_specs(self) -> dict[str, PortSpec]:
        """What this module was built for."""
        return dict(self._inputs)

    @property
    def output_specs(self) -> dict[str, PortSpec]:
        """What this module puts out."""
        return dict(self._outputs)

    @property
    def step(self) -> Any:
        """Number of steps done before this one, one for the whole brain: a `Counter` of 64 bits; see there."""
        return self._clock.step

    @property
    def is_learning(self) -> Any:
        """Whether what is learned may change in this step: `run(..., learning=False)` says no for a whole brain.

        True, or a boolean of shape () that JAX traces. The weights that a rule puts out are held by its pool; a rule of
        one's own asks for what it keeps besides: `jnp.where(self.is_learning, changed, kept)`.
        """
        self._clock.asked = True
        return self._clock.learns

    @property
    def draws_under(self) -> str:
        """The path that stands before the names of this module's parts where draws are concerned."""
        return self._drawn_as

    def adopt(self, name: str, child: "Module") -> None:
        """Make `child` a part of this module, as attribute `name`."""
        child._path = f"{self._path}.{name}" if self._path else name
        child._drawn_as = f"{self.draws_under}.{name}" if self.draws_under else name
        own_seed = child.config.field_or_none("seed")
        child._owner_seed = self._seed
        child._seed = self._seed if own_seed is None else own_seed
        child._clock = self._clock
        child.draw_parameters()
        child._mode = INNER
        setattr(self, name, child)

    def prepare(self, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Build this part of a larger module for these `inputs`, by port; returns what it will put out."""
        return calling.prepare(self, inputs)

    def behind(self, name: str) -> Any:
        """What holds the property `name` of `exposes`: a variable, an attribute, or a `property` of the class.

        Raises:
            ModuleError: There is none.
        """
        if not any(name in vars(owner) for owner in (self, *type(self).__mro__)):
            raise ModuleError(
                Problem(
                    f"{self._path or type(self).__name__}.{name}",
                    f"is exposed, and {type(self).__name__} has nothing of this name",
                    f"Set `self.{name} = spark.Variable(...)` in `build`, or write a property; or leave it out of "
                    "`exposes`",
                    "exposes",
                )
            )
        # What a property raises itself goes through as it is.
        return object.__getattribute__(self, name)

    def read(self, name: str) -> Payload:
        """The property `name` of `exposes` as a payload."""
        held = self.behind(name)
        return self.exposes[name](held.value if isinstance(held, Variable) else held)

    def write(self, name: str, value: Any) -> None:
        """Set the property `name` of `exposes` to the array `value`, of its shape and dtype."""
        held = self.behind(name)
        if isinstance(held, Variable):
            held.value = value
        else:
            setattr(self, name, value)

    def reset(self) -> None:
        """Put every variable back to its reset value, the cache and the step counter too.

        Raises:
            ModuleError: This is a part, or a merged view; reset the outermost module, or keep the first state.
        """
        calling.reset(self)

    def __reduce__(self) -> Any:
        """Copies and pickles hold the config, the connections and the state."""
        return copying.reduced(self)

    def __repr__(self) -> str:
        state = {NEW: "not built", SHELL: "built"}.get(self._mode, "part")
        return f"{type(self).__name__}({self._path or state})"
