"""What a config's constructor understands beside its fields' names: shared and nested arguments."""

import numbers
import zlib
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, ClassVar, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from spark.core.errors import ConfigError, Problem
from spark.core.names import suggestion
from spark.core.values import to_shape

SHARED = "_s_"
# Whether nested configs are being made that get the default dt of their owner, which its brain may yet change.
STEP_ASSUMED: ContextVar[bool] = ContextVar("STEP_ASSUMED", default=False)


class Nested(BaseModel):
    """What is known of every config; see `Config`.

    Class attributes:
        handed_down: Fields whose values nested configs take from their owner.
        many_kinds: Whether a field with this annotation holds a config of any class derived from it.
    """

    handed_down: ClassVar[tuple[str, ...]] = ()
    many_kinds: ClassVar[bool] = False


def nested_type(info: FieldInfo) -> type[Nested] | None:
    """The config class of a field that holds a nested config, else None."""
    annotation = info.annotation
    if not (isinstance(annotation, type) and issubclass(annotation, Nested)):
        return None
    # Where several kinds of config fit, names are those of the default's kind.
    several = annotation.many_kinds and isinstance(info.default_factory, type)
    return info.default_factory if several else annotation  # type: ignore[return-value]


def optional_type(info: FieldInfo) -> type[Nested] | None:
    """The config class of a field that holds a config of one class or none, else None."""
    held = [t for t in get_args(info.annotation) if t is not type(None)]
    if info.get_default(call_default_factory=True) is not None or len(held) != 1:
        return None
    return held[0] if isinstance(held[0], type) and issubclass(held[0], Nested) else None


def _canonical(cls: type[Nested], name: str) -> str:
    """`soma_config` is another spelling of `soma` where `soma` holds a config."""
    short = name.removesuffix("_config")
    known = cls.model_fields
    if name not in known and short in known and nested_type(known[short]) is not None:
        return short
    return name


def has_field(cls: type[Nested], name: str) -> bool:
    """Whether the config or one nested in it has a field of this name."""
    if name in cls.model_fields:
        return True
    nested = (nested_type(info) for info in cls.model_fields.values())
    return any(has_field(n, name) for n in nested if n is not None)


def _all_fields(cls: type[Nested]) -> set[str]:
    names = set(cls.model_fields)
    for info in cls.model_fields.values():
        nested = nested_type(info)
        if nested is not None:
            names |= _all_fields(nested)
    return names


def expand(cls: type[Nested], arguments: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Plain field values from all the forms a constructor takes, and what is wrong with them."""
    problems: list[Problem] = []
    shared = {k[len(SHARED) :]: v for k, v in arguments.items() if k.startswith(SHARED)}
    values: dict[str, Any] = {}
    deeper: dict[str, dict[str, Any]] = {}
    for name, value in arguments.items():
        if name.startswith(SHARED):
            continue
        head, separator, rest = name.partition("__")
        head = _canonical(cls, head)
        if separator:
            problems += _take_nested(cls, head, rest, value, deeper)
        else:
            problems += _take_plain(cls, head, value, values)
    problems += [
        Problem(SHARED + name, "is a field of no config here", suggestion(name, _all_fields(cls)), "unknown")
        for name in shared
        if not has_field(cls, name)
    ]
    values = {**{n: v for n, v in shared.items() if n in cls.model_fields}, **values}
    _fill_nested(cls, values, shared, deeper, problems)
    return values, problems


def _take_plain(cls: type[Nested], name: str, value: Any, values: dict[str, Any]) -> list[Problem]:
    """Enter `name=value`."""
    if name not in cls.model_fields:
        return [Problem(name, "is unknown", suggestion(name, cls.model_fields), "unknown")]
    if name in values:
        return [Problem(name, "is given twice", "Keep one spelling", "twice")]
    values[name] = value
    return []


def _take_nested(
    cls: type[Nested], head: str, rest: str, value: Any, deeper: dict[str, dict[str, Any]]
) -> list[Problem]:
    """Enter `head__rest=value`."""
    nests = [name for name, info in cls.model_fields.items() if nested_type(info) is not None]
    if head in cls.model_fields and head not in nests:
        return [Problem(f"{head}.{rest}", f"'{head}' holds a value, no nested config", f"Give `{head}=...` whole")]
    if head not in nests:
        return [Problem(head, "is no nested config", suggestion(head, nests), "unknown")]
    deeper.setdefault(head, {})[rest] = value
    return []


def _fill_nested(
    cls: type[Nested],
    values: dict[str, Any],
    shared: dict[str, Any],
    deeper: dict[str, dict[str, Any]],
    problems: list[Problem],
) -> None:
    """Give nested configs their shared, nested and handed-down arguments, in place."""
    for name, info in cls.model_fields.items():
        nested = nested_type(info)
        if nested is None:
            continue
        base = values.get(name)
        try:
            if base is None:
                base = info.get_default(call_default_factory=True)
            elif isinstance(base, dict):
                # The annotation knows which kind a tag names.
                base = info.annotation.from_dict(base)  # type: ignore[union-attr]
            elif not isinstance(base, info.annotation):  # type: ignore[arg-type]
                problems.append(
                    Problem(
                        name,
                        f"has the wrong type, got {type(base).__name__}; expected {nested.__name__}",
                        f"Give `{nested.__name__}(...)`, or its fields as `{name}__<field>=...`",
                        "type",
                    )
                )
                continue
            given = {SHARED + k: v for k, v in shared.items() if has_field(type(base), k)} | deeper.get(name, {})
            if given:
                base = base.updated(**given)
            base = _hand_down(cls, values, base, problems)
        except ConfigError as error:
            if isinstance(base, dict):
                own = _without_class(error)
            else:
                own = error.relative_to((nested if base is None else type(base)).__name__)
            problems.extend(own.under(name).problems)
            continue
        values[name] = base


def _without_class(error: ConfigError) -> ConfigError:
    """What is wrong with plain data, by the names of fields alone.

    The class that they name stands at the head of an address, but where it is the class that is unknown.
    """
    for head in {p.address.partition(".")[0] for p in error.problems if "." in p.address}:
        error = error.relative_to(head)
    return error


def _hand_down(cls: type[Nested], values: dict[str, Any], base: Any, problems: list[Problem]) -> Any:
    """`base` with what its owner hands down; a value that it cannot take is the owner's problem."""
    handed = {k: _handed_value(cls, values, k) for k in cls.handed_down}
    before = STEP_ASSUMED.set(STEP_ASSUMED.get() or "dt" not in values)
    try:
        return base.handed(**handed)
    except ConfigError as error:
        for problem in error.relative_to(type(base).__name__).problems:
            name = problem.address
            if problem.kind == "clash" or name not in cls.model_fields:
                raise
            owned = replace(problem, address=name, fix=cls.model_fields[name].description or "")
            if owned not in problems:
                problems.append(owned)
        return base
    finally:
        STEP_ASSUMED.reset(before)


def _handed_value(cls: type[Nested], values: dict[str, Any], name: str) -> Any:
    """What an owner hands down: the given value, else its default."""
    if name in values:
        value = values[name]
        # A number of units is a shape; what is none is left for the field itself to refuse.
        whole = isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= 1
        return to_shape(value) if name == "units" and whole else _hashable(value)
    info = cls.model_fields.get(name)
    return None if info is None or info.is_required() else info.get_default()


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def reseeded(config: Any, seed: int) -> Any:
    """A copy with this seed, and with explicit nested seeds derived from it and the field's name."""
    changes: dict[str, Any] = {}
    for name in type(config).model_fields:
        value: Any = config.field_or_none(name)
        if name == "seed":
            changes[name] = seed
        elif _is_config(value) and holds_seed(value):
            changes[name] = value.with_new_seeds(derive(seed, name))
    return config.updated(**changes)


def _is_config(value: Any) -> bool:
    return isinstance(value, Nested)


def holds_seed(config: Any) -> bool:
    """Whether this config or one nested in it was given a seed of its own."""
    own = config.explicit()
    return own.get("seed") is not None or any(_is_config(v) and holds_seed(v) for v in own.values())


def derive(seed: int, name: str) -> int:
    """A seed for a part, from its owner's seed and its name; the same in every process."""
    return zlib.crc32(f"{seed}/{name}".encode())
