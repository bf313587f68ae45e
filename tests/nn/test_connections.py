"""Connectivities draw what they say, in memory that follows the connections."""

import re
import tracemalloc

import numpy as np
import pytest
import scipy.sparse
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st

import spark
from spark.core.errors import ConfigError
from spark.nn import connections
from spark.nn.connections.base import kinds
from spark.nn.neurons import CurrentLIFNeuronConfig

KINDS = {
    "probability": connections.FixedProbability(probability=0.3),
    "in_degree": connections.FixedInDegree(degree=3),
    "out_degree": connections.FixedOutDegree(degree=3),
    "total": connections.FixedTotalNumber(number=37),
    "at least once": connections.AtLeastOnce(probability=0.3),
    "one_to_one": connections.OneToOne(),
    "all_to_all": connections.AllToAll(),
    "distance": connections.DistanceDependent(width=0.3),
}


def dense(found, post):
    """Numbers of connections, (pre, post)."""
    matrix = np.zeros((found.starts.size - 1, post), int)
    np.add.at(matrix, (np.repeat(np.arange(found.starts.size - 1), np.diff(found.starts)), found.post), 1)
    return matrix


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 1000), units=st.integers(4, 60))
@settings(max_examples=20)
def test_rows_are_ascending_and_within_the_pool(kind, seed, units):
    found = KINDS[kind].draw(np.random.default_rng(seed), (units,), (units,))
    assert found.starts.dtype == np.int64 and found.post.dtype == np.int32
    assert found.starts[0] == 0 and found.starts[-1] == found.post.size and found.starts.size == units + 1
    matrix = dense(found, units)
    for begin, end in zip(found.starts[:-1], found.starts[1:], strict=True):
        assert (np.diff(found.post[begin:end]) >= 0).all()
    if kind not in ("total", "at least once"):
        assert matrix.max(initial=0) <= 1
    expected = {"in_degree": (0, 3), "out_degree": (1, 3)}
    if kind in expected:
        axis, degree = expected[kind]
        assert (matrix.sum(axis=axis) == degree).all()
    if kind == "total":
        assert matrix.sum() == 37
    if kind == "one_to_one":
        assert (matrix == np.eye(units)).all()
    if kind == "all_to_all":
        assert (matrix == 1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_generator_draws_the_same(kind):
    first, second = (KINDS[kind].draw(np.random.default_rng(3), (20,), (20,)) for _ in range(2))
    np.testing.assert_array_equal(first.post, second.post)
    np.testing.assert_array_equal(first.starts, second.starts)


@pytest.mark.parametrize(
    "kind",
    [
        connections.FixedProbability(probability=0.3),
        connections.FixedInDegree(degree=6),
        connections.FixedOutDegree(degree=6),
        connections.FixedInDegree(degree=1),
        connections.FixedInDegree(degree=6, multapses=True),
    ],
)
def test_every_pair_is_as_likely(kind):
    """Over many draws each pair's count stays within 5 standard deviations of the binomial mean."""
    generator, units, draws = np.random.default_rng(11), 20, 4000
    total = np.zeros((units, units))
    for _ in range(draws):
        total += dense(kind.draw(generator, (units,), (units,)), units)
    chance = kind.probability if hasattr(kind, "probability") else kind.degree / units
    deviation = np.sqrt(draws * chance * (1 - chance / (units if getattr(kind, "multapses", False) else 1)))
    assert np.abs(total - draws * chance).max() < 5 * deviation
    assert np.abs(total - draws * chance).std() > 0.3 * deviation


def test_fixed_probability_has_binomial_numbers():
    found = connections.FixedProbability(probability=0.01).draw(np.random.default_rng(0), (2000,), (3000,))
    counts = np.diff(found.starts)
    assert abs(found.post.size - 60_000) < 5 * np.sqrt(60_000)
    assert 0.85 < counts.var() / (3000 * 0.01 * 0.99) < 1.15


@pytest.mark.parametrize(("probability", "connected"), [(0.0, 0), (1.0, 900)])
def test_probabilities_at_their_bounds(probability, connected):
    found = connections.FixedProbability(probability=probability).draw(np.random.default_rng(0), (30,), (30,))
    assert found.post.size == connected


@pytest.mark.parametrize(
    "kind",
    [
        connections.FixedProbability(probability=0.9, self_connections=False),
        connections.FixedInDegree(degree=12, self_connections=False),
        connections.FixedOutDegree(degree=12, multapses=True, self_connections=False),
        connections.AllToAll(self_connections=False),
        connections.DistanceDependent(width=1.0, self_connections=False),
    ],
)
@pytest.mark.parametrize(("pre", "post"), [(15, 15), (15, 18), (18, 15)])
def test_without_self_connections_the_diagonal_is_empty(kind, pre, post):
    found = kind.draw(np.random.default_rng(5), (pre,), (post,))
    matrix = dense(found, post)
    assert not np.diagonal(matrix).any() and matrix[0, 1:].any() and matrix[-1].any()


def test_the_total_number_of_a_probability_connects_so_many_pairs():
    number = connections.AtLeastOnce(probability=0.1)
    matrix = dense(number.draw(np.random.default_rng(0), (400,), (500,)), 500)
    assert abs((matrix > 0).mean() - 0.1) < 0.005


def test_distance_decides_the_probability():
    units, width = (30, 30), 0.15
    found = connections.DistanceDependent(width=width, peak=0.8).draw(np.random.default_rng(0), units, units)
    row = np.repeat(np.arange(900), np.diff(found.starts))
    places = (np.stack(np.divmod(np.arange(900), 30), 1) + 0.5) / 30
    apart = np.sqrt(((places[:, None] - places[None]) ** 2).sum(2))
    matrix = np.zeros((900, 900), bool)
    matrix[row, found.post] = True
    for near, far in ((0.0, 0.02), (0.14, 0.16), (0.28, 0.32)):
        chosen = (apart >= near) & (apart < far)
        chance = 0.8 * np.exp(-(apart[chosen] ** 2) / (2 * width**2))
        assert abs(matrix[chosen].sum() - chance.sum()) < 5 * np.sqrt((chance * (1 - chance)).sum())


def test_a_periodic_sheet_has_no_border():
    inside = connections.DistanceDependent(profile="box", width=0.19)
    around = connections.DistanceDependent(profile="box", width=0.19, periodic=True)
    borders = [kind.draw(np.random.default_rng(0), (20, 20), (20, 20)) for kind in (inside, around)]
    assert len(set(np.diff(borders[1].starts))) == 1
    assert np.diff(borders[0].starts)[0] < np.diff(borders[1].starts)[0]


@pytest.mark.parametrize(
    "make",
    [np.asarray, scipy.sparse.csr_matrix, scipy.sparse.coo_array, scipy.sparse.dok_matrix, scipy.sparse.dok_array],
)
def test_a_matrix_keeps_entries_and_weights(make):
    weights = np.array([[0.0, 1.5, 0.0], [2.0, 0.0, -3.0]])
    found = connections.FromMatrix(matrix=make(weights)).draw(np.random.default_rng(0), (3,), (2,))
    again = np.zeros((3, 2))
    assert found.values is not None
    again[np.repeat(np.arange(3), np.diff(found.starts)), found.post] = found.values
    np.testing.assert_array_equal(again.T, weights)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.eye(2) * 1j, "complex128"),
        (scipy.sparse.csr_matrix(np.eye(2) * 1j), "complex128"),
        (np.full((2, 2), None), "object"),
        (np.full((2, 2), "1"), "<U1"),
    ],
)
def test_a_matrix_of_other_things_than_numbers_is_refused(given, dtype):
    with refused(
        ConfigError, f"FromMatrix.matrix: expected a matrix of numbers, got dtype {dtype}. Weights, (post, pre)."
    ):
        connections.FromMatrix(matrix=given)


@pytest.mark.parametrize(
    "given",
    [
        *KINDS.values(),
        "one_to_one",
        scipy.sparse.random(6, 6, 0.4, random_state=0),
        np.eye(6),
        (connections.OneToOne(), connections.FixedInDegree(degree=2)),
    ],
    ids=lambda v: type(v).__name__,
)
def test_json_keeps_connectivities(given):
    config = CurrentLIFNeuronConfig(units=(6,), excitatory__connections=given)
    again = CurrentLIFNeuronConfig.from_json(config.to_json())
    assert again == config


@pytest.mark.parametrize(
    ("kind", "shapes", "said"),
    [
        (connections.OneToOne(), ((3,), (4,)), "got 3 and 4 units"),
        (connections.FixedInDegree(degree=4), ((3,), (9,)), "got 4; expected at most 3"),
        (connections.FixedOutDegree(degree=4, self_connections=False), ((4,), (4,)), "expected at most 3"),
        (connections.DistanceDependent(), ((4,), (2, 2)), "got shapes (4,) and (2, 2)"),
        (connections.FromMatrix(matrix=np.eye(3)), ((3,), (4,)), "got (3, 3); expected (4, 3)"),
    ],
)
def test_connectivities_that_do_not_fit_say_so(kind, shapes, said):
    with pytest.raises(ConfigError, match="connections") as caught:
        kind.draw(np.random.default_rng(0), *shapes)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("one_to_all", "one_to_one"),
        ({"connectivity": "FixedProbabilty"}, "FixedProbability"),
        (3, "expected a connectivity"),
        (np.array([[np.nan]]), "finite"),
        (np.zeros(3), "expected a matrix"),
    ],
)
def test_what_is_no_connectivity_is_refused_with_the_nearest_name(given, said):
    with pytest.raises(ConfigError) as caught:
        CurrentLIFNeuronConfig(units=(6,), excitatory__connections=given)
    assert said in str(caught.value)


def test_memory_follows_the_connections_not_the_pairs():
    """A tenth of a gigabyte for a million connections among 2.5e9 pairs."""
    tracemalloc.start()
    connections.FixedProbability(probability=20 / 50_000).draw(np.random.default_rng(0), (50_000,), (50_000,))
    connections.FixedInDegree(degree=20).draw(np.random.default_rng(0), (50_000,), (50_000,))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e8


@pytest.mark.parametrize(
    ("matrix", "text"),
    [
        ({"a": 1}, "expected a matrix with shape, post, pre and weights, got none of"),
        ({"shape": [2, 2], "post": [0.5], "pre": [1], "weights": [1.0]}, "expected post to be a list of whole numbers"),
        ({"shape": [2, 2], "post": [2**32 + 1], "pre": [1], "weights": [1.0]}, "expected post from 0 to 1"),
        ({"shape": [2, 2], "post": np.array([2**32 + 1]), "pre": [1], "weights": [1.0]}, "expected post from 0 to 1"),
    ],
)
def test_a_matrix_in_parts_is_checked_before_it_is_narrowed(matrix, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        connections.FromMatrix(matrix=matrix)


def test_a_file_with_a_pattern_of_ones_own_opens_only_where_its_class_was_imported():
    class Ring(connections.Connectivity):
        """Each unit is connected with the next `k`."""

        k: spark.Whole = spark.field(2, least=1, description="Followers.")

    written = CurrentLIFNeuronConfig(units=(3,), excitatory__connections=Ring(k=1)).to_json()
    assert CurrentLIFNeuronConfig.from_json(written).excitatory.connections == Ring(k=1)
    del kinds["Ring"]
    with pytest.raises(ConfigError) as caught:
        CurrentLIFNeuronConfig.from_json(written)
    said = "connections: 'Ring' is no connectivity that is known here. Known: 'AllToAll', "
    assert said in str(caught.value)
    assert "Import the module that defines it, if it is your own, before you open what names it" in str(caught.value)


def test_a_pattern_may_be_rows_of_numbers():
    rows = [[0.0, 2.5], [1.0, 0.0], [0.1, 3.0]]
    given, array = (spark.Projection("a", "out_spikes", pattern=one) for one in (rows, np.array(rows)))
    assert given.settings.pattern == array.settings.pattern


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ([[1.0, 2.0], [1.0]], "expected numbers in rows of one length"),
        (["one_to_one"], "expected numbers, got str"),
        ([1.0, 2.0], r"expected a matrix \(post, pre\), got shape \(2,\)"),
    ],
)
def test_a_list_that_is_no_matrix_says_what_is_wrong(pattern, said):
    with pytest.raises(ConfigError, match=said):
        spark.Projection("a", "out_spikes", pattern=pattern)


def test_a_message_shows_the_beginning_of_what_is_long():
    for long in ({"numbers": list(range(10_000))}, {"numbers": "x" * 10_000}):
        with pytest.raises(ConfigError) as caught:
            spark.Projection("a", "out_spikes", pattern=long, weights=long)
        assert "got {'numbers': " in str(caught.value) and len(str(caught.value)) < 1000
