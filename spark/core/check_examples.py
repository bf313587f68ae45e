"""Example configs and inputs for `check_module`, from what a class declares."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from pydantic.fields import FieldInfo

from spark.core.config import Config
from spark.core.config_arguments import nested_type
from spark.core.errors import ConfigError, ModuleError, Problem
from spark.core.module import Module
from spark.core.payloads import BooleanMask, CurrentArray, IntegerArray, Payload, PotentialArray, SpikeArray
from spark.core.ports import PortSpec

SHAPE = (6,)
# Numbers lie between these; a current of this size makes a usual soma fire within ten steps.
RANGES: dict[type[Payload], tuple[float, float]] = {
    CurrentArray: (0.0, 2000.0),
    PotentialArray: (-70.0, -50.0),
}
BY_NAME: dict[str, Any] = {"units": SHAPE, "num_outputs": 2}
_NONE = object()


def example_config(cls: type[Module]) -> Config:
    """A config of the class: its defaults, and guesses for fields that have none.

    Raises:
        ModuleError: A required field cannot be guessed.
    """
    config_class = cls.config_class()
    given: dict[str, Any] = {}
    unknown = []
    for name, info in config_class.model_fields.items():
        if name == "units" or info.is_required():
            guess = _guess(name, info)
            if guess is _NONE:
                unknown.append(name)
            else:
                given[name] = guess
    if unknown:
        raise ModuleError(
            Problem(
                f"{config_class.__name__}.{name}",
                "is a required field, and no example of it can be guessed",
                f"Pass `config=`: `spark.check_module({cls.__name__}, config={config_class.__name__}({name}=...))`",
                "example-config",
            )
            for name in unknown
        )
    try:
        return config_class(**given)
    except ConfigError as error:
        raise ModuleError(
            Problem(
                p.address,
                f"the example config breaks a rule: {p.message}",
                f"Pass `config=`: a {config_class.__name__} of your own",
                "example-config",
            )
            for p in error.problems
        ) from error


def _guess(name: str, info: FieldInfo) -> Any:
    if name in BY_NAME:
        return BY_NAME[name]
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    annotation = info.annotation
    if annotation is bool:
        return True
    if annotation in (int, float):
        return annotation(_within(extra))
    if annotation == tuple[int, ...]:
        return SHAPE
    if nested_type(info) is not None and not _has_required(annotation):
        return annotation()  # type: ignore[misc]
    return _NONE


def _within(extra: dict[str, Any]) -> float:
    """A number within the bounds, 1 if that fits."""
    low = extra.get("minimum", extra.get("exclusiveMinimum"))
    high = extra.get("maximum", extra.get("exclusiveMaximum"))
    if low is None or low < 1:
        if high is None or high > 1:
            return 1.0
        return (max(low, 0.0) + high) / 2 if low is not None else high - 1.0
    return low + 1.0 if high is None else (low + high) / 2


def _has_required(config_class: Any) -> bool:
    return any(info.is_required() for info in config_class.model_fields.values())


def example_inputs(module: Module, given: dict[str, Payload], steps: int) -> list[dict[str, Payload]]:
    """Inputs of every step: those given, the same in every step, and random ones for the other ports that are needed.

    Raises:
        ModuleError: Something given is for no port.
    """
    ports = module.ports_from(module.config)
    required, optional = ports.inputs, ports.optional
    extra = sorted(set(given) - set(required) - set(optional))
    if extra:
        raise ModuleError(
            Problem(
                f"{type(module).__name__}.{name}",
                f"is given in `inputs`, but is no input port; expected one of {sorted({**required, **optional})}",
                "Name the ports as `__call__` does",
                "example-inputs",
            )
            for name in extra
        )
    declared = module.declared_inputs()
    needed = {**required, **{name: kind for name, kind in optional.items() if name in ports.any_of}}
    specs = {name: PortSpec(kind, SHAPE, kind.default_dtype) for name, kind in needed.items()}
    specs = specs if declared is None else declared
    generator = np.random.default_rng(1)
    return [
        {name: given.get(name) or _draw(generator, spec) for name, spec in specs.items()}
        | {name: payload for name, payload in given.items() if name in optional}
        for _ in range(steps)
    ]


def _draw(generator: np.random.Generator, spec: PortSpec) -> Payload:
    kind = spec.payload_type
    if issubclass(kind, SpikeArray):
        drawn: Any = generator.integers(-1, 1, spec.shape, endpoint=True)
    elif issubclass(kind, IntegerArray):
        drawn = generator.integers(0, 10, spec.shape)
    elif issubclass(kind, BooleanMask):
        drawn = generator.random(spec.shape) < 0.5
    else:
        drawn = generator.uniform(*RANGES.get(kind, (0.0, 1.0)), spec.shape)
    return kind(jnp.asarray(drawn.astype(jnp.dtype(spec.dtype))))
