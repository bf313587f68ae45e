"""What a pool lists by name: receptors, dendrites and backgrounds, from their configs or plain data."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, WithJsonSchema

from spark.core.config import Config
from spark.core.errors import ConfigError
from spark.core.names import illegal
from spark.core.values import Texts
from spark.nn.dendrites import DendriteConfig
from spark.nn.pools.feeds import PARTS
from spark.nn.receptors import ReceptorConfig
from spark.nn.synapses.background import PoissonBackgroundConfig

Kind = TypeVar("Kind", bound=Config)


def _to_receptors(value: object) -> dict[str, ReceptorConfig]:
    made = _named("receptor", value, ReceptorConfig)
    if not made:
        raise ValueError("expected at least one receptor, got none")
    return made


def _to_dendrites(value: object) -> dict[str, DendriteConfig]:
    return _named("dendrite", value, DendriteConfig)


def _named(kind: str, value: object, cls: type[Kind]) -> dict[str, Kind]:
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a dict from names to {kind}s, got {type(value).__name__}")
    for name in value:
        why = illegal(name) or ("every pool has a part of this name" if name in PARTS else None)
        if why:
            raise ValueError(f"{name!r} cannot be the name of a {kind}: {why}")
    made = _read_each(f"{kind}s", value, cls)
    found: dict[str, Kind] = {}
    for name, one in made.items():
        if not isinstance(one, cls):
            raise ValueError(f"'{name}' must be the config of a {kind}, got {type(one).__name__}")
        found[name] = one
    return found


def _read_each(field: str, given: Mapping[str, object], cls: type[Config]) -> dict[str, object]:
    """Configs from their plain data, in the order of their names: currents are summed so, and files keep no other.

    Raises:
        ConfigError: Some data describe none, each by its name.
    """
    made, problems = {}, []
    for name, value in sorted(given.items(), key=lambda item: str(item[0])):
        try:
            made[name] = cls.from_dict(value) if isinstance(value, dict) else value
        except ConfigError as error:
            for problem in error.problems:
                # The class stands at the head of its address; whoever reads on expects one there.
                _, _, rest = problem.address.partition(".")
                problems.append(replace(problem, address=f"{field}.{name}.{rest or problem.address}"))
    if problems:
        raise ConfigError(problems)
    return made


def _to_background(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a dict from receptors to backgrounds, got {type(value).__name__}")
    made = _read_each("background", value, PoissonBackgroundConfig)
    for name, background in made.items():
        if not isinstance(background, PoissonBackgroundConfig):
            raise ValueError(f"'{name}' must be a PoissonBackgroundConfig, got {type(background).__name__}")
    return made


# Which family of components a dict lists by name, what a new one is, how many there must be, and which other field says
# on which of a third one's each lies: the editor draws such fields with a name and a kind for each.
_RECEPTORS = {"lists": ReceptorConfig.tag, "usual": "ExponentialCurrentConfig", "minProperties": 1}
_DENDRITES = {"lists": DendriteConfig.tag, "usual": "LeakyDendriteConfig"}
_ONTO = {"additionalProperties": {"type": "string"}, "places": "receptors", "among": "dendrites"}
Receptors = Annotated[dict[str, Any], BeforeValidator(_to_receptors), WithJsonSchema({"type": "object", **_RECEPTORS})]
Dendrites = Annotated[dict[str, Any], BeforeValidator(_to_dendrites), WithJsonSchema({"type": "object", **_DENDRITES})]
Onto = Annotated[Texts, WithJsonSchema({"type": "object", **_ONTO})]
Backgrounds = Annotated[dict[str, Any], BeforeValidator(_to_background), WithJsonSchema({"type": "object"})]
