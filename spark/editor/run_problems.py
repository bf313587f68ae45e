"""What is wrong with how a document's brain is to be run: found before it runs, said at the node that it is about."""

import math
from collections.abc import Callable, Iterator, Mapping

from spark.core.errors import Problem, in_short
from spark.io.graph_config import Located
from spark.io.model_file import INPUT, Document
from spark.io.rates import rate_problem
from spark.nn import BrainConfig

# Of each condition by which a run stops by itself: what it needs, and whether a number is that.
CONDITIONS = {
    "step": ("a whole number of steps above 0", lambda v: v > 0 and v == int(v)),
    "silence": ("a time above 0 ms", lambda v: v > 0),
    "rate": ("a rate above 0 Hz", lambda v: v > 0),
}
# Of each number by which it runs: the same.
NUMBERS = {
    "steps_per_action": ("a whole number of steps above 0", lambda v: v > 0 and v == int(v)),
    "speed": ("a number of at least 0, which is the greatest speed", lambda v: v >= 0),
}
_TAB = "in Run settings"


def run_problems(document: Document, config: BrainConfig) -> list[Located]:
    """Conditions that never hold, numbers by which no run can go, rates that cannot be, values that do not fit.

    Inputs that an environment feeds need no values.

    Args:
        document: A document.
        config: Of its brain.

    Returns:
        What is wrong, at the inputs where it is about them.
    """
    run = document["run"]
    found = [Located(problem) for problem in (*condition_problems(run.get("stop")), *number_problems(run))]
    given = run.get("inputs")
    observed = observed_input(run, list(config.input_map))
    inputs = {n["name"]: k for k, n in document["nodes"].items() if n["type"] == INPUT and n.get("parent") is None}
    for name, source in (given if isinstance(given, Mapping) else {}).items():
        spec, value = config.input_map.get(name), source.get("value") if isinstance(source, Mapping) else source
        if spec is None or name == observed:
            continue
        if isinstance(source, Mapping) and "rate" in source and "file" not in source:
            problem = rate_problem(f"{name}.rate", source["rate"], config.step_length, f"Change it {_TAB}")
            found += [] if problem is None else [Located(problem, node=inputs.get(name))]
            continue
        if not isinstance(value, list):
            continue
        size, count = math.prod(spec.shape), _numbers_in(value)
        if count not in (1, size):
            wanted = "1 number" if size == 1 else f"1 or {size}"
            text = f"is driven by {count} numbers; expected {wanted}"
            found.append(
                Located(Problem(name, text, f"Give one for all or one for each {_TAB}", "drive"), node=inputs.get(name))
            )
    return found


def _numbers_in(value: object) -> int:
    """Of an input with rows and columns they may be given as rows."""
    return sum(map(_numbers_in, value)) if isinstance(value, list) else 1


def observed_input(run: Mapping[str, object], names: list[str]) -> str | None:
    """The input that the environment shows itself to, if there is an environment and one input is meant."""
    if not run.get("environment"):
        return None
    return str(run.get("observation") or "") or (names[0] if len(names) == 1 else None)


def condition_problems(stop: object) -> Iterator[Problem]:
    """What is wrong with the conditions by which a run stops by itself."""
    for name, value in (stop if isinstance(stop, Mapping) else {}).items():
        if name in CONDITIONS and value is not None and not _is(value, CONDITIONS[name][1]):
            text = f"cannot be met, got {value!r}; expected {CONDITIONS[name][0]}"
            yield Problem(f"stop.{name}", text, f"Change it {_TAB}", "stop")


def number_problems(run: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with the numbers among the settings of a run, by which it would run otherwise than they say."""
    for name, (wanted, holds) in NUMBERS.items():
        value = run.get(name)
        if value is not None and not _is(value, holds):
            text = f"is no number that a run can have, got {in_short(value)}; expected {wanted}"
            yield Problem(name, text, f"Change it {_TAB}", "run")


def _is(value: object, holds: Callable[[float], bool]) -> bool:
    """Whether a value is a finite number for which something holds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and holds(value)
