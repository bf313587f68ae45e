"""A config as plain data without what it leaves to its defaults: what people write, and model files keep."""

from typing import Any

from spark.core.config import Config
from spark.core.config_arguments import nested_type
from spark.core.values import encode


def sparse(config: Config, default: Config | None = None, handed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields that differ from their defaults, nested ones likewise; `from_sparse` gives an equal config.

    Args:
        config: A config.
        default: What stands there if nothing is given; left out, what the class makes of no arguments.
        handed: Fields that an owner hands down: what was given itself stays apart, also where both are the same.
    """
    found: dict[str, Any] = {}
    own = set(handed) & set(config.explicit())
    for name, info in type(config).model_fields.items():
        if name in config._handed:
            continue
        value = config.field_or_none(name)
        if default is not None and type(default) is type(config):
            usual: Any = default.field_or_none(name)
        else:
            usual = None if info.is_required() else info.get_default(call_default_factory=True)
        if isinstance(value, Config):
            same, nested = type(value) is type(usual), nested_type(info) is not None
            down = type(config).handed_down if nested else type(value).from_owner
            inner = sparse(value, usual if same and nested else None, down)
            if same and (not inner if nested else encode(value) == encode(usual)):
                continue
            found[name] = inner if same and nested else {**kind_of(value), **inner}
        elif info.is_required() or name in own or encode(value) != encode(usual):
            by_name = listed(value)
            found[name] = _brief(encode(value)) if by_name is None else by_name
    return found


def listed(value: Any) -> dict[str, Any] | None:
    """Configs that a dict lists by name, each with its kind and without its defaults; None if it is something else."""
    if not isinstance(value, dict) or not value or not all(isinstance(v, Config) for v in value.values()):
        return None
    return {name: {**kind_of(v), **sparse(v, None, type(v).from_owner)} for name, v in value.items()}


def _brief(value: Any) -> Any:
    """A single number without its dtype where a number is read back as the same."""
    if isinstance(value, dict) and value.get("dtype") in ("int32", "float32") and not isinstance(value["array"], list):
        return value["array"]
    return value


def from_sparse(cls: type[Config], data: dict[str, Any]) -> Any:
    """The config of this class that `sparse` described; nested fields that are not given keep their owner's default.

    Raises:
        ConfigError: Everything that is wrong with it, with dotted addresses.
    """
    return cls(**_arguments(cls, data, ""))


def _arguments(cls: type[Config], data: dict[str, Any], prefix: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in data.items():
        info = cls.model_fields.get(name)
        nested = nested_type(info) if info is not None else None
        if nested is None or info is None or info.is_required() or not isinstance(value, dict):
            given[prefix + name] = value
            continue
        usual = info.get_default(call_default_factory=True)
        tag = _tag(type(usual))
        kind = {tag: value[tag]} if tag in value else {}
        if kind and kind != kind_of(usual):
            given[prefix + name] = value
        else:
            rest = {k: v for k, v in value.items() if k not in kind}
            given |= _arguments(type(usual), rest, f"{prefix}{name}__")
    return given


def kind_of(config: Config) -> dict[str, Any]:
    """The entry of its plain data that says which of several kinds of config this is; empty if there is one kind."""
    tag = _tag(type(config))
    return {tag: type(config).__name__} if tag else {}


def _tag(cls: type[Config]) -> str:
    """Under which entry of its plain data a config says of which kind it is; empty if there is one kind."""
    return "" if cls.tag in cls.model_fields else cls.tag
