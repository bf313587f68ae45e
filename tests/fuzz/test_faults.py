"""Faults that were once there, put back: the random brains of `make test` find each."""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fuzz.many import by_turns, compare
from fuzz.random_brains import random_case
from spark.core.counter import Counter
from spark.core.ports import PortSpec
from spark.nn import wiring

# Two of the six that take part would do; all of them take half a minute each.
pytestmark = pytest.mark.slow
COMPARED = [seed for seed in range(40) if "reference" in by_turns(seed)]


@pytest.fixture(autouse=True)
def nothing_compiled() -> Iterator[None]:
    """What was compiled before a fault is put in does not hold it, and what was compiled with it is not to stay."""
    jax.clear_caches()
    yield
    jax.clear_caches()


def of_the_first(specs: Sequence[PortSpec]) -> str:
    """Joined wires in the dtype of the first, as once."""
    return specs[0].dtype


def in_32_bits(counter: Counter, divisor: int) -> Any:
    """The remainder of a step that is counted in 32 bits with a sign, as once."""
    if isinstance(counter.low, jax.Array):
        return jax.lax.rem(jax.lax.bitcast_convert_type(counter.low, jnp.int32), jnp.int32(divisor)) % divisor
    return np.int32(int(np.asarray(counter.low, np.uint32).view(np.int32)) % divisor)


def test_wires_joined_in_the_dtype_of_the_first_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "common_dtype", of_the_first)
    found = compare(COMPARED, lambda _: ["reference"])
    assert found.wrong and all("reference" in said for said in found.wrong.values())


def test_steps_counted_in_32_bits_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    late = [seed for seed in COMPARED if random_case(seed).first]
    monkeypatch.setattr(Counter, "__mod__", in_32_bits)
    found = compare(late, lambda _: ["reference"])
    assert found.wrong and all("reference" in said for said in found.wrong.values())
