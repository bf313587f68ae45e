"""What a node drawn from the palette starts with: values for the fields that have no default."""

from typing import Any

from spark.core.registry import modules as registry
from spark.io.model_file import BRAIN, INPUT, OUTPUT
from spark.io.sparse import listed


def first_settings(type_name: str) -> dict[str, Any]:
    """Settings of a new node, so that it can run at once; what has a default is left to it."""
    if type_name in (INPUT, OUTPUT):
        return {"payload_type": "FloatArray", "shape": [1], "dtype": "float32"}
    if type_name == BRAIN:
        return {}
    cls: Any = registry[type_name]
    config = cls.config_class()
    properties = config.model_json_schema().get("properties", {})
    needed = [name for name, info in config.model_fields.items() if info.is_required()]
    return {name: _first_value(name, properties.get(name, {})) for name in needed}


def spelled_out(type_name: str, config: dict[str, Any], name: str) -> dict[str, Any]:
    """Settings with those of a field that lists configs by name, which are else its default: one of them may be set."""
    cls: Any = registry[type_name] if type_name in registry.names() else None
    info = cls.config_class().model_fields.get(name) if cls is not None and type_name != BRAIN else None
    if info is None or info.is_required() or name in config:
        return config
    usual = listed(info.get_default(call_default_factory=True))
    return config if usual is None else {**config, name: usual}


def _first_value(name: str, schema: dict[str, Any]) -> Any:
    if name == "units":
        return [100]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "boolean":
        return False
    if kind == "array":
        return [1]
    if kind == "string":
        return ""
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return max(1, int(least)) if kind == "integer" else float(max(1, least))
