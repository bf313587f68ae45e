"""Errors are of one family, with one shape of message."""

import pytest

import spark
from spark.core import errors

KINDS = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, spark.SparkError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda c: c.__name__)
def test_every_error_prints_its_problem(kind: type[spark.SparkError]) -> None:
    assert str(kind(spark.Problem("a.b", "is wrong, got 1; expected 2", "Mend it"))) == (
        "a.b: is wrong, got 1; expected 2. Mend it"
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda c: c.__name__)
def test_every_error_is_exported(kind: type[spark.SparkError]) -> None:
    assert getattr(spark, kind.__name__) is kind


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (spark.ConfigError, ValueError),
        (spark.WiringError, ValueError),
        (spark.InputError, TypeError),
        (spark.ModuleError, TypeError),
        (spark.NotBuiltError, RuntimeError),
        (spark.StateError, KeyError),
        (spark.RegistryError, LookupError),
        (spark.NumericsError, FloatingPointError),
    ],
)
def test_error_is_also_the_builtin_kind_that_one_would_catch(kind: type, builtin: type) -> None:
    assert issubclass(kind, builtin)


def test_the_same_problem_is_said_once() -> None:
    twice = [spark.Problem("a", "is wrong"), spark.Problem("b", "is wrong"), spark.Problem("a", "is wrong")]
    assert str(spark.ConfigError(twice)) == "2 problems:\n  1. a: is wrong.\n  2. b: is wrong."
    assert str(spark.ConfigError([twice[0], twice[2]])) == "a: is wrong."


def test_a_problem_without_a_fix_ends_with_a_full_stop() -> None:
    assert str(spark.Problem("a", "is wrong")) == "a: is wrong."


def test_several_problems_are_numbered() -> None:
    error = spark.ConfigError([spark.Problem("a", "is wrong"), spark.Problem("b", "is wrong too")])
    assert str(error) == "2 problems:\n  1. a: is wrong.\n  2. b: is wrong too."


def test_at_most_twenty_problems_are_printed_and_the_rest_counted() -> None:
    text = str(spark.ConfigError(spark.Problem(f"a{n}", "is wrong") for n in range(23)))
    assert (text.count("is wrong"), text.splitlines()[-1]) == (20, "  ... and 3 more")


def test_addresses_are_seen_from_further_out() -> None:
    error = spark.WiringError([spark.Problem("soma", "is missing"), spark.Problem("", "is empty")])
    assert [p.address for p in error.under("pool").problems] == ["pool.soma", "pool"]


def test_a_sentence_alone_makes_an_error() -> None:
    assert str(spark.StateError("It is lost.")) == "It is lost."
