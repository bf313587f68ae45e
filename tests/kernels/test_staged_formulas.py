"""Array code that is no single loop: in stages it gives what XLA makes of it, also where it changes what it reads."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import examples
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
