"""Initializers: fixed in-degree, total, bounds, arrays."""

from typing import Any

import numpy as np
import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tolerances import OPERATION

import spark
from spark.nn.initializers import (
    AllPairs,
    ArrayInitializer,
    ConstantInitializer,
    ExponentialInitializer,
    GammaInitializer,
    Initializer,
    LogNormalInitializer,
    NormalInitializer,
    TruncatedNormalInitializer,
    UniformInitializer,
)
from spark.nn.projections import PairSynapsesConfig

DISTRIBUTIONS = [
    ConstantInitializer,
    ExponentialInitializer,
    GammaInitializer,
    LogNormalInitializer,
    NormalInitializer,
    TruncatedNormalInitializer,
    UniformInitializer,
]
every = pytest.mark.parametrize("kind", DISTRIBUTIONS, ids=lambda k: k.__name__)
sizes, seeds = st.integers(1, 40), st.integers(0, 2**32 - 1)


def connect(initializer: Any, pre: int, post: int, seed: int = 0) -> Any:
    return initializer.connect(np.random.default_rng(seed), pre, post)


@every
@given(st.floats(0.01, 1.0), sizes, sizes, seeds)
def test_every_unit_has_the_same_number_of_inputs(kind: type, density: float, pre: int, post: int, seed: int) -> None:
    found = connect(kind(density=density), pre, post, seed)
    np.testing.assert_array_equal(np.bincount(found.post, minlength=post), max(1, round(density * pre)))


@every
@given(st.floats(0.01, 1.0), sizes, sizes, seeds)
def test_no_pair_is_connected_twice(kind: type, density: float, pre: int, post: int, seed: int) -> None:
    found = connect(kind(density=density), pre, post, seed)
    pairs = found.pre * post + found.post
    assert len(np.unique(pairs)) == len(pairs) and found.pre.max() < pre and found.post.max() < post


@given(st.floats(0.01, 1.0), sizes, sizes, seeds, st.floats(0.5, 1e5))
def test_incoming_values_sum_to_the_total(density: float, pre: int, post: int, seed: int, total: float) -> None:
    found = connect(UniformInitializer(density=density, total=total), pre, post, seed)
    sums = np.bincount(found.post, found.values, minlength=post)
    np.testing.assert_allclose(sums, np.full(post, total), **OPERATION["float32"])


@given(sizes, sizes, seeds, st.floats(-2, 0), st.floats(0.125, 2))
def test_values_keep_their_bounds(pre: int, post: int, seed: int, low: float, high: float) -> None:
    values = connect(NormalInitializer(deviation=3.0, minimum=low, maximum=high), pre, post, seed).values
    assert low <= values.min() and values.max() <= high


@every
def test_full_density_is_dense_in_the_order_of_the_matrix(kind: type) -> None:
    found = connect(kind(), 3, 2)
    assert isinstance(found, AllPairs) and (found.pre.tolist(), found.post.tolist()) == (
        [0, 0, 1, 1, 2, 2],
        [0, 1, 0, 1, 0, 1],
    )


@every
def test_same_seed_same_draw(kind: type) -> None:
    first, second = (connect(kind(density=0.5), 20, 10, 7) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("initializer", "mean", "deviation"),
    [
        (UniformInitializer(low=-1.0, high=3.0), 1.0, 4 / np.sqrt(12)),
        (NormalInitializer(mean=2.0, deviation=0.5), 2.0, 0.5),
        (LogNormalInitializer(deviation=0.5), np.exp(0.125), np.sqrt((np.exp(0.25) - 1) * np.exp(0.25))),
        (ConstantInitializer(value=4.0), 4.0, 0.0),
    ],
    ids=["uniform", "normal", "log-normal", "constant"],
)
def test_mean_is_within_4_sigma(initializer: Any, mean: float, deviation: float) -> None:
    values = connect(initializer, 200, 200).values
    assert abs(values.mean() - mean) <= 4 * deviation / np.sqrt(values.size)


@given(sizes, sizes, seeds)
def test_an_array_gives_exactly_its_nonzero_entries(pre: int, post: int, seed: int) -> None:
    array = np.random.default_rng(seed).integers(-2, 3, (post, pre)).astype(np.float32)
    found = connect(ArrayInitializer(array=array), pre, post)
    back = np.zeros_like(array)
    back[found.post, found.pre] = found.values
    np.testing.assert_array_equal(back, array)
    assert np.all(found.values != 0) or found.values.size == 0


def test_a_number_is_taken_for_a_constant() -> None:
    assert PairSynapsesConfig(kernel=3).kernel == ConstantInitializer(value=3.0)


def test_an_array_is_taken_for_itself() -> None:
    assert PairSynapsesConfig(kernel=np.eye(2, dtype=np.float32)).kernel == ArrayInitializer(
        array=np.eye(2, dtype=np.float32)
    )


def test_uniform_ends_upside_down_are_refused() -> None:
    with refused(spark.ConfigError, "UniformInitializer.high: must be above low, got 1.0 to 0.0."):
        UniformInitializer(low=1.0, high=0.0)


@pytest.mark.parametrize(("density", "rule"), [(0.0, "> 0"), (1.5, "<= 1")])
def test_density_out_of_bounds_is_refused(density: float, rule: str) -> None:
    text = (
        f"UniformInitializer.density: must be {rule}, got {density}. Fraction of all possible connections that exist."
    )
    with refused(spark.ConfigError, text):
        UniformInitializer(density=density)


def test_unknown_kind_in_a_file_is_refused() -> None:
    with pytest.raises(spark.ConfigError, match=r"'UniformInitialiser' is no initializer\. Did you mean 'UniformIniti"):
        PairSynapsesConfig(kernel={"initializer": "UniformInitialiser"})


# Distribution functions that SciPy knows, at parameters beside the defaults.
DISTRIBUTED = {
    "exponential": (ExponentialInitializer(mean=3.0), stats.expon(scale=3.0)),
    "gamma": (GammaInitializer(mean=3.0, order=4.0), stats.gamma(4.0, scale=0.75)),
    "log-normal": (LogNormalInitializer(mean=0.5, deviation=0.7), stats.lognorm(0.7, scale=np.exp(0.5))),
    "normal": (NormalInitializer(mean=-1.0, deviation=2.0), stats.norm(-1.0, 2.0)),
    "truncated": (
        TruncatedNormalInitializer(mean=1.0, deviation=2.0, low=0.0, high=2.5),
        stats.truncnorm(-0.5, 0.75, loc=1.0, scale=2.0),
    ),
    "uniform": (UniformInitializer(low=-1.0, high=3.0), stats.uniform(-1.0, 4.0)),
}


@pytest.mark.parametrize("name", DISTRIBUTED)
def test_values_are_those_of_their_distribution(name: str) -> None:
    kind, known = DISTRIBUTED[name]
    values = np.sort(connect(kind, 100, 100).values.reshape(-1))
    steps = np.arange(1, len(values) + 1) / len(values)
    # Kolmogorov's bound: beyond 2.3 / sqrt(n) once in 20,000 times.
    assert np.abs(known.cdf(values) - steps).max() < 2.3 / np.sqrt(len(values))


def test_ends_that_leave_almost_nothing_of_a_distribution_are_refused() -> None:
    text = (
        "TruncatedNormalInitializer.low: leaves less than 0.01 of the distribution, got 9 to 10. "
        "Move the mean between the ends, or widen the deviation"
    )
    with refused(spark.ConfigError, text):
        TruncatedNormalInitializer(mean=0.0, deviation=1.0, low=9.0, high=10.0)


@pytest.mark.parametrize(
    "kind", [k for k in DISTRIBUTIONS if k is not TruncatedNormalInitializer], ids=lambda k: k.__name__
)
def test_numbers_of_a_list_that_are_drawn_in_parts_are_those_drawn_at_once(
    kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    initializer, post = kind(minimum=0.9, maximum=1.1), np.zeros(50, np.int32)
    at_once = list(initializer.parts(np.random.default_rng(3), post, 1))
    monkeypatch.setattr("spark.nn.initializers.base.AT_ONCE", 7)
    parts = list(initializer.parts(np.random.default_rng(3), post, 1))
    assert [part.size for part in at_once] == [50] and [part.size for part in parts] == [7] * 7 + [1]
    np.testing.assert_array_equal(np.concatenate(parts), at_once[0])


@pytest.mark.parametrize("kind", [Initializer, NormalInitializer])
def test_an_initializer_that_does_not_say_its_numbers_are_independent_draws_all_at_once(
    kind: type[Initializer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark.nn.initializers.base.AT_ONCE", 7)
    # What is made here is no kind for other tests.
    monkeypatch.setattr("spark.nn.initializers.base.kinds", {})

    class Ramp(kind):
        """Of a user: its numbers depend on how many there are."""

        def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
            """From 0 to 1."""
            return np.linspace(0.0, 1.0, int(np.prod(shape))).reshape(shape)

    class Renamed(kind):
        """It draws as its base does."""

    generator = np.random.default_rng(3)
    (numbers,) = Ramp(maximum=0.8).parts(generator, np.zeros(50, np.int32), 1)
    np.testing.assert_array_equal(numbers, np.minimum(np.linspace(0.0, 1.0, 50), 0.8))
    matrix = Ramp().connect(generator, 5, 6)
    assert isinstance(matrix, AllPairs)
    np.testing.assert_array_equal(matrix.matrix.T.ravel(), np.linspace(0.0, 1.0, 30))
    assert list(Ramp().parts(generator, np.zeros(0, np.int32), 1)) == []
    assert not Ramp.independent and Renamed.independent == kind.independent
