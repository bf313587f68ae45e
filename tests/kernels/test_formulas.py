"""Formulas: array code as a loop of machine code, beside the same code as XLA compiles it."""

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawing import some
from formulas import as_formula, by_xla
from hypothesis import given
from hypothesis import strategies as st
from tolerances import EXPRESSIONS, OPERATION

from spark.core.own_draws import happens_from, uniform_from
from spark.kernels import llvm
from spark.kernels.exponential import exponential_less_one
from spark.kernels.formula import compile as machine
from spark.kernels.formula.values import Unsupported

pytestmark = pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not())

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, -1e-30, 88.0, 89.0, -87.0, -104.0, 1e9, -3e9, np.inf, -np.inf, np.nan]
DENSE = np.concatenate([np.array(SPECIAL), np.random.default_rng(1).normal(size=240) * 10]).astype(np.float32)
POSITIVE = np.abs(DENSE)
UNIT = np.random.default_rng(2).uniform(-1, 1, 200).astype(np.float32)


def same(function, *arrays, exact=False):
    """Asserts that both ways agree: to the bit, or within the rounding of one operation."""
    for found, expected in zip(as_formula(function, *arrays), by_xla(function, *arrays), strict=True):
        assert found.dtype == expected.dtype and found.shape == expected.shape
        if exact or found.dtype.kind in "biu":
            np.testing.assert_array_equal(found, expected)
        else:
            bound = OPERATION[str(found.dtype)]
            np.testing.assert_allclose(
                found.astype(np.float64), expected.astype(np.float64), rtol=bound["rtol"], atol=bound["atol"]
            )


FLOATS = {
    "arithmetic": lambda x, y: (x + y, x - y, x * y, -x, abs(x), x * x),
    "quotients": lambda x, y: (x / y, jnp.sqrt(abs(x)), 1 / x),
    "comparisons": lambda x, y: (x < y, x <= y, x > y, x >= y, x == y, x != y),
    "extremes": lambda x, y: (jnp.maximum(x, y), jnp.minimum(x, y), jnp.clip(x, -1.0, 2.0)),
    "bounds": lambda x, y: (
        *(jnp.maximum(x, bound) for bound in (0.5, -87.0, 0.0, np.inf, np.nan)),
        *(jnp.minimum(x, bound) for bound in (0.5, 80.0, -np.inf, np.nan)),
        jnp.maximum(0.5, y),
        jnp.minimum(jnp.maximum(x + y, -2.0), 3.0),
    ),
    "choices": lambda x, y: (jnp.where(x > y, x, 0.0), jnp.where(x > 0, 1.5, y), jnp.sign(x)),
    "rounding": lambda x, y: (jnp.floor(x), jnp.ceil(x), jnp.round(x), jnp.isfinite(x), jnp.isnan(x)),
    "logic": lambda x, y: ((x > 0) & (y > 0), (x > 0) | (y > 0), ~(x > 0), (x > 0) ^ (y > 0)),
}


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("dtype", ["float32", "float16", pytest.param("bfloat16", marks=pytest.mark.thorough)])
def test_operations_on_floats_are_those_of_xla(name, dtype):
    with np.errstate(over="ignore"):
        x, y = jnp.asarray(DENSE).astype(dtype), jnp.asarray(np.roll(DENSE, 3)).astype(dtype)
    same(FLOATS[name], x, y, exact=dtype == "float32" and name != "quotients")


FUNCTIONS = {
    "exp": (jnp.exp, DENSE),
    "log": (jnp.log, POSITIVE),
    "log of negatives": (jnp.log, DENSE),
    "tanh": (jnp.tanh, DENSE),
    "logistic": (jax.nn.sigmoid, DENSE),
    "softplus": (jax.nn.softplus, DENSE),
    "expm1": (jnp.expm1, UNIT),
    "log1p": (jnp.log1p, UNIT),
    "sin": (jnp.sin, DENSE[:9]),
    "cos": (jnp.cos, UNIT),
    "erf": (jax.scipy.special.erf, DENSE),
    "erf_inv": (jax.scipy.special.erfinv, UNIT),
    "rsqrt": (jax.lax.rsqrt, POSITIVE + 1),
    "cbrt": (jnp.cbrt, UNIT),
    "powers": (lambda x: (x**2, x**3, x**-2), DENSE[16:]),
    "real power": (lambda x: x**1.7, POSITIVE[16:]),
    "arc tangent": (lambda x: jnp.arctan2(x, x + 1), UNIT),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_those_of_xla(name):
    function, values = FUNCTIONS[name]
    same(function, values)


def test_the_exponential_is_within_two_units_in_the_last_place_over_its_whole_range():
    x = np.linspace(-87.3, 88.7, 200_000).astype(np.float32)
    (found,) = as_formula(jnp.exp, x)
    exact = np.exp(x.astype(np.float64))
    assert (np.abs(found - exact) / np.spacing(exact.astype(np.float32))).max() <= 2


@pytest.mark.parametrize("run", [as_formula, by_xla])
def test_the_exponential_less_one_is_within_two_units_in_the_last_place_and_keeps_all_digits_near_0(run):
    near = np.geomspace(1e-37, 1.0, 50_000)
    x = np.concatenate([np.linspace(-87.0, 80.0, 200_000), near, -near]).astype(np.float32)
    (found,) = run(exponential_less_one, x)
    exact = np.expm1(x.astype(np.float64))
    assert (np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32))).max() <= 2


@pytest.mark.parametrize("run", [as_formula, by_xla])
def test_the_exponential_less_one_of_what_is_beyond_its_range(run):
    x = np.array([0.0, -0.0, -100.0, -np.inf, 80.0, 1e9, np.inf, np.nan], np.float32)
    (found,) = run(exponential_less_one, x)
    most = np.float32(np.expm1(80.0))
    np.testing.assert_allclose(found, [0, 0, -1, -1, most, most, most, np.nan], **OPERATION["float32"])


def test_the_logarithm_is_within_two_units_in_the_last_place_over_its_whole_range():
    # Numbers below the least normal one count as zero, as in all that runs under XLA.
    x = np.exp(np.linspace(-87.3, 88.7, 200_000)).astype(np.float32)
    (found,) = as_formula(jnp.log, x)
    exact = np.log(x.astype(np.float64))
    assert (np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32))).max() <= 2


NEAR = np.geomspace(1e-37, 0.9, 50_000)
DIGITS = {
    "tanh": (jnp.tanh, np.tanh, np.concatenate([np.linspace(-12.0, 12.0, 200_000), NEAR, -NEAR]), 2),
    "expm1": (jnp.expm1, np.expm1, np.concatenate([np.linspace(-87.0, 88.7, 200_000), NEAR, -NEAR]), 2),
    "log1p": (jnp.log1p, np.log1p, np.concatenate([np.geomspace(1e-3, 3e38, 200_000), NEAR, -NEAR]), 3),
    "sin": (jnp.sin, np.sin, np.concatenate([np.linspace(-1e5, 1e5, 200_000), NEAR, np.pi * np.arange(400)]), 2),
    "cos": (jnp.cos, np.cos, np.concatenate([np.linspace(-1e5, 1e5, 200_000), NEAR, np.pi * np.arange(400)]), 2),
    "tan": (jnp.tan, np.tan, np.concatenate([np.linspace(-1e5, 1e5, 200_000), NEAR, np.pi * np.arange(400)]), 4),
    "exp2": (jnp.exp2, np.exp2, np.concatenate([np.linspace(-125.0, 127.9, 200_000), NEAR, -NEAR]), 1),
    "cosh": (jnp.cosh, np.cosh, np.concatenate([np.linspace(-89.0, 89.0, 200_000), NEAR, -NEAR]), 1),
    "sinh": (jnp.sinh, np.sinh, np.concatenate([np.linspace(-89.0, 89.0, 200_000), NEAR, -NEAR]), 2),
    "power": (lambda x: x**1.7, lambda x: x ** np.float64(np.float32(1.7)), np.geomspace(1e-22, 4e22, 200_000), 1),
    "root": (lambda x: x**-0.3, lambda x: x ** np.float64(np.float32(-0.3)), np.geomspace(1e-37, 3e38, 200_000), 1),
    "exponent": (lambda x: 0.7**x, lambda x: np.float64(np.float32(0.7)) ** x, np.linspace(-240.0, 240.0, 200_000), 1),
}


@pytest.mark.parametrize("name", DIGITS)
def test_functions_are_within_units_in_the_last_place_over_their_whole_range(name):
    function, reference, values, most = DIGITS[name]
    x = values.astype(np.float32)
    (found,) = as_formula(function, x)
    exact = reference(x.astype(np.float64))
    unit = np.maximum(np.spacing(np.abs(exact).astype(np.float32)), np.finfo(np.float32).tiny)
    assert (np.abs(found - exact) / unit).max() <= most


def test_powers_of_all_kinds_of_numbers_are_those_of_numpy():
    """Negative bases, zeros of both signs, infinities and NaN, to whole and other exponents."""
    kinds = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e30, -1e30, np.inf, -np.inf, np.nan, 1.5]
    x, y = (a.ravel().astype(np.float32) for a in np.meshgrid(kinds, kinds))
    # A vector of each kind of base alone, and all of them mixed.
    for order in (np.arange(x.size), np.argsort(x, kind="stable")):
        (found,) = as_formula(lambda a, b: a**b, x[order], y[order])
        with np.errstate(all="ignore"):
            exact = x[order] ** y[order]
        np.testing.assert_array_equal(np.isnan(found), np.isnan(exact))
        np.testing.assert_array_equal(np.signbit(found)[~np.isnan(exact)], np.signbit(exact)[~np.isnan(exact)])
        np.testing.assert_allclose(found, exact, rtol=2e-7)


def test_functions_of_what_is_beyond_their_range_are_those_of_numpy():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e9, -1e9, -1.0, -2.0, 100.0, -100.0, 3e38], np.float32)
    for function, reference, _, most in DIGITS.values():
        (found,) = as_formula(function, x)
        with np.errstate(all="ignore"):
            exact = reference(x).astype(np.float32)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(exact))
        np.testing.assert_allclose(found, exact, rtol=most * 2e-7)
        np.testing.assert_array_equal(np.signbit(found[:2]), np.signbit(exact[:2]))


INTEGERS = {
    "arithmetic": lambda x, y: (x + y, x - y, x * y, abs(x), jnp.sign(x)),
    "quotients": lambda x, y: (jax.lax.div(x, y), jax.lax.rem(x, y)),
    "comparisons": lambda x, y: (x < y, x <= y, x == y, jnp.maximum(x, y), jnp.minimum(x, y)),
    "bits": lambda x, y: (x & y, x | y, x ^ y, ~x, jax.lax.population_count(x)),
    "shifts": lambda x, y: (
        jax.lax.shift_left(x, y),
        jax.lax.shift_right_logical(x, y),
        jax.lax.shift_right_arithmetic(x, y),
    ),
    "as others": lambda x, y: tuple(
        x.astype(d) for d in ("int8", "uint8", "int16", "int32", "uint32", "float32", "bool")
    ),
}


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("dtype", some(["int8", "uint8", "int16", "int32", "uint32"], 5, 3, thorough=1))
def test_operations_on_integers_are_those_of_xla(name, dtype):
    rng, info = np.random.default_rng(3), np.iinfo(dtype)
    x = rng.integers(info.min, info.max, 150, dtype, endpoint=True)
    y = rng.integers(info.min, info.max, 150, dtype, endpoint=True)
    x[:4], y[:4] = [info.min, 5, 0, info.max], np.array([-1, 0, 0, 1]).astype(dtype)
    y[50:] = (y[50:] % 40).astype(dtype)
    same(INTEGERS[name], x, y, exact=True)


def test_floats_become_integers_within_their_range():
    same(lambda x: tuple(x.astype(d) for d in ("int8", "int16", "int32", "uint8", "uint32", "bool")), DENSE, exact=True)


def test_bits_of_one_dtype_are_read_as_another():
    same(lambda x: (jax.lax.bitcast_convert_type(x, jnp.int32), (x.view(jnp.uint32) >> 9).view(jnp.float32)), DENSE)


def random_numbers(key, x):
    made = jax.random.fold_in(jax.random.wrap_key_data(key, impl="threefry2x32"), 9)
    uniform = jax.random.uniform(made, x.shape)
    return jax.random.bits(made, x.shape), uniform, jax.random.bernoulli(made, 0.3, x.shape), uniform < x


@pytest.mark.parametrize("shape", [(1003,), (17, 3)])
def test_random_numbers_are_those_of_jax_to_the_bit(shape):
    key = np.array([3, 4_000_000_000], np.uint32)
    same(random_numbers, key, np.full(shape, 0.2, np.float32), exact=True)


@pytest.mark.parametrize("units", [5, 200])
def test_random_numbers_of_a_share_of_units_are_those_of_jax_to_the_bit(units):
    def share(key, x):
        return uniform_from(jax.random.wrap_key_data(key[:2], impl="threefry2x32"), key[2], x.size) - x

    first = 1000 - units
    given = np.array([17, 5, first], np.uint32), np.full(units, 0.25, np.float32)
    same(share, *given, exact=True)
    whole = jax.random.uniform(jax.random.wrap_key_data(given[0][:2], impl="threefry2x32"), (1000,))
    np.testing.assert_array_equal(share(*given), whole[first:] - 0.25)


@pytest.mark.parametrize("units", [5, 32, 200])
def test_events_of_a_share_of_units_are_those_of_all_units(units):
    def share(key, chance):
        return happens_from(jax.random.wrap_key_data(key[:2], impl="threefry2x32"), key[2], chance)

    first = 1000 - units
    chance = np.random.default_rng(3).random(1000).astype(np.float32)
    given = np.array([17, 5, first], np.uint32), chance[first:]
    same(share, *given, exact=True)
    np.testing.assert_array_equal(share(*given), share(np.array([17, 5, 0], np.uint32), chance)[first:])


def test_normal_numbers_are_those_of_jax():
    def draw(key, x):
        return jax.random.normal(jax.random.wrap_key_data(key, impl="threefry2x32"), x.shape)

    same(draw, np.array([1, 2], np.uint32), np.zeros(900, np.float32))


@pytest.mark.parametrize("units", [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 100])
def test_the_last_units_are_computed_like_the_others(units):
    x = np.linspace(-3, 3, units, dtype=np.float32)
    same(lambda v: (jnp.where(v > 0, jnp.exp(v) * 2, v), (v > 0).astype(jnp.int8), jnp.arange(units)), x)


def rounds_once():
    """Whether this processor multiplies and adds in one operation, as LLVM sees it."""
    from llvmlite import binding

    return platform.machine() in ("aarch64", "arm64") or bool(binding.get_host_cpu_features().get("fma"))


@pytest.mark.parametrize("units", [1, 5, 16, 37])
def test_a_sum_with_one_product_is_rounded_once_where_the_processor_can(units):
    # (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, whose last bit a float of 32 bits does not hold.
    x, whole = np.full(units, 1 + 2.0**-12, np.float32), np.full(units, 1 + 2.0**-11, np.float32)
    left = 2.0**-24 if rounds_once() else 0.0
    found = as_formula(lambda a, b: (a * a - b, b - a * a, -b + a * a), x, whole)
    for array, expected in zip(found, (left, -left, left), strict=True):
        np.testing.assert_array_equal(array, np.full(units, expected, np.float32))


def test_equal_products_cancel():
    x, y = (np.random.default_rng(seed).normal(size=333).astype(np.float32) for seed in (1, 2))
    (found,) = as_formula(lambda a, b: a * b - b * a, x, y)
    np.testing.assert_array_equal(found, 0.0)


def test_a_product_that_others_read_too_is_rounded_before_it_is_added():
    x = np.full(40, 1 + 2.0**-12, np.float32)
    less = np.float32(1 + 2.0**-11)
    product, difference = as_formula(lambda a: ((p := a * a), p - less), x)
    np.testing.assert_array_equal(difference, product - less)
    # Also where it only has another shape for those that read it.
    product, difference = as_formula(lambda a: ((p := (a * a).reshape(40)), p - less), x.reshape(8, 5))
    np.testing.assert_array_equal(difference, product - less)
    product, difference = as_formula(jax.jit(lambda a: (lambda p: (p, p - less))(jax.jit(lambda b: b * b)(a))), x)
    np.testing.assert_array_equal(difference, product - less)


def test_arrays_of_several_axes_are_units_row_by_row():
    x = np.arange(24, dtype=np.float32).reshape(4, 6)
    same(
        lambda v: (
            v * 2,
            v.reshape(24),
            jnp.broadcast_to(v[None], (1, 4, 6)) + 1,
            jax.lax.broadcasted_iota(int, (4, 6), 1),
        ),
        x,
    )


def test_few_numbers_are_computed_once_and_written_once():
    def step(count, weights, x):
        total = (weights * count.astype(jnp.float32)).sum()
        return count + 1, x * total + weights[2], jnp.stack([total, weights.max()])

    same(step, np.int32(3), np.array([0.5, 1.5, -2.0], np.float32), np.linspace(0, 1, 70, dtype=np.float32))


def test_each_branch_of_a_condition_is_computed_and_one_is_taken():
    def step(which, x):
        return jax.lax.cond(which > 2, lambda v: v * 2, lambda v: v - 1, x)

    for which in (1, 3):
        same(step, np.int32(which), np.linspace(-1, 1, 40, dtype=np.float32))


@st.composite
def expressions(draw):
    """A random expression of two arrays."""
    made = draw(st.sampled_from(["x", "y", "0.5", "-1.25"]))
    for _ in range(draw(st.integers(1, 12))):
        other = draw(st.sampled_from(["x", "y", "0.25", "3.0"]))
        form = draw(
            st.sampled_from(
                ["({a} + {b})", "({a} - {b})", "({a} * {b})", "jnp.where({a} > {b}, {a}, {b})", "jnp.minimum({a}, {b})"]
                + ["abs({a})", "jnp.exp(-abs({a}))", "jnp.tanh({a})", "jnp.sqrt(abs({a}) + 1)", "jnp.floor({a})"]
            )
        )
        made = form.format(a=made, b=other)
    return made


@given(expressions(), st.integers(1, 70))
def test_any_expression_is_computed_like_by_xla(expression, units):
    function = eval(f"lambda x, y: ({expression}) + 0.0 * x", {"jnp": jnp, "abs": abs})
    rng = np.random.default_rng(units)
    x, y = (rng.normal(size=units).astype(np.float32) for _ in range(2))
    (found,), (expected,) = as_formula(function, x, y, units=units), by_xla(function, x, y)
    np.testing.assert_allclose(found, expected, **EXPRESSIONS["float32"])


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda x: jnp.cumsum(x), "`cumsum`"),
        (lambda x: x - x.mean(), "a reduction over units"),
        (lambda x: jnp.sort(x), "`sort`"),
        (lambda x: x[::-1], "units in reverse order"),
        (lambda x: x[:5], "a slice of units"),
        (lambda x: jnp.outer(x, x), "follows from single units"),
        (lambda x: jnp.concatenate([x, x]), "units behind each other"),
    ],
)
def test_what_is_not_elementwise_says_so(function, why):
    with pytest.raises(Unsupported, match=why):
        as_formula(function, np.ones(100, np.float32))


def test_machine_code_is_kept_and_a_damaged_file_is_compiled_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path))
    x = np.linspace(0, 1, 50, dtype=np.float32)

    def function(v):
        return v * 1.2345 + 0.75

    (expected,) = by_xla(function, x)
    compiled = []
    written = machine._compiled
    monkeypatch.setattr(machine, "_compiled", lambda text: compiled.append(1) or written(text))

    def found():
        monkeypatch.setattr(machine, "_loaded", machine._Loaded())
        (value,) = as_formula(function, x)
        np.testing.assert_allclose(value, expected, **OPERATION["float32"])
        return len(compiled)

    assert found() == 1
    (kept,) = (tmp_path / "formulas").glob("*.o")
    assert found() == 1
    data = kept.read_bytes()
    for damaged in (data[:100], b"", data[:-1] + bytes([data[-1] ^ 1]), b"\0" * len(data)):
        kept.write_bytes(damaged)
        before = len(compiled)
        assert found() == before + 1
        assert hashlib.sha256(kept.read_bytes()).digest() == hashlib.sha256(data).digest()


def test_other_numbers_in_the_code_need_no_other_machine_code(monkeypatch):
    compiled = []
    written = machine._compiled
    monkeypatch.setattr(machine, "_loaded", machine._Loaded())
    monkeypatch.setattr(machine, "_kept", lambda name: None)
    monkeypatch.setattr(machine, "_compiled", lambda text: compiled.append(1) or written(text))
    x = np.linspace(-1, 1, 30, dtype=np.float32)
    for slope in (1.5, 2.5, -3.25):
        same(lambda v, slope=slope: jnp.where(v > slope / 8, v * slope, jnp.exp(v)), x)
    assert len(compiled) == 1


@pytest.mark.thorough
def test_another_process_takes_the_machine_code_that_was_kept(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})"
        + """
import os
import numpy as np
from formulas import as_formula
from spark.kernels import native
from spark.kernels.formula import compile as machine
# The native library is taken from where it was built.
assert native.available()
os.environ["SPARK_CACHE"] = os.environ["KEPT"]
made, written = [], machine._compiled
machine._compiled = lambda text: made.append(1) or written(text)
print(as_formula(lambda v: v * 3 + 1, np.arange(9, dtype=np.float32))[0].sum(), len(made))
"""
    )
    environment = {**os.environ, "KEPT": str(tmp_path)}
    ran = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment) for _ in "12"]
    assert [done.stdout.split() for done in ran] == [["117.0", "1"], ["117.0", "0"]], ran[0].stderr
