"""Whether what a rule's config gives as its `table` is one; said by address before the kernels read it."""

from collections.abc import Callable
from numbers import Integral, Real

import numpy as np

from spark.core.errors import ModuleError, Problem, in_short
from spark.kernels import RuleTable, Term, Trace
from spark.kernels.rule_table import MOST_TRACES

# Traces and terms are kept in float32.
_LARGEST = float(np.finfo(np.float32).max)


def checked_table(address: str, table: Callable[[], object]) -> RuleTable:
    """What `table` returns, if it is the table of a rule.

    Args:
        address: Of the table, for errors.
        table: The method of the config.

    Raises:
        ModuleError: It is none; it lacks a field; a trace or a term is none, or has a number that is none; a term names
            a trace that is not there.
    """
    example = "`RuleTable(pre=(Trace(20.0),), post=(Trace(20.0),), at_pre=(), at_post=(Term(0.01, pre=1),))`"
    try:
        made = table()
    except (TypeError, NotImplementedError) as error:
        raise ModuleError(Problem(address, f"cannot be made, got {error}", f"Return {example}", "table")) from error
    if not isinstance(made, RuleTable):
        text = f"is no table of a rule, got {in_short(made)}"
        raise ModuleError(Problem(address, text, f"Return {example}", "table"))
    problems = [p for side in ("pre", "post") for p in _wrong_traces(address, made, side)]
    if not problems:
        problems = [p for side in ("at_pre", "at_post") for p in _wrong_terms(address, made, side)]
    if made.pull is not None and not _is_number(made.pull):
        problems.append(_no_number(f"{address}.pull", made.pull))
    elif made.pull is not None and not problems and not made.post:
        text = "follows the first postsynaptic trace, and the rule has none"
        problems.append(Problem(f"{address}.pull", text, "Give `post` a trace, or leave the pull out", "table"))
    if problems:
        raise ModuleError(problems)
    return made


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and abs(float(value)) <= _LARGEST


def _no_number(address: str, value: object) -> Problem:
    return Problem(address, f"is no number that float32 holds, got {in_short(value)}", "Give a finite number", "table")


def _listed(address: str, value: object, kind: type) -> list[Problem]:
    """What is wrong with a tuple of traces or of terms."""
    if not isinstance(value, (tuple, list)):
        text = f"lists its {kind.__name__.lower()}s, got {in_short(value)}"
        return [Problem(address, text, f"Write a tuple: `({kind.__name__}(...),)`", "table")]
    return [
        Problem(
            f"{address}[{n}]", f"is no `{kind.__name__}`, got {in_short(one)}", f"Write `{kind.__name__}(...)`", "table"
        )
        for n, one in enumerate(value)
        if not isinstance(one, kind)
    ]


def _wrong_traces(address: str, table: RuleTable, side: str) -> list[Problem]:
    traces = {"pre": table.pre, "post": table.post}[side]
    problems = _listed(f"{address}.{side}", traces, Trace)
    if problems:
        return problems
    if len(traces) > MOST_TRACES:
        text = f"has too many traces, got {len(traces)}; expected at most {MOST_TRACES}"
        problems.append(Problem(f"{address}.{side}", text, "Leave out those that no term reads", "table"))
    for number, trace in enumerate(traces):
        if not _is_number(trace.tau) or trace.tau <= 0:
            text = f"must be a number above 0 ms, got {in_short(trace.tau)}"
            fix = "Give the time constant with which the trace decays"
            problems.append(Problem(f"{address}.{side}[{number}].tau", text, fix, "table"))
    return problems


def _wrong_terms(address: str, table: RuleTable, side: str) -> list[Problem]:
    terms = {"at_pre": table.at_pre, "at_post": table.at_post}[side]
    problems = _listed(f"{address}.{side}", terms, Term)
    if problems:
        return problems
    for number, term in enumerate(terms):
        place = f"{address}.{side}[{number}]"
        if not _is_number(term.amplitude):
            problems.append(_no_number(f"{place}.amplitude", term.amplitude))
        for name, which, traces in (("pre", term.pre, table.pre), ("post", term.post, table.post)):
            if isinstance(which, Integral) and 0 <= which <= len(traces):
                continue
            known = f"expected a number from 1 to {len(traces)}, or 0 for none" if traces else "expected 0, for none"
            text = f"names a trace that `{name}` does not have, got {in_short(which)}; {known}"
            problems.append(
                Problem(f"{place}.{name}", text, f"Traces are numbered from 1, as `{name}` lists them", "table")
            )
    return problems
