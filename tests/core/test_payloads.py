"""Payloads are pytrees of one array, and say which dtypes they take."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spark

TAKES = {
    spark.SpikeArray: {"int8", "int32", "float16", "bfloat16", "float32"},
    spark.CurrentArray: {"float16", "bfloat16", "float32"},
    spark.PotentialArray: {"float16", "bfloat16", "float32"},
    spark.ConductanceArray: {"float16", "bfloat16", "float32"},
    spark.FloatArray: {"float16", "bfloat16", "float32"},
    spark.IntegerArray: {"int8", "int32", "uint8", "uint32"},
    spark.BooleanMask: {"bool"},
}
DTYPES = ["bool", "int8", "int32", "uint8", "uint32", "float16", "bfloat16", "float32"]
every = pytest.mark.parametrize("payload", TAKES, ids=lambda p: p.__name__)


@every
@pytest.mark.parametrize("dtype", DTYPES)
def test_payload_accepts_its_kinds_of_dtype_only(payload: type[spark.Payload], dtype: str) -> None:
    assert payload.accepts(jnp.dtype(dtype)) == (dtype in TAKES[payload])


@every
def test_default_dtype_of_a_payload_is_accepted(payload: type[spark.Payload]) -> None:
    assert payload.accepts(jnp.dtype(payload.default_dtype))


@every
def test_payload_passes_through_jit_and_keeps_its_type(payload: type[spark.Payload]) -> None:
    sent = payload(jnp.zeros(3, payload.default_dtype))
    assert type(jax.jit(lambda p: p)(sent)) is payload


@every
def test_payload_is_batched_by_vmap(payload: type[spark.Payload]) -> None:
    sent = payload(jnp.zeros((5, 3), payload.default_dtype))
    assert jax.vmap(lambda p: type(p)(p.value[0]))(sent).shape == (5,)


@every
def test_payload_has_one_leaf(payload: type[spark.Payload]) -> None:
    value = jnp.ones(3, payload.default_dtype)
    (leaf,) = jax.tree.leaves(payload(value))
    assert leaf is value


def test_payload_says_shape_and_dtype_of_its_array() -> None:
    sent = spark.FloatArray(np.zeros((2, 3), np.float16))
    assert (sent.shape, sent.dtype) == ((2, 3), jnp.float16)


def test_payload_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        spark.FloatArray(np.zeros(3)).value = np.ones(3)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("payload", "unit"), [(spark.CurrentArray, "pA"), (spark.ConductanceArray, "nS"), (spark.PotentialArray, "mV")]
)
def test_physical_payload_has_a_unit(payload: type[spark.Payload], unit: str) -> None:
    assert payload.unit == unit


def test_every_exported_payload_is_in_the_table() -> None:
    exported = {c for c in vars(spark).values() if isinstance(c, type) and issubclass(c, spark.Payload)}
    assert exported - {spark.Payload} == set(TAKES)
