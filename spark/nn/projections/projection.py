"""`Projection`: a wire that ends at a receptor, and owns its connections."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import WithJsonSchema

from spark.core.config import Config, field
from spark.core.errors import ConfigError, Problem
from spark.core.names import illegal
from spark.graph.specs import CALL, PortMap
from spark.nn.component import kind_reader
from spark.nn.connections import AllToAll, AnyConnectivity
from spark.nn.initializers import AnyInitializer, ConstantInitializer
from spark.nn.initializers.base import to_initializer
from spark.nn.plasticity.rule import RuleConfig
from spark.nn.projections.rewiring import Rewiring
from spark.nn.projections.short_term import ShortTermConfig

# What follows a projection's name in those of its rule and of its short-term plasticity.
RULE = "_rule"
SHORT_TERM = "_short_term"


def _initializer_or_none(value: object) -> object:
    return None if value is None else to_initializer(value)


_RULE = Annotated[Any, kind_reader(RuleConfig), WithJsonSchema({"type": "object", "title": "Rule"})]
_SHORT_TERM = Annotated[
    Any, kind_reader(ShortTermConfig), WithJsonSchema({"type": "object", "title": "Short-term plasticity"})
]


class ProjectionConfig(Config):
    """What a projection is beside where it comes from."""

    name: str | None = field(
        None, description="Its name in the pool; left out, the origin's and the receptor's, as in `noise_ampa`."
    )
    pattern: AnyConnectivity = field(factory=AllToAll, description="Which connections there are.")
    weights: AnyInitializer = field(
        factory=lambda: ConstantInitializer(value=1.0),
        description="Weights in the receptor's unit (pA, nS or mV), unless the pattern brings its own: a number, an "
        "initializer, or an array, with one for each connection or of shape (post, pre).",
    )
    delay: AnyInitializer | None = field(
        None,
        unit="ms",
        description="From a spike to its effect, rounded to the nearest step and at least dt; left out, spikes act in "
        "the step in which the wire brings them.",
    )
    rule: _RULE | None = field(None, description="How the weights change: the config of any rule; left out, they stay.")
    modulator: str | None = field(None, description="Input port of the pool that modulates the rule.")
    short_term: _SHORT_TERM | None = field(
        None,
        description="Short-term plasticity: how much of its weight a spike brings after those before it; the config of "
        "any kind; left out, all of it.",
    )
    rewiring: Rewiring | None = field(
        None,
        description="Structural plasticity: which connections of a rule are replaced, and when; left out, all stay.",
    )
    signed: bool | None = field(
        None,
        description="Whether spikes of inhibitory units count as -1, as they cannot at a conductance; left out, as the "
        "receptor has it.",
    )
    weight_dtype: Literal["float32", "float16", "bfloat16"] = field(
        "float32", description="How weights that stay are stored; sums are float32."
    )

    def problems(self) -> list[Problem]:
        """A legal name, and settings that have an effect."""
        found = super().problems()
        why = None if self.name is None else illegal(self.name)
        if why:
            found.append(Problem("name", why, "Choose another name", "name"))
        modulated = self.rule is not None and self.rule.modulated
        if modulated and self.modulator is None:
            text = "is missing, got a rule that is modulated; expected the name of an input port of the pool"
            found.append(Problem("modulator", text, "Name one of the pool's `modulators`", "missing"))
        if self.rule is not None:
            found += [problem.under("rule") for problem in self.rule.unmade()]
        if self.modulator is not None and not modulated:
            text = f"has no effect without a rule that is modulated, got {self.modulator!r}"
            mend = "Give the rule an `eligibility_tau`, or leave it out"
            if self.rule is not None and "eligibility_tau" not in type(self.rule).model_fields:
                name = type(self.rule).__name__
                mend = f"Write a property `modulated` that is True in {name}, if its rule has a port `modulation`"
            found.append(Problem("modulator", text, mend, "setting"))
        if self.short_term is not None:
            found += [problem.under("short_term") for problem in self.short_term.unmade()]
        if self.rule is None and self.rewiring is not None:
            text = "is for weights that change, got no rule"
            found.append(Problem("rewiring", text, "Give the projection a rule, or leave it out", "setting"))
        if self.rule is not None and self.short_term is not None:
            text = f"is for weights that stay, got {type(self.short_term).__name__} beside a rule"
            mend = "Give each a projection of its own"
            found.append(Problem("short_term", text, mend, "setting"))
        if self.rule is not None and self.weight_dtype != "float32":
            text = f"is for weights that stay, got {self.weight_dtype} beside a rule"
            found.append(
                Problem("weight_dtype", text, "Leave it out: weights that change are of the pool's `dtype`", "setting")
            )
        return found

    def to_dict(self) -> dict[str, object]:
        """Plain data; the rule and the like leave out what the pool hands down."""
        inner = {"rule": self.rule, "short_term": self.short_term}
        return {**super().to_dict(), **{name: None if c is None else c.owned() for name, c in inner.items()}}


class Projection(PortMap):
    """A wire into a receptor of a pool: where it comes from, which connections, their weights, delays and rule.

    A bare `PortMap` into a receptor is a projection with the defaults.

    Args:
        origin: The module where it begins, or `'__call__'` for the brain's own input.
        port: Its output port.
        **settings: Fields of `ProjectionConfig`.

    Raises:
        ConfigError: A setting is wrong.
    """

    settings: ProjectionConfig

    def __init__(self, origin: str, port: str, **settings: Any) -> None:
        try:
            made = ProjectionConfig(**settings)
        except ConfigError as error:
            raise error.relative_to(ProjectionConfig.__name__).under(_called(origin, port)) from error
        object.__setattr__(self, "settings", made)
        super().__init__(origin, port)

    @property
    def end(self) -> PortMap:
        """Where it begins."""
        return PortMap(self.origin, self.port)

    def moved(self, origin: str, port: str) -> PortMap:
        """The same projection from elsewhere."""
        return Projection(origin, port, **self.settings.explicit())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Projection) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.origin, self.port))

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.settings.explicit().items())
        return f"Projection({self.origin!r}, {self.port!r}{given})"

    def to_dict(self) -> dict[str, object]:
        """Plain data."""
        return {**super().to_dict(), "projection": self.settings.to_dict()}


def read_wire(wire: object) -> object:
    """A projection from its plain data; anything else as it is."""
    if not isinstance(wire, dict) or set(wire) != {"origin", "port", "projection"}:
        return wire
    settings = wire["projection"]
    if not isinstance(settings, dict):
        raise ConfigError(Problem("projection", f"its data must be a JSON object, got {type(settings).__name__}"))
    try:
        return Projection(wire["origin"], wire["port"], **settings)
    except ConfigError as error:
        raise error.relative_to(_called(wire["origin"], wire["port"])).under("projection") from error


def _called(origin: object, port: object) -> str:
    return f"Projection({origin}.{port})"


def usual_names(receptor: str, wires: Iterable[PortMap | None]) -> list[str]:
    """How wires into a receptor are called that were given no name: with a number behind it if others are called so."""
    names: list[str] = []
    for wire in wires:
        origin = "input" if wire is None else wire.port if wire.origin == CALL else wire.origin
        wanted, number = f"{origin}_{receptor}", 1
        while (name := wanted if number == 1 else f"{wanted}_{number}") in names:
            number += 1
        names.append(name)
    return names


def settings_of(wire: PortMap) -> ProjectionConfig:
    """The settings of a wire into a receptor."""
    return wire.settings if isinstance(wire, Projection) else ProjectionConfig()
