"""Why calls are cheap: few leaves, few kernels, no second compilation."""

import re

import jax
import jax.numpy as jnp
import pytest

import spark
from spark import kernels
from spark.demo import tutorial_config

DRIVE = spark.FloatArray(jnp.zeros((4,), dtype=jnp.float16))
NOT_A_KERNEL = {"parameter", "constant", "tuple", "bitcast", "get-tuple-element"}


def run_model(graph, state, x):
    """The tutorial's function."""
    model = spark.merge(graph, state)
    out = model(drive=x)
    _, state = spark.split(model)
    return out, state


def built(seed: int = 0) -> spark.nn.Brain:
    brain = spark.nn.Brain(config=tutorial_config().with_new_seeds(seed))
    brain(drive=DRIVE)
    return brain


def test_the_tutorials_state_has_at_most_6_leaves():
    assert len(jax.tree.leaves(spark.split(built())[1])) <= 6


def kernels_of(compiled_text: str) -> list[str]:
    """Operations that the entry computation launches."""
    entry = compiled_text[compiled_text.index("\nENTRY ") :]
    entry = entry[: entry.index("\n}")]
    operations = re.findall(r"^\s+(?:ROOT )?%\S+ = .*? ([a-z][a-z0-9-]*)\(", entry, flags=re.MULTILINE)
    assert len(operations) > 10
    return [name for name in operations if name not in NOT_A_KERNEL]


@pytest.mark.skipif(not kernels.status().available, reason="the bound is for native kernels, which are missing here")
def test_the_tutorials_step_launches_at_most_25_kernels():
    compiled = jax.jit(run_model).lower(*spark.split(built()), DRIVE).compile()
    kernels = kernels_of(compiled.as_text())
    assert len(kernels) <= 25, kernels


def test_a_state_is_read_by_dotted_path():
    state = spark.split(built())[1]
    assert state["neurons_pool.soma.potential"].shape == (256,)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_second_brain_compiles_nothing(seed: int):
    step = jax.jit(run_model)
    step(*spark.split(built(0)), DRIVE)
    step(*spark.split(built(seed)), DRIVE)
    assert step._cache_size() == 1
