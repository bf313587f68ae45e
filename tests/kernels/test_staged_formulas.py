"""Array code that is no single loop: in stages it gives what XLA makes of it, also where it changes what it reads."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import examples, some
from formulas import by_xla, in_place, in_stages
from hypothesis import given
from hypothesis import strategies as st
from tolerances import EXPRESSIONS, OPERATION

from spark.kernels import llvm
from spark.kernels.formula.staged import staged
from spark.kernels.formula.values import Unsupported

pytestmark = pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not())

RNG = np.random.default_rng(0)
X = RNG.normal(size=40).astype(np.float32)
# Numbers of which some are out of range, before 0 and behind the end.
INDEX = (np.arange(40) * 7 % 45 - 3).astype(np.int32)
M = RNG.normal(size=(40, 30)).astype(np.float32)
HALF = jnp.float32(0.5)

CODE = {
    "totals": lambda x, i, m: (x.sum(), m.sum(0), m.sum(1), m.sum(), i.sum(), m.mean(axis=1)),
    "extremes": lambda x, i, m: (m.max(0), m.min(1), x.max(), jnp.any(x > 1), jnp.all(m > -9, axis=0), jnp.prod(x)),
    "places of extremes": lambda x, i, m: (jnp.argmax(x), jnp.argmin(m, axis=1), jnp.argmax(i), jnp.argmax(x * 0)),
    "running totals": lambda x, i, m: (jnp.cumsum(x), jnp.cumsum(m, axis=1)[:, ::2], jax.lax.cummax(x, reverse=True)),
    "softmax": lambda x, i, m: (jax.nn.softmax(m, axis=1), jax.nn.logsumexp(x), x - x.mean(), (x - x.mean()) / x.std()),
    "products": lambda x, i, m: (x @ x, x @ m, m.T @ x, m.T @ m, m[:, :4].T @ x, jnp.outer(x, x[:9]), i @ i),
    "batched products": lambda x, i, m: (
        jnp.einsum("ij,ij->i", m, m),
        jnp.einsum("aij,aj->ai", m.reshape(2, 20, 30), m[:2]),
    ),
    "reads by number": lambda x, i, m: (
        x[i % 40],
        jnp.take(x, i, mode="clip"),
        jnp.take(x, i),
        m[i % 40],
        m[3, i % 30],
    ),
    "sums by number": lambda x, i, m: (jax.ops.segment_sum(x, i, 12), jnp.zeros(12, jnp.int32).at[i].add(1)),
    "changes by number": lambda x, i, m: (x.at[5].set(HALF), x.at[i].max(HALF), m.at[:, 2].add(x), x.at[i].multiply(2)),
    "moves": lambda x, i, m: (m.T + 1, m[::2, 1:5], jnp.roll(x, 3), x[::-1], m.reshape(30, 40), jnp.tile(x, 3)),
    "side by side": lambda x, i, m: (
        jnp.concatenate([x, m[0]]),
        jnp.stack([x, x * 2], axis=1),
        jnp.split(x, 4)[1],
        jnp.pad(m, ((1, 2), (0, 3)), constant_values=7),
    ),
    "parts": lambda x, i, m: (
        jax.lax.dynamic_slice(x, (i[5],), (7,)),
        jax.lax.dynamic_slice(m, (i[3], 28), (7, 9)),
        jax.lax.dynamic_update_slice(x, x[:3] + 1, (i[9],)),
    ),
    "choices": lambda x, i, m: (
        jax.lax.cond(x.sum() > 0, lambda: x, lambda: -x),
        jnp.where(x > x.max() * HALF, x, 0.0),
        jax.nn.one_hot(i, 9),
        jnp.where(m.sum(1, keepdims=True) > 0, m, -m),
    ),
    "what is only passed on": lambda x, i, m: (x, x, 3.0 * jnp.ones(20), jnp.arange(20), m[0, 0]),
}


def agree(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        bound = EXPRESSIONS["float32"] if other.dtype.kind == "f" else {"rtol": 0, "atol": 0}
        np.testing.assert_allclose(one, other, **bound)


@pytest.mark.parametrize("name", CODE)
def test_array_code_in_stages_gives_what_xla_makes_of_it(name):
    with jax.numpy_dtype_promotion("standard"):
        agree(in_stages(CODE[name], X, INDEX, M), by_xla(CODE[name], X, INDEX, M))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "uint8", "bool"])
def test_other_dtypes_move_and_are_compared_alike(dtype):
    with jax.numpy_dtype_promotion("standard"):
        x = jnp.asarray(X * 3).astype(dtype)

        def function(v):
            return (
                v[::-1],
                v.max(),
                jnp.argmax(v),
                v[INDEX % 40],
                jnp.concatenate([v, v]),
                v.reshape(8, 5).T,
                jnp.take(v, INDEX),
            )

        for found, expected in zip(in_stages(function, x), by_xla(function, x), strict=True):
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found.astype(np.float32), expected.astype(np.float32))


def test_no_number_is_the_extreme_as_in_numpy():
    x = X.copy()
    x[7] = np.nan
    found = in_stages(lambda v: (v.max(), v.min(), jnp.argmax(v), jnp.argmin(v), v.sum()), x)
    assert np.isnan([found[0], found[1], found[4]]).all() and found[2] == found[3] == 7


@pytest.mark.parametrize("size", [9, 15, 16, 31, 32, 33, 100, 1000])
def test_long_sums_lose_no_term_and_no_digit_that_single_precision_holds(size):
    x = np.random.default_rng(size).normal(size=size).astype(np.float32)
    found = in_stages(lambda v: (v.sum(), v @ v), x)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(found, [exact.sum(), exact @ exact], rtol=OPERATION["float32"]["rtol"], atol=1e-5)


@pytest.mark.parametrize("length", some([1, 2, 3, 7, 9, 16, 17, 31, 37], 3, first=2, thorough=1))
def test_rows_of_any_length_are_moved_whole_and_nothing_beside_them(length):
    m, few = RNG.normal(size=(5, length)).astype(np.float32), np.arange(5, dtype=np.float32)
    flags = m > 0

    def function(v, w, k, b):
        return (
            jnp.broadcast_to(v[0], (3, length)),
            jnp.broadcast_to(w[:, None, None], (5, 2, length)),
            jnp.broadcast_to(v[:, None, :], (5, 3, length)),
            jnp.concatenate([v, v[:2], b.astype(jnp.float32)]),
            jnp.stack([v, -v], axis=1),
            jnp.tile(v, (2, 3)),
            jnp.pad(v, ((1, 0), (2, 3)), constant_values=7),
            jnp.pad(v[0], (0, 1), mode="constant"),
            jax.lax.pad(v, jnp.float32(1), ((0, 0, 1), (1, 0, 2))),
            v[k],
            v[:, ::2],
            v[::-1],
            v.T,
            jax.lax.dynamic_slice(v, (k[0], 0), (2, length)),
            jax.lax.dynamic_update_slice(v, v[:2] * 2, (k[1], 0)),
            v.at[2].set(0.5),
            b[k],
            jnp.concatenate([b[0], b[1]]),
        )

    arrays = m, few, np.array([3, 0, 4, 3], np.int32), flags
    with jax.numpy_dtype_promotion("standard"):
        for found, expected in zip(in_stages(function, *arrays), by_xla(function, *arrays), strict=True):
            np.testing.assert_array_equal(found, expected)


def in_lanes(terms):
    """The sum of a row of floats: every sixteenth in a sum of its own, in order, then halves upon each other."""
    sums = np.zeros(16, np.float32)
    for at in range(0, terms.size, 16):
        part = terms[at : at + 16]
        sums[: part.size] += part
    while sums.size > 1:
        sums = sums[: sums.size // 2] + sums[sums.size // 2 :]
    return sums[0]


@pytest.mark.parametrize(("rows", "length"), [(1, 32), (2, 33), (3, 47), (4, 48), (5, 63), (8, 600), (11, 41)])
def test_sums_along_rows_have_one_order_however_many_rows_there_are(rows, length):
    rng = np.random.default_rng(rows)
    m, v, n = (rng.normal(size=s).astype(np.float32) for s in ((rows, length), length, (3, length)))

    def function(m, v, n):
        return m @ v, jnp.einsum("j,rj->r", v, m), jnp.einsum("rj,kj->rk", m, n), m.sum(1), m[0] @ v

    found = in_stages(function, m, v, n)
    products = [in_lanes(row * v) for row in m]
    np.testing.assert_array_equal(found[0], products)
    np.testing.assert_array_equal(found[1], products)
    np.testing.assert_array_equal(found[2], [[in_lanes(row * other) for other in n] for row in m])
    np.testing.assert_array_equal(found[3], [in_lanes(row) for row in m])
    np.testing.assert_array_equal(found[4], products[0])


def asked(stages, units):
    """Of each loop over so many units whether it is done only where a boolean asks for it."""
    return ["unasked" in stage.formula.text for stage in stages.stages if stage.formula.units == units]


def test_what_only_a_rare_change_needs_is_computed_with_it_alone():
    def step(m, x, now):
        lasting = jnp.where(x[0] > 0, 0.5, 0.9)
        return (jnp.where(now[0], lasting * m + jnp.outer(x[:40].cumsum(), x[40:]), m),)

    arrays = np.zeros((40, 30), np.float32), np.ones(70, np.float32), np.zeros(1, np.bool_)
    stages = staged(jax.make_jaxpr(step)(*arrays), (), {0: 0})
    assert all(asked(stages, 1200)) and asked(stages, 1200)


def test_what_reads_a_variable_is_computed_before_the_variable_is_written():
    # As a trace that always changes, and two of which one keeps it and the other adds up what was kept.
    def step(trace, seen, total, spikes, reads, adds):
        new = 0.5 * trace + spikes
        kept = jnp.where(reads[0], new, seen)
        return new, kept, jnp.where(adds[0], total + kept, total), spikes, reads, adds

    rng, flag = np.random.default_rng(0), np.zeros(1, np.bool_)
    arrays = [rng.normal(size=70).astype(np.float32) for _ in range(4)]
    stages = staged(jax.make_jaxpr(step)(*arrays, flag, flag), (), {0: 0, 1: 1, 2: 2})
    assert sorted(asked(stages, 70)) == [False, True, True]
    for reads in (False, True):
        for adds in (False, True):
            given = (*arrays, np.array([reads]), np.array([adds]))
            agree(in_place(step, *given), by_xla(step, *given))


# Each line makes one array of others, of any size; `p` and `q` are two of the same size, `m` has that many rows.
LINES = (
    [
        "{p} + 0.5 * {q}",
        "{p} - {q}.mean()",
        "{p}[::-1]",
        "jnp.roll({p}, 1)",
        "{q}",
        "jnp.where({p} > {q}.max() / 2, 0.1, {p})",
    ]
    + [
        "jnp.cumsum({p}) * 0.1",
        "{p}[k % {n}]",
        "{p}.at[k % {n}].add(0.25)",
        "jax.nn.softmax({p} + {q})",
        "({m} @ w).clip(-9, 9)",
    ]
    + ["{m}.sum(1) * 0.1", "{p} * count", "jnp.full_like({p}, {q}[0])"]
)
ROWS = [
    "{m} * 0.5 + {p}[:, None]",
    "{m}[::-1]",
    "{m} - {m}.max(0)",
    "jnp.outer({p}, w) * 0.1",
    "{m}.at[k[0] % {n}].set(w)",
]
FEW = ["w[::-1] * 0.5", "w + {p}[0]", "{m}.sum(0) * 0.05", "jax.nn.softmax(w)", "w"]


@st.composite
def steps(draw):
    """A random step of two arrays of units, a matrix, a few numbers, counts, and a number that all share."""
    size = draw(st.sampled_from([5, 12, 33]))
    names = {"n": size, "m": "m"}

    def line(forms):
        names.update(p=draw(st.sampled_from(["a", "b"])), q=draw(st.sampled_from(["a", "b"])))
        return draw(st.sampled_from(forms)).format(**names)

    made = [line(LINES), line(LINES), line(ROWS), line(FEW), "k * 3 + 1", "count + 0.5 * a.sum()"]
    # What a boolean leaves as it was is not computed where it does.
    for number, own in enumerate(("a", "b", "m", "w")):
        which = draw(st.sampled_from([None, "w.sum() > 0", "count > 0.5", "k[0] > 50", "a.mean() > b.mean()"]))
        if which:
            # One of several arrays that change together, and what only it is made of.
            if draw(st.booleans()):
                made[number] = f"0.5 * {made[number]} + {made[number]}"
            cases = (made[number], own) if draw(st.booleans()) else (own, made[number])
            made[number] = f"jnp.where({which}, {', '.join(cases)})"
    return size, f"({', '.join(made)})"


@examples(6, 200)
@given(steps())
def test_a_step_that_writes_what_it_reads_gives_what_it_gives_elsewhere(step):
    size, code = step
    with jax.numpy_dtype_promotion("standard"):
        function = eval(f"lambda a, b, m, w, k, count: {code}", {"jnp": jnp, "jax": jax})
        rng = np.random.default_rng(size)
        arrays = [rng.normal(size=s).astype(np.float32) for s in (size, size, (size, 4), 4)]
        arrays += [rng.integers(0, 99, size).astype(np.int32), np.float32(0.25)]
        agree(in_place(function, *arrays), by_xla(function, *arrays))


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda x: jnp.sort(x), "`sort`"),
        (lambda x: jax.lax.fori_loop(0, 3, lambda _, v: v * 2, x), "`scan`"),
        (lambda x: jnp.convolve(x, x[:3]), "`conv_general_dilated`"),
        (lambda x: x[:0], "an array of shape"),
        (lambda x: jnp.outer(x, x).repeat(5, 1) @ jnp.outer(x, x).repeat(5, 0), "a product of two large matrices"),
    ],
)
def test_what_cannot_be_done_in_stages_says_so(function, why):
    with pytest.raises(Unsupported, match=why):
        staged(jax.make_jaxpr(function)(np.ones(100, np.float32)), (), {})
