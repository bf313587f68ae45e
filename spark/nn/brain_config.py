"""`BrainConfig`: which modules, how they are wired, what goes in and what comes out."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator, WithJsonSchema

from spark.core import payloads
from spark.core.config import Config, field
from spark.core.config_arguments import derive, holds_seed
from spark.core.errors import ConfigError, Problem, SparkError, in_short
from spark.core.names import illegal, suggestion
from spark.core.payloads import Payload
from spark.core.values import Number, Whole
from spark.graph.check import check_names, check_wires, resolve
from spark.graph.specs import InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.nn.projections.projection import read_wire


@dataclass(frozen=True)
class OutputMap:
    """Where an output of a brain comes from, and what it is cast to."""

    input: PortMap
    spec: OutputSpec

    def __getitem__(self, name: str) -> Any:
        return {"input": self.input, "spec": self.spec}[name]

    def to_dict(self) -> dict[str, object]:
        """Plain data."""
        return {"input": self.input.to_dict(), "spec": self.spec.to_dict()}


Read = TypeVar("Read")


def _reading(read: Callable[[object], Read]) -> Callable[[object], Read]:
    """Plain data may hold anything; what does not even have the right form is the config's problem."""

    @functools.wraps(read)
    def reading(value: object) -> Read:
        try:
            return read(value)
        except SparkError:
            raise
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"does not have the form of a brain's description: {error}") from error

    return reading


def _payload_named(name: object) -> object:
    known = {c.__name__: c for c in vars(payloads).values() if isinstance(c, type)}
    known = {n: c for n, c in known.items() if issubclass(c, Payload) and c is not Payload}
    if isinstance(name, str) and name not in known:
        raise ValueError(f"{name!r} is no payload. {suggestion(name, known)}")
    return known[name] if isinstance(name, str) else name


def _spec(cls: type[InputSpec], name: object, value: object) -> InputSpec:
    if isinstance(value, InputSpec):
        return value if isinstance(value, cls) else cls(**vars(value))
    if isinstance(value, dict):
        given = {**value, "payload_type": _payload_named(value.get("payload_type"))}
        given["shape"] = tuple(given.get("shape", ()))
        return cls(**given)
    raise ValueError(f"'{name}' must be a spark.{cls.__name__}, got {type(value).__name__}")


@_reading
def _input_map(value: object) -> dict[str, InputSpec]:
    return {str(k): _spec(InputSpec, k, v) for k, v in _mapping(value, "InputSpec").items()}


@_reading
def _output_map(value: object) -> dict[str, OutputMap]:
    made = {}
    for name, entry in _mapping(value, "{'input': PortMap, 'spec': OutputSpec}").items():
        if isinstance(entry, OutputMap):
            made[str(name)] = entry
            continue
        if not isinstance(entry, dict) or set(entry) != {"input", "spec"}:
            raise ValueError(f"'{name}' needs the keys 'input' and 'spec', got {in_short(entry)}")
        wire = entry["input"]
        wire = PortMap(**wire) if isinstance(wire, dict) else wire
        if not isinstance(wire, PortMap):
            raise ValueError(f"'{name}.input' must be a spark.PortMap, got {in_short(wire)}")
        if wire.end is not wire:
            raise ValueError(
                f"'{name}.input' must be a bare spark.PortMap: an output is no receptor, got {in_short(wire)}"
            )
        made[str(name)] = OutputMap(wire, _spec(OutputSpec, name, entry["spec"]))  # type: ignore[arg-type]
    return made


@_reading
def _modules_map(value: object) -> dict[str, ModuleSpecs]:
    if isinstance(value, ModuleSpecs):
        value = [value]
    if isinstance(value, (list, tuple)):
        listed = [_specs(str(number), v) for number, v in enumerate(value)]
        problems = check_names(s.name for s in listed)
        if problems:
            raise ConfigError(p.under("BrainConfig") for p in problems)
        return {s.name: s for s in listed}
    given = _mapping(value, "ModuleSpecs")
    return {str(k): _specs(str(k), v) for k, v in given.items()}


def _specs(key: str, value: object) -> ModuleSpecs:
    if isinstance(value, ModuleSpecs):
        return value
    try:
        return ModuleSpecs.from_dict(value, read_wire)
    except ConfigError as error:
        # The class's name at the head is what whoever reads on expects there.
        raise error.under(key).under("BrainConfig") from error


def _mapping(value: object, of: str) -> Mapping[object, object]:
    if not isinstance(value, dict):
        raise ValueError(f"expected a dict from names to {of}, got {type(value).__name__}")
    return value


_OBJECT = WithJsonSchema({"type": "object"})


class BrainConfig(Config):
    """A brain to be.

    `check()` lists everything that can be known to be wrong before arrays exist.
    """

    input_map: Annotated[dict[str, InputSpec], PlainValidator(_input_map), _OBJECT] = field(
        factory=dict, description="The brain's inputs by name."
    )
    output_map: Annotated[dict[str, Any], PlainValidator(_output_map), _OBJECT] = field(
        factory=dict, description="The brain's outputs by name: where from, and what."
    )
    modules_map: Annotated[
        Any,
        PlainValidator(_modules_map),
        WithJsonSchema({"type": "object"}),
    ] = field(description="The modules by name.")
    dt: Number | None = field(
        None,
        unit="ms",
        above=0,
        description="Length of one step, handed to modules that were given none; left out, theirs.",
    )
    seed: Whole | None = field(None, least=0, description="Seed that all draws follow from; 0 if none.")
    transparent: bool = field(
        False,
        description="Inside another brain: whether modules draw as if they stood in that brain, so that taking some "
        "into a brain of their own changes no result.",
    )
    check_numbers: bool = field(
        False,
        description="Whether every step looks for NaN and infinity and says where they began; asked for by a brain "
        "inside of another, the whole is looked at.",
    )

    def to_dict(self) -> dict[str, object]:
        """Plain data; a step's length that this brain, or one around it, hands to modules stands with it alone."""
        data = super().to_dict()
        for name, specs in self.modules_map.items():
            if specs.config.explicit().get("dt") is None:
                data["modules_map"][name]["config"].pop("dt", None)
        return data

    def problems(self) -> list[Problem]:
        """Names and keys that do not agree, and steps of different length."""
        found = []
        for key, specs in self.modules_map.items():
            if key != specs.name:
                found.append(
                    Problem(
                        f"modules_map.{key}",
                        f"its key and its name differ, got {key!r} and {specs.name!r}",
                        "Use one name for both",
                        "name",
                    )
                )
        try:
            stepped = self.stepped()
        except ConfigError as error:
            return [*found, *error.problems]
        if self.dt is None:
            found += [
                p.under(f"modules_map.{n}.config") for n, s in stepped.items() for p in s.config.all_step_problems()
            ]
        lengths = {n: s.config.dt for n, s in stepped.items() if _dt(s.config) is not None}
        if len(set(lengths.values())) > 1:
            found.append(
                Problem(
                    "dt",
                    f"modules take steps of different length, got {lengths}",
                    "Give dt to the BrainConfig and to no module",
                    "clash",
                )
            )
        return found

    @property
    def looks_at_numbers(self) -> bool:
        """Whether this brain or one inside of it asks for `check_numbers`."""
        inner = (s.config for s in self.modules_map.values() if isinstance(s.config, BrainConfig))
        return self.check_numbers or any(config.looks_at_numbers for config in inner)

    @property
    def step_length(self) -> float:
        """Length of one step, ms: the brain's, or that of its modules; 1 if they have none."""
        given = self.dt or next((d for d in (_dt(s.config) for s in self.modules_map.values()) if d is not None), 1.0)
        return float(given)

    def stepped(self) -> dict[str, ModuleSpecs]:
        """The modules, with the brain's dt handed down."""
        if self.dt is None:
            return dict(self.modules_map)
        made = {}
        for name, specs in self.modules_map.items():
            try:
                made[name] = specs.with_config(specs.config.handed(dt=self.dt))
            except ConfigError as error:
                raise error.under(f"modules_map.{name}.config") from error
        return made

    def check(self) -> list[Problem]:
        """All problems of names, ports and payload types; shapes are checked at build."""
        found = check_names(self.modules_map)
        for kind, names in (("input_map", self.input_map), ("output_map", self.output_map)):
            found += [
                Problem(f"{kind}.{name}", why, "Choose another name", "name")
                for name in names
                if (why := illegal(name, {"self"}))
            ]
        found += [Problem("modules_map", "is empty", "Add a module", "empty")] * (not self.modules_map)
        own = {name: spec.payload_type for name, spec in self.input_map.items()}
        found += check_wires(self.modules_map, own)
        found += [
            Problem(
                f"{name}.effects",
                f"has effects, got {dict(specs.effects)}; only components of a neuron have them",
                "Put the module into a neuron's blueprint",
                "effects",
            )
            for name, specs in self.modules_map.items()
            if specs.effects
        ]
        for name, entry in self.output_map.items():
            address = f"output_map.{name}.input"
            origin = resolve(address, entry.input, self.modules_map, own)
            if isinstance(origin, Problem):
                found.append(origin)
            elif not issubclass(origin, entry.spec.payload_type):
                found.append(
                    Problem(
                        address,
                        f"has the wrong payload type, got {origin.__name__}; "
                        f"expected {entry.spec.payload_type.__name__}",
                        "Change the spec's payload_type, or wire another port",
                        "payload",
                    )
                )
        return found

    def with_new_seeds(self, seed: int) -> "BrainConfig":
        """A copy with this seed; modules that were given seeds of their own get new ones."""
        modules = {
            name: s.with_config(s.config.with_new_seeds(derive(seed, name))) if holds_seed(s.config) else s
            for name, s in self.modules_map.items()
        }
        return self.updated(seed=seed, modules_map=modules)


def _dt(config: Config) -> float | None:
    return config.field_or_none("dt")
