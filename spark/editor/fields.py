"""Config classes as the inspector needs them: from each one's JSON schema, with nested configs and kinds laid open."""

from typing import Any

from spark.core.config import Config
from spark.core.config_arguments import nested_type, optional_type
from spark.core.field_rules import RELATIONS
from spark.core.registry import modules as registry
from spark.core.values import encode
from spark.io.sparse import kind_of, listed
from spark.nn.component import ComponentConfig
from spark.nn.connections.base import kinds as connectivities
from spark.nn.dendrites import DendriteConfig
from spark.nn.initializers.base import kinds as initializers
from spark.nn.plasticity import RuleConfig
from spark.nn.projections import ShortTermConfig
from spark.nn.receptors import ReceptorConfig
from spark.nn.somas import SomaConfig

# Components of which a config may hold any.
FAMILIES = (RuleConfig, ShortTermConfig, SomaConfig, ReceptorConfig, DendriteConfig)


def kinds() -> dict[str, dict[str, Any]]:
    """The configs that a field of several kinds may hold: by tag (`initializer`, ...) and name, their fields."""
    tables = {"initializer": initializers, "connectivity": connectivities} | {f.tag: _usable(f) for f in FAMILIES}
    found = {
        tag: {name: {"doc": _first_line(cls), "fields": fields_of(cls)} for name, cls in sorted(table.items())}
        for tag, table in tables.items()
    }
    for name, cls in initializers.items():
        for made in found["initializer"][name]["fields"]:
            made["inherits"] = made["name"] in cls.in_unit
    return found


def _usable(family: type[ComponentConfig]) -> dict[str, type[ComponentConfig]]:
    """The kinds of a family; what some of them are based on is none: its module is in no registry."""
    known = {registry[name] for name in registry.names()}
    return {name: cls for name, cls in family.kinds.items() if vars(cls).get("component") in known}


def fields_of(cls: type[Config]) -> list[dict[str, Any]]:
    """The fields of a config class, in the order in which they are written."""
    schema = cls.model_json_schema()
    properties = schema.get("properties", {})
    handed = set(cls.handed_down)
    found = {name: _field(cls, name, properties.get(name, {}), handed) for name in cls.model_fields}
    for name, schema in properties.items():
        if "places" in schema:
            # Drawn with each of what it places.
            del found[name]
            found[schema["places"]] |= {"placed": name, "among": schema["among"]}
    return list(found.values())


def _field(cls: type[Config], name: str, schema: dict[str, Any], handed: set[str]) -> dict[str, Any]:
    info = cls.model_fields[name]
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    made: dict[str, Any] = {
        "name": name,
        "kind": "lines" if schema.get("lines") else _kind(schema, default),
        "unit": schema.get("unit", ""),
        "description": schema.get("description", info.description or ""),
        "required": info.is_required(),
        "nullable": _nullable(schema),
        "default": encode(default),
        "bounds": {b: schema[b] for b in RELATIONS if b in schema},
    }
    nested = nested_type(info)
    if nested is not None and isinstance(default, Config):
        made |= {"kind": "config", "fields": _linked(fields_of(type(default)), handed), "default": default.to_dict()}
        # Where any of a family may stand; a class of the family stands for itself alone.
        if info.annotation in FAMILIES:
            made |= {"kind": "kinds", "tag": default.tag}
    elif (optional := optional_type(info)) is not None and issubclass(optional, Config):
        made |= {"kind": "config", "fields": fields_of(optional)}
    elif "lists" in schema:
        made |= {"kind": "named", "tag": schema["lists"], "usual": schema["usual"], "default": listed(default) or {}}
        made["least"] = schema.get("minProperties", 0)
    elif isinstance(default, Config) and kind_of(default):
        made |= {"kind": "kinds", "tag": next(iter(kind_of(default)))}
    elif made["kind"] == "quantity":
        # Elsewhere nothing says how many numbers are to be drawn.
        if "units" in cls.model_fields and (tag := _tag(schema)):
            made["draws"] = tag
    elif default is None and (tag := _tag(schema)):
        made |= {"kind": "kinds", "tag": tag}
    if made["kind"] == "choice":
        made["choices"] = _choices(schema)
    return made


def _linked(fields: list[dict[str, Any]], handed: set[str]) -> list[dict[str, Any]]:
    """Mark the fields that take their owner's value."""
    return [{**f, "linked": True} if f["name"] in handed else f for f in fields]


def _branches(schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "anyOf" not in schema:
        return [schema]
    return [branch for one in schema["anyOf"] for branch in _branches(one)]


def _nullable(schema: dict[str, Any]) -> bool:
    return any(b.get("type") == "null" for b in _branches(schema))


def _choices(schema: dict[str, Any]) -> list[Any]:
    return next(b["enum"] for b in _branches(schema) if "enum" in b)


def _tag(schema: dict[str, Any]) -> str | None:
    """The kinds that a field may hold which is left out, by the title of what it may be."""
    tags = {"Initializer": "initializer", "Connectivity": "connectivity", "Rule": "rule"}
    tags["Short-term plasticity"] = "short_term"
    return next((tags[b["title"]] for b in _branches(schema) if b.get("title") in tags), None)


def _kind(schema: dict[str, Any], default: Any) -> str:
    branches = [b for b in _branches(schema) if b.get("type") != "null"]
    types = {b.get("type") for b in branches}
    if any("enum" in b for b in branches):
        return "choice"
    if types == {"number", "array", "object"}:
        return "quantity"
    if len(types) == 1:
        (only,) = types
        if only == "array":
            return "names" if branches[0].get("items", {}).get("type") == "string" else "shape"
        known = {"number": "number", "integer": "integer", "boolean": "boolean", "string": "text"}
        return known.get(str(only), "json")
    return "json"


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().split("\n")[0]
