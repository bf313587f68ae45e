"""Configs: typed, nested, validated descriptions, and nothing else.

One declaration for each field (`field(...)`) feeds the check, the documentation and the editor. A config
is frozen; `updated(...)` gives a changed copy.
"""

import json
import re
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, PrivateAttr, ValidationError

from spark.core import config_arguments
from spark.core.arguments import checked
from spark.core.config_arguments import STEP_ASSUMED, Nested
from spark.core.config_errors import translate
from spark.core.draws import Draw
from spark.core.errors import ConfigError, Problem, in_short
from spark.core.field_rules import RELATIONS, rules_of
from spark.core.values import FloatType, Number, Whole, at_wrong, encode, first_wrong

_REQUIRED: Any = ...


def field(
    default: Any = _REQUIRED,
    *,
    unit: str = "",
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
    description: str,
    factory: Any = None,
    time_constant: Literal["", "exact", "stored"] = "",
    only_with: str = "",
    lines: bool = False,
) -> Any:
    """Declare a config field: default, unit, bounds, description, in one place.

    Args:
        default: Value when none is given; left out, the field is required.
        unit: ms, mV, pA, nA, MOhm, Hz, or empty for a plain number.
        above: The value must be greater than this, in its unit.
        least: The value must be at least this, in its unit.
        below: The value must be less than this, in its unit.
        most: The value must be at most this, in its unit.
        description: One sentence; the documentation and the editor show it.
        factory: A function without arguments that makes the default.
        time_constant: Whether the value is one of something that decays: 'stored' if that is kept in the config's
            `dtype` from step to step, 'exact' if it always is in float32.
        only_with: Another field of the config: where that is None or False, this one has no effect, and any other value
            than the default is refused.
        lines: Whether the value is a text of several lines, for which the editor has room.
    """
    extra: dict[str, Any] = {"unit": unit}
    if time_constant:
        extra["time_constant"] = time_constant
    if only_with:
        extra["only_with"] = only_with
    if lines:
        extra["lines"] = True
    bounds = dict(zip(RELATIONS, (above, least, below, most), strict=True))
    extra.update({name: bound for name, bound in bounds.items() if bound is not None})
    if isinstance(default, np.ndarray):
        # A JSON schema cannot hold an array: it gets the array's JSON form.
        extra["default"] = encode(default)
        return Field(default_factory=lambda: default, description=description, json_schema_extra=extra)
    if factory is not None:
        return Field(default_factory=factory, description=description, json_schema_extra=extra)
    return Field(default, description=description, json_schema_extra=extra)


class Config(Nested):
    """Base of all configs.

    Beside its fields' names, the constructor understands three forms:
    `_s_units=(256,)` sets `units` here and in every nested config that has the field;
    `soma__threshold=-45` sets a field of a nested config;
    `soma_config=...` and `soma_config__threshold=...` are other spellings of `soma` and `soma__threshold`.

    A field that is a dict keeps its order here and in `to_json`; files of brains list its names sorted, so where the
    order says something declare a tuple of pairs.

    Raises:
        ConfigError: Names every unknown name, missing field, wrong type and value out of bounds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)
    # Under which name plain data says of which kind it is, where a field may hold several kinds.
    tag: ClassVar[str] = ""
    # Fields that an owner hands down to it, where it is no nested field of its owner, which knows.
    from_owner: ClassVar[tuple[str, ...]] = ()
    _handed: frozenset[str] = PrivateAttr(default=frozenset())
    _as_written: Any = PrivateAttr(default=None)

    def __new__(cls, *unnamed: object, **arguments: object) -> Self:
        """Refuse what is given without a name, in words: which field it would be, only its order would say."""
        if unnamed:
            own = [name for name in cls.model_fields if name not in ModuleConfig.model_fields] or [*cls.model_fields]
            fix = f"Write `{cls.__name__}({own[0]}=...)`" if own else f"Write `{cls.__name__}()`"
            text = f"takes its fields by name, got {in_short(unnamed[0])} without one; expected some of {own}"
            raise ConfigError(Problem(cls.__name__, text, fix, "positional"))
        return super().__new__(cls)

    def __init__(self, /, **arguments: Any) -> None:
        cls = type(self)
        values, problems = config_arguments.expand(cls, arguments)
        try:
            if problems:
                raise ConfigError(problems)
            super().__init__(**values)
        except ConfigError as error:
            raise error.under(cls.__name__) from error.__cause__
        except ValidationError as error:
            raise ConfigError(translate(cls, error)).under(cls.__name__) from error
        median = self._of_medians()
        # What lies out of bounds, a dt of 0 for one, would make nonsense of the rules that compute with it.
        problems = median._out_of_bounds() or self._of_other_shapes() or [*self._without_effect(), *median.problems()]
        if not problems and "dt" in self.model_fields_set and not STEP_ASSUMED.get():
            problems = median.step_problems()
        if problems:
            raise ConfigError(self._told(problems)).under(cls.__name__)

    def problems(self) -> list[Problem]:
        """Rules that span several fields; subclasses add theirs. Addresses are relative to self."""
        return []

    def step_problems(self) -> list[Problem]:
        """Rules that depend on `dt`; subclasses add theirs. Checked once the step's length is known: given, or handed
        down by the brain, else when the module is made. Addresses are relative to self.
        """
        return []

    @property
    def looks_at_numbers(self) -> bool:
        """Whether a module of this config checks what it computes, as a brain's may ask."""
        return False

    def field_or_none(self, name: str) -> Any:
        """The value of the field `name`, or None where the config has no such field."""
        return vars(self).get(name)

    def all_step_problems(self) -> list[Problem]:
        """Those of this config and of the nested ones."""
        nested = ((n, getattr(self, n)) for n in type(self).model_fields)
        inner = [p.under(n) for n, config in nested if isinstance(config, Config) for p in config.all_step_problems()]
        return [*self._told(self._of_medians().step_problems()), *inner]

    def draws(self) -> dict[str, Draw]:
        """The parameters for which numbers are drawn when the module is built, by name."""
        return {name: value for name, value in self.quantities().items() if isinstance(value, Draw)}

    def _of_medians(self) -> Self:
        """Itself; or where numbers are drawn later, what its rules can be asked about until then."""
        draws = self.draws()
        return self.model_copy(update={name: draw.median() for name, draw in draws.items()}) if draws else self

    def _told(self, problems: list[Problem]) -> list[Problem]:
        """The problems, of which those that name a parameter that is drawn say that its number is a median."""
        draws = self.draws() if problems else {}
        found = []
        for problem in problems:
            named = [n for n in draws if n == problem.address or re.search(rf"\b{n}\b", problem.message) and len(n) > 1]
            text = f"{problem.message}; the median of what is drawn stands for {' and '.join(named)}"
            found.append(replace(problem, message=text) if named else problem)
        return found

    @property
    def as_written(self) -> Self:
        """The config before numbers were drawn for its parameters; itself where none were."""
        return self if self._as_written is None else self._as_written

    def _out_of_bounds(self) -> list[Problem]:
        found = []
        for name, relation, bound, unit in rules_of(type(self)).bounds:
            value = getattr(self, name)
            if not isinstance(value, (int, float, np.ndarray)):
                continue
            holds, sign = RELATIONS[relation]
            right = holds(value, bound)
            # NumPy takes many times as long to say it of one number.
            if right is True or np.all(right):
                continue
            text = f"must be {sign} {bound:g}{unit and f' {unit}'}, got {_shown(value, right)}{at_wrong(right)}"
            found.append(Problem(name, text, f"{type(self).model_fields[name].description}", "bounds"))
        return found

    def _without_effect(self) -> list[Problem]:
        """Settings that another field turns off, whatever they are."""
        found = []
        for name, needed in rules_of(type(self)).conditional:
            if getattr(self, needed):
                continue
            fix = f"Set `{needed}`, or leave this out"
            default = type(self).model_fields[name].get_default(call_default_factory=True)
            for address, value in _set_apart(name, getattr(self, name), default):
                text = f"has no effect beside {needed}={getattr(self, needed)}, got {_brief(value)}"
                found.append(Problem(address, text, fix, "no-effect"))
        return found

    def set_apart(self, name: str) -> dict[str, str]:
        """What of the field `name` differs from its default, by address, with what stands there as text."""
        default = type(self).model_fields[name].get_default(call_default_factory=True)
        return {address: _brief(value) for address, value in _set_apart(name, self.field_or_none(name), default)}

    def quantities(self) -> dict[str, Any]:
        """Values of the fields that take one number for all units, or one for each; what is None is none."""
        values = ((n, getattr(self, n)) for n in rules_of(type(self)).quantities)
        return {n: value for n, value in values if value is not None}

    def _of_other_shapes(self) -> list[Problem]:
        """Parameters for other numbers of units than most: rules that compare them could not."""
        shapes = {n: v.shape for n, v in self.quantities().items() if isinstance(v, np.ndarray) and v.ndim}
        try:
            np.broadcast_shapes(*shapes.values())
        except ValueError:
            listed = list(shapes.values())
            most = max(listed, key=listed.count)
            text = "has another shape than other parameters have, got {}; expected one number or {}"
            mend = "Give one number for all units, or one for each"
            return [Problem(n, text.format(s, most), mend, "shape") for n, s in shapes.items() if s != most]
        return []

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).model_fields:
            raise ConfigError(
                Problem(
                    f"{type(self).__name__}.{name}",
                    "cannot be set: a config does not change",
                    f"Take a changed copy: `config.updated({name}=...)`",
                    "frozen",
                )
            )
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.to_json() == other.to_json()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), self.to_json()))

    def explicit(self) -> dict[str, Any]:
        """The fields that were given, not left to defaults or handed down."""
        given = self.model_fields_set - self._handed
        return {name: getattr(self, name) for name in type(self).model_fields if name in given}

    def updated(self, **changes: Any) -> Self:
        """A copy with some fields changed; takes the same forms as the constructor."""
        kept = {n: v for n, v in self.explicit().items() if config_arguments.SHARED + n not in changes}
        return type(self)(**{**kept, **changes})

    def handed(self, **values: Any) -> Self:
        """A copy that takes these values from its owner where it has the field.

        Raises:
            ConfigError: A field was given explicitly with another value.
        """
        values = {n: v for n, v in values.items() if n in type(self).model_fields and v is not None}
        own = self.explicit()
        clash = [
            Problem(
                name,
                f"differs from its owner's, got {in_short(own[name])}; expected {in_short(value)}",
                f"Set `{name}` in one place: give it to the owner only",
                "clash",
            )
            for name, value in values.items()
            if own.get(name) is not None and own[name] != value
        ]
        if clash:
            raise ConfigError(clash)
        # None says that a field was left out, also where it was written.
        fresh = {n: v for n, v in values.items() if own.get(n) is None}
        made = type(self)(**{**own, **fresh})
        made._handed = frozenset(fresh)
        if self._as_written is not None:
            made._as_written = self._as_written.handed(**values)
        return made

    def with_new_seeds(self, seed: int) -> Self:
        """A copy with this seed; explicit seeds of nested configs are drawn anew from it."""
        return config_arguments.reseeded(self, seed)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; only what was handed down by an owner is left out."""
        names = [n for n in type(self).model_fields if n not in self._handed]
        return {name: encode(getattr(self, name)) for name in names}

    def to_json(self, indent: int | None = None) -> str:
        """Lossless JSON; `from_json` gives an equal config."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The config that `to_dict` described."""
        if not isinstance(data, dict):
            raise ConfigError(Problem(cls.__name__, f"its data must be a JSON object, got {type(data).__name__}"))
        kind = data.get(cls.tag, cls.__name__)
        if kind != cls.__name__:
            message = f"names another kind, got {in_short(kind)}; expected {cls.__name__!r}"
            raise ConfigError(Problem(f"{cls.__name__}.{cls.tag}", message, "", "kind"))
        return cls(**{name: value for name, value in data.items() if name != cls.tag})

    @classmethod
    @checked
    def from_json(cls, text: str) -> Self:
        """The config that `to_json` described."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigError(
                Problem(cls.__name__, f"its text is not JSON, got {error}", "Write it with `to_json`")
            ) from error
        return cls.from_dict(data)


def _set_apart(address: str, value: Any, default: Any) -> list[tuple[str, Any]]:
    """What differs from the default, by address; of a nested config only what no owner hands down."""
    if not isinstance(default, Config):
        return [] if encode(value) == encode(default) else [(address, value)]
    if type(value) is not type(default):
        return [(address, value)]
    own = [n for n in type(value).model_fields if n not in ModuleConfig.model_fields and n not in value._handed]
    return [pair for n in own for pair in _set_apart(f"{address}.{n}", getattr(value, n), getattr(default, n))]


def _brief(value: object) -> str:
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)


def _shown(value: Any, right: Any) -> str:
    return f"{first_wrong(value, right):g}" if np.ndim(right) else str(value)


# Beyond this ratio of dt to a time constant, exp(dt / tau) is no number in float32; nothing is left after a step.
_MOST_DECAY = 80.0
# Greatest ratio of a time constant to dt at which a state in half precision still decays as it should, within 5 %.
_SLOWEST = {"float16": 1000.0, "bfloat16": 25.0}


class ModuleConfig(Config):
    """Fields that every module's config has."""

    from_owner = ("units", "dt", "dtype")
    dt: Number = field(1.0, unit="ms", above=0, description="Length of one step.")
    dtype: FloatType = field(
        "float32", description="Type in which floating state is stored; what is built in computes in float32."
    )
    seed: Whole | None = field(
        None,
        least=0,
        description="Seed of this module's own draws; left out, it follows from the brain's seed and the "
        "module's path.",
    )

    def owned(self) -> dict[str, Any]:
        """Plain data without what an owner hands down and nobody gave: read back, the owner hands it down again."""
        given = self.explicit()
        return {k: v for k, v in self.to_dict().items() if k not in self.from_owner or given.get(k) is not None}

    def step_problems(self) -> list[Problem]:
        """Time constants that a step of this length, or a state of this dtype, cannot follow."""
        found = super().step_problems()
        for name, kind in rules_of(type(self)).time_constants:
            value = getattr(self, name)
            if value is None:
                continue
            if np.min(value) * _MOST_DECAY < self.dt:
                found.append(
                    Problem(
                        name,
                        f"is too far below dt ({self.dt:g} ms), got {np.min(value):g} ms; "
                        f"expected at least {self.dt / _MOST_DECAY:g} ms (dt / {_MOST_DECAY:g})",
                        "Within one step nothing would be left to compute with: shorten dt, or lengthen the constant",
                        "bounds",
                    )
                )
            slowest = _SLOWEST.get(self.dtype) if kind == "stored" else None
            if slowest is not None and np.max(value) > slowest * self.dt:
                found.append(
                    Problem(
                        name,
                        f"is too long for a state in {self.dtype}, got {np.max(value):g} ms; "
                        f"expected at most {slowest * self.dt:g} ms ({slowest:g} steps of {self.dt:g} ms)",
                        "A step's decay would be lost in rounding: keep the state in float32, or lengthen dt",
                        "bounds",
                    )
                )
        return found
