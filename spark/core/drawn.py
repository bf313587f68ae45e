"""Numbers for what is drawn: each parameter of units that is a draw becomes an array, once units and seed are known."""

import math
import zlib
from typing import Any

import numpy as np

from spark.core.config import Config
from spark.core.draws import Draw
from spark.core.errors import ConfigError, Problem
from spark.core.memory import require_memory


def drawn(config: Config, seed: int, path: str, units: tuple[int, ...] | None = None) -> Any:
    """The config, and the configs in it, with a number for each unit where they say how these are drawn.

    What a parameter draws follows from three things: the seed of its component (its own, else its pool's, else the
    brain's), the component's path, and the parameter's name. It does not depend on what else is drawn.

    Args:
        config: Of a module; itself is given back where it draws nothing.
        seed: Of the module, unless the config has one.
        path: Of the module in its brain.
        units: Shape of the units, unless the config says it.

    Raises:
        ConfigError: What is drawn breaks a rule of the config, nothing says how many units there are, or there is no
            memory for so many numbers; addresses begin at the config.
    """
    own = config.field_or_none("seed")
    seed = seed if own is None else own
    units = config.field_or_none("units") or units
    draws = config.draws()
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    fix = (
        "Give `units`, or the numbers as an array" if "units" in type(config).model_fields else "Give an array of them"
    )
    for name in type(config).model_fields:
        try:
            value = config.field_or_none(name)
            made = (
                _numbers(draws[name], seed, path, name, units, fix)
                if name in draws
                else _within(name, value, seed, path, units, fix)
            )
        except ConfigError as error:
            problems += error.under(name).problems
            continue
        if made is not value:
            changes[name] = made
    if problems:
        raise ConfigError(problems)
    return _with(config, changes) if changes else config


def _within(name: str, value: Any, seed: int, path: str, units: tuple[int, ...] | None, fix: str) -> Any:
    """A field's value, where the configs in it draw nothing any more."""
    head = f"{path}." if path else ""
    if isinstance(value, Config):
        return drawn(value, seed, f"{head}{name}", units)
    if not isinstance(value, dict):
        return value
    changes = {}
    for key, one in value.items():
        try:
            if isinstance(one, Config):
                made: Any = drawn(one, seed, f"{head}{key}", units)
            elif isinstance(one, tuple) and one and isinstance(one[0], Draw):
                made = (_numbers(one[0], seed, path, f"{name}.{key}", units, fix), *one[1:])
            else:
                continue
        except ConfigError as error:
            raise error.under(str(key)) from error
        if made is not one:
            changes[key] = made
    return {**value, **changes} if changes else value


def _numbers(draw: Draw, seed: int, path: str, name: str, units: tuple[int, ...] | None, fix: str) -> np.ndarray:
    if units is None:
        text = "draws a number for each unit, and nothing says how many there are"
        raise ConfigError(Problem("", text, fix, "units"))
    count = math.prod(units)
    require_memory("", f"needs too much memory for {count:,} numbers", 8 * count, "Take fewer units")
    sequence = np.random.SeedSequence([seed, zlib.crc32(path.encode()), zlib.crc32(name.encode())])
    return draw.values(np.random.Generator(np.random.Philox(sequence)), units)


def _with(config: Config, changes: dict[str, Any]) -> Config:
    """A copy with these values, which knows what its owner handed down and what stood in their places."""
    given = {name: vars(config)[name] for name in config.model_fields_set}
    try:
        made = type(config)(**{**given, **changes})
    except ConfigError as error:
        raise error.relative_to(type(config).__name__) from error
    made._handed, made._as_written = config._handed, config
    return made
