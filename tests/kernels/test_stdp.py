"""What spikes do through traces to weights: C++ and the reference give the same bits, for every number of traces."""

import jax.numpy as jnp
import kernel_oracle
import numpy as np
import pytest

from spark.kernels import Plastic, Third, stdp_dense, stdp_edges

PRE, POST, DELAY = 21, 35, 5


def coefficients(rng, pre, post, pull):
    """A full table: every trace and every product of two plays a part, at both kinds of spikes, with slopes."""
    matrices = rng.normal(scale=0.1, size=4 * (pre + 1) * (post + 1))
    return np.concatenate([[-2.0, 2.0], matrices, [pull]]).astype(np.float32)


def floats(rng, *shape):
    return rng.random(shape).astype(np.float32)


def signed_spikes(rng, units):
    return rng.choice([-1, 0, 0, 1], units).astype(np.int8)


def plastic_of(rng, shape, modulated):
    weights = rng.normal(size=shape).astype(np.float32)
    if not modulated:
        return Plastic.alone(weights), Third.none()
    third = Third(np.float32([1.5, 0.9]), floats(rng, POST))
    return Plastic(weights, floats(rng, *shape), floats(rng, *shape)), third


def assert_same(run):
    native, reference = run("native"), run("reference")
    for name, found, expected in zip(Plastic._fields, native, reference, strict=True):
        np.testing.assert_array_equal(found, expected, err_msg=name)
    assert any(np.abs(np.asarray(changed)).max(initial=0) > 0 for changed in native)


# Numbers of terms, each once in the quick run, by turns with a third factor and without.
TERMS = [
    pytest.param(*terms, modulated, marks=pytest.mark.slow if (number + modulated) % 2 else [])
    for number, terms in enumerate([(0, 1), (1, 0), (3, 2), (8, 8)])
    for modulated in (False, True)
]


@pytest.mark.parametrize(("pre", "post", "modulated"), TERMS)
def test_connections_change_as_in_the_reference(rng, pre, post, modulated):
    case = kernel_oracle.draw_case(3, PRE, POST, 400, DELAY, 0.3)
    plastic, third = plastic_of(rng, (400,), modulated)
    rings = floats(rng, pre, DELAY + 3, PRE)
    fired, traces = signed_spikes(rng, POST), floats(rng, post, POST)
    table = coefficients(rng, pre, post, 0.5 if post else 0.0)
    baseline = floats(rng, 400) if post else None
    rest = (rings, fired, traces, np.int32(7), case.edges, third, table)
    assert_same(lambda way: stdp_edges(plastic, case.history, *rest, way, baseline))


@pytest.mark.parametrize(("pre", "post", "modulated"), TERMS)
def test_a_dense_kernel_changes_as_in_the_reference(rng, pre, post, modulated):
    plastic, third = plastic_of(rng, (PRE, POST), modulated)
    spikes = signed_spikes(rng, PRE), signed_spikes(rng, POST)
    traces = floats(rng, pre, PRE), floats(rng, post, POST)
    table = coefficients(rng, pre, post, 0.5 if post else 0.0)
    baseline = floats(rng, PRE, POST) if post else None
    rest = (spikes[0], traces[0], spikes[1], traces[1], third, table)
    assert_same(lambda way: stdp_dense(plastic, *rest, way, baseline))


def test_more_traces_than_the_kernels_have_room_for_are_refused(rng):
    plastic, third = plastic_of(rng, (PRE, POST), False)
    spikes = signed_spikes(rng, PRE), signed_spikes(rng, POST)
    for pre, post, name in ((9, 1, "pre_traces"), (1, 9, "post_traces")):
        traces = floats(rng, pre, PRE), floats(rng, post, POST)
        table = coefficients(rng, pre, post, 0.0)
        with pytest.raises(ValueError, match=f"{name}: a rule has at most 8 traces on a side, got 9"):
            stdp_dense(plastic, spikes[0], traces[0], spikes[1], traces[1], third, table)


@pytest.mark.parametrize("name", ["post", "in_edge", "in_pre", "in_delay", "pre", "delay"])
def test_lists_of_connections_of_different_lengths_are_refused(rng, name):
    case = kernel_oracle.draw_case(3, PRE, POST, 400, DELAY, 0.3)
    plastic, third = plastic_of(rng, (400,), False)
    edges = case.edges._replace(**{name: getattr(case.edges, name)[:-1]})
    fired, table = signed_spikes(rng, POST), coefficients(rng, 1, 1, 0.0)
    with pytest.raises(ValueError, match=r"edges\.\w+: shape must be \((399|400)\), got \((399|400),\)"):
        stdp_edges(
            plastic,
            case.history,
            floats(rng, 1, DELAY + 1, PRE),
            fired,
            floats(rng, 1, POST),
            jnp.int32(0),
            edges,
            third,
            table,
        )
