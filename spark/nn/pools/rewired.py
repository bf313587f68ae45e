"""The projections of a pool whose connections are replaced: when, with what lies beside them, and what is refused."""

from collections.abc import Iterable, Iterator

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.parameter import shorter_than_a_step
from spark.core.tree import part_named
from spark.nn.plasticity.weight_rule import WeightRule
from spark.nn.pools.feeds import Feed
from spark.nn.projections.draws import Drawn
from spark.nn.projections.plastic import PlasticProjection


def rewiring_steps(drawn: Drawn, dt: float) -> int:
    """Steps between two rewirings of a projection; 0 for never."""
    return 0 if drawn.rewiring is None else max(1, round(drawn.rewiring.interval / dt))


def rewired(feeds: Iterable[Feed]) -> Iterator[Drawn]:
    """The projections of these feeds whose connections are replaced."""
    for feed in feeds:
        for drawn in feed.projections:
            if isinstance(drawn, Drawn) and drawn.rewiring is not None:
                yield drawn


def rewire_due(pool: Module, feeds: Iterable[Feed], dt: float, done: int) -> None:
    """Replace connections of the projections of a pool whose time it is once `done` steps are done."""
    for drawn in rewired(feeds):
        if done % rewiring_steps(drawn, dt) == 0:
            projection: PlasticProjection = part_named(pool, drawn.name)
            rule = part_named(pool, drawn.rule_name) if drawn.rule.active else None
            beside, first = ([], []) if rule is None else (rule.of_each_connection(), rule.first_weights())
            projection.rewire(done, beside, first)


def refuse_wrong_rewiring(pool: Module, feeds: Iterable[Feed], dt: float, owner: str) -> None:
    """Refuse what a built `pool` at the path `owner` cannot rewire.

    Raises:
        ConfigError: An interval is below a step, new weights are none that the rule or the receptor has, or a rule
            takes the weights of all pairs.
    """
    problems = []
    for drawn in rewired(feeds):
        address, settings = f"{owner}.{drawn.name}.rewiring", drawn.rewiring
        assert settings is not None
        if shorter_than_a_step(settings.interval, dt):
            text = f"is shorter than a step, got {settings.interval:g} ms with dt={dt:g} ms; expected at least dt"
            problems.append(Problem(f"{address}.interval", text, "Lengthen it, or shorten dt", "bounds"))
        begins = float(np.asarray(part_named(pool, drawn.name).begins_with.value))
        if drawn.opens and begins < 0:
            text = f"must be at least 0 at a conductance, got {begins:g}"
            problems.append(Problem(f"{address}.weight", text, "Give the size alone", "bounds"))
        rule = part_named(pool, drawn.rule_name) if drawn.rule.active else None
        if rule is None:
            continue
        if not isinstance(rule, WeightRule):
            text = f"moves connections, and {type(rule).__name__} takes the weights of all pairs"
            problems.append(Problem(address, text, "Take a rule of events or of connections", "setting"))
            continue
        least, most = (float(bound) for bound in np.asarray(rule.coefficients.value)[:2])
        if not least <= begins <= most:
            text = f"lies outside of the bounds of the rule, got {begins:g}; expected {least:g} to {most:g}"
            problems.append(Problem(f"{address}.weight", text, "Change it, or the bounds", "bounds"))
    if problems:
        raise ConfigError(problems)
