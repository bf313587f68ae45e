"""The projections of a pool whose connections are replaced: when, with what lies beside them, and what is refused."""

from collections.abc import Iterable, Iterator

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.parameter import shorter_than_a_step
from spark.core.tree import leaf_named, part_named, variables_of
from spark.nn.plasticity.weight_rule import WeightRule
from spark.nn.pools.feeds import Feed
from spark.nn.projections.draws import Drawn
from spark.nn.projections.plastic import PlasticProjection
from spark.nn.projections.rewiring import pruned_of


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
        ConfigError: An interval is below a step, a share is of less than one connection, new weights are none that the
            rule or the receptor has, or a rule takes the weights of all pairs or does not name what it keeps of each
            connection.
    """
    problems = []
    for drawn in rewired(feeds):
        address, settings = f"{owner}.{drawn.name}.rewiring", drawn.rewiring
        assert settings is not None
        if shorter_than_a_step(settings.interval, dt):
            text = f"is shorter than a step, got {settings.interval:g} ms with dt={dt:g} ms; expected at least dt"
            problems.append(Problem(f"{address}.interval", text, "Lengthen it, or shorten dt", "bounds"))
        projection = part_named(pool, drawn.name)
        inputs = np.diff(np.asarray(leaf_named(projection, "edges_in_starts").value))
        if settings.share is not None and inputs.any() and not pruned_of(settings, inputs).any():
            text = f"prunes nothing, got {settings.share:g} where a unit has at most {inputs.max()} connections"
            mend = f"Take one above {0.5 / inputs.max():.3g}, or give units more connections"
            problems.append(Problem(f"{address}.share", text, mend, "bounds"))
        begins = float(np.asarray(projection.begins_with.value))
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
        problems += _left_behind(f"{owner}.{drawn.rule_name}", rule, projection.weights.shape)
        least, most = (float(bound) for bound in np.asarray(rule.coefficients.value)[:2])
        if not least <= begins <= most:
            text = f"lies outside of the bounds of the rule, got {begins:g}; expected {least:g} to {most:g}"
            problems.append(Problem(f"{address}.weight", text, "Change it, or the bounds", "bounds"))
    if problems:
        raise ConfigError(problems)


def _left_behind(address: str, rule: WeightRule, shape: tuple[int, ...]) -> Iterator[Problem]:
    """Variables of a rule with a number for each connection that would not move with the connections."""
    named = {id(variable) for variable in (*rule.of_each_connection(), *rule.first_weights())}
    # Where there are as many connections as sources or targets, nothing says which of them a variable is of.
    if shape[0] in (rule.pre_units, rule.post_units):
        return
    for path, variable in variables_of(rule).items():
        if variable.shape == shape and id(variable) not in named:
            text = f"would stay where it is while connections are replaced, got a variable of shape {shape}"
            mend = "Return it from `of_each_connection`, or from `first_weights`, of the rule"
            yield Problem(f"{address}.{path}", text, mend, "connections")
