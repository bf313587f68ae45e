"""Specs: pure data that says which modules there are and how they are wired. No arrays, no modules."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.arguments import check_fields
from spark.core.errors import ConfigError, Problem, in_short
from spark.core.part import Part
from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.core.registry import modules as registry

CALL = "__call__"
MOST_ELEMENTS = 2**31 - 1


@dataclass(frozen=True)
class PortMap:
    """One end of a wire: the port `port` of the module `origin`; `'__call__'` is the owner's own input."""

    origin: str
    port: str

    def __post_init__(self) -> None:
        check_fields(self, ConfigError)

    @property
    def end(self) -> "PortMap":
        """Where the wire begins, without settings that it may have."""
        return self

    def moved(self, origin: str, port: str) -> "PortMap":
        """The same wire, with its settings, from elsewhere: from `port` of the module `origin`."""
        return PortMap(origin, port)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"origin": self.origin, "port": self.port}


@dataclass(frozen=True, eq=False)
class InputSpec:
    """An input of a brain.

    Attributes:
        payload_type: A subclass of `Payload`.
        shape: Shape of one step's array.
        dtype: NumPy name of the element type.
        description: One sentence for people, or None.
    """

    payload_type: type[Payload]
    shape: tuple[int, ...]
    dtype: Any
    description: str | None = None

    def __post_init__(self) -> None:
        _normalise(self)
        check_fields(self, ConfigError)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.payload_type, self.shape, self.dtype))

    def port_spec(self) -> PortSpec:
        """The same as a port's spec."""
        return PortSpec(self.payload_type, self.shape, self.dtype)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "payload_type": self.payload_type.__name__,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "description": self.description,
        }


class OutputSpec(InputSpec):
    """An output of a brain: payload type and shape that must match, dtype to which it is cast."""


def _normalise(spec: InputSpec) -> None:
    """Check a spec's fields and store the shape as a tuple, the dtype as a NumPy name."""
    owner = type(spec).__name__
    if not (isinstance(spec.payload_type, type) and issubclass(spec.payload_type, Payload)):
        raise ConfigError(
            Problem(
                f"{owner}.payload_type",
                f"is not a payload class, got {in_short(spec.payload_type)}",
                "Use spark.FloatArray, spark.SpikeArray or another payload",
                "payload",
            )
        )
    shape = spec.shape if isinstance(spec.shape, (tuple, list)) else (spec.shape,)
    if any(isinstance(n, bool) or not isinstance(n, Integral) or n < 1 for n in shape):
        raise ConfigError(
            Problem(
                f"{owner}.shape",
                f"is not a shape, got {in_short(spec.shape)}; expected sizes of at least 1",
                "Write a tuple such as (4,)",
                "shape",
            )
        )
    if math.prod(shape) > MOST_ELEMENTS:
        message = f"has more elements than an array can, got {spec.shape}; expected at most {MOST_ELEMENTS:,}"
        raise ConfigError(Problem(f"{owner}.shape", message, "", "size"))
    try:
        if not isinstance(spec.dtype, (str, type, np.dtype)):
            raise TypeError
        dtype = str(jnp.dtype(spec.dtype))
    except TypeError as error:
        raise ConfigError(
            Problem(
                f"{owner}.dtype",
                f"is not a dtype, got {in_short(spec.dtype)}",
                "Write jnp.float32 or another dtype",
                "dtype",
            )
        ) from error
    if not spec.payload_type.accepts(jnp.dtype(dtype)):
        raise ConfigError(
            Problem(
                f"{owner}.dtype",
                f"does not fit {spec.payload_type.__name__}, got {dtype}; expected {spec.payload_type.kind_name}",
                "Choose another dtype or another payload",
                "dtype",
            )
        )
    object.__setattr__(spec, "shape", tuple(int(n) for n in shape))
    object.__setattr__(spec, "dtype", dtype)


def _listed(wires: Any) -> Any:
    return wires if isinstance(wires, list | tuple) else [wires]


def _wire(port: str, wire: Any) -> PortMap:
    if isinstance(wire, PortMap):
        return wire
    if isinstance(wire, dict) and set(wire) == {"origin", "port"}:
        return PortMap(**wire)
    raise ConfigError(
        Problem(
            f"inputs.{port}",
            f"is not a wire, got {in_short(wire)}",
            "Write spark.PortMap(origin=..., port=...), or a list of them",
            "wire",
        )
    )


@dataclass(frozen=True, eq=False)
class ModuleSpecs:
    """A module to be.

    Attributes:
        name: Its name among its siblings; a Python identifier.
        module_cls: The class; must be in the catalogue to be saved.
        inputs: For every input port the wires that feed it, in the order of concatenation.
        config: Config of the class; left out, its defaults.
        effects: Only inside a neuron: output port to property (`'synapses.weights'`) that takes its value after
            the step.

    Raises:
        ConfigError: The class is no module's, the config is of another class, or a wire is none.
    """

    name: str
    module_cls: type
    inputs: Mapping[str, list[PortMap]] = field(default_factory=dict)
    config: Any = None
    effects: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self, ConfigError)
        is_module = issubclass(self.module_cls, Part)
        if not is_module:
            raise ConfigError(
                Problem(
                    f"{self.name}.module_cls",
                    f"is not a module class, got {in_short(self.module_cls)}",
                    "Give a subclass of spark.Module",
                    "class",
                )
            )
        try:
            expected = self.module_cls.config_class()
            config = expected() if self.config is None else self.config
            if not isinstance(config, expected):
                raise ConfigError(
                    Problem(
                        "config",
                        f"has the wrong type, got {type(config).__name__}; expected {expected.__name__}",
                        f"Give `{expected.__name__}(...)`",
                        "type",
                    )
                )
            inputs = {port: [_wire(port, w) for w in _listed(wires)] for port, wires in self.inputs.items()}
        except ConfigError as error:
            raise error.under(str(self.name)) from error
        object.__setattr__(self, "config", config)
        object.__setattr__(self, "inputs", inputs)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.name, self.module_cls, self.config))

    def with_config(self, config: Any) -> "ModuleSpecs":
        """The same module with another `config`, of the same class."""
        return ModuleSpecs(self.name, self.module_cls, self.inputs, config, self.effects)

    def with_inputs(self, inputs: Mapping[str, list[PortMap]]) -> "ModuleSpecs":
        """The same module, fed by other wires: `inputs`, by port."""
        return ModuleSpecs(self.name, self.module_cls, inputs, self.config, self.effects)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; the class by its name in the catalogue."""
        return {
            "name": self.name,
            "module": registry.name_of(self.module_cls),
            "inputs": {port: [w.to_dict() for w in wires] for port, wires in self.inputs.items()},
            "config": self.config.to_dict(),
            "effects": dict(self.effects),
        }

    @classmethod
    def from_dict(cls, data: Any, read_wire: Callable[[Any], Any] = lambda wire: wire) -> "ModuleSpecs":
        """The specs that `to_dict` described; the class is looked up in the catalogue, never imported.

        Args:
            data: What `to_dict` gave.
            read_wire: Makes a wire of plain data that says more than where it begins.

        Raises:
            ConfigError: It is not what `to_dict` gives, or its config is none.
            RegistryError: The class is in no catalogue.
        """
        if not isinstance(data, dict) or not {"name", "module"} <= set(data):
            raise ConfigError(Problem("module", f"is not a module's description, got {type(data).__name__}"))
        found: Any = registry[str(data["module"])]
        kind = found.config_class()
        try:
            config = kind.from_dict(data.get("config", {}))
        except ConfigError as error:
            raise error.relative_to(kind.__name__).under("config") from error
        inputs: dict[str, list[Any]] = {}
        for port, wires in data.get("inputs", {}).items():
            inputs[port] = []
            for number, wire in enumerate(_listed(wires)):
                try:
                    inputs[port].append(read_wire(wire))
                except ConfigError as error:
                    raise error.under(f"inputs.{port}.{number}") from error
        return cls(str(data["name"]), found, inputs, config, data.get("effects", {}))
