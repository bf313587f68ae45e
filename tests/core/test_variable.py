"""Variables keep shape and dtype; constants are fixed; random keys are never used twice."""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import Counter, NoConfig, NumbersOutput, poisson, pool_spikes, refused, tutorial_brain

import spark
from spark import FloatArray, IntegerArray, ModuleError
from spark.nn import Brain, BrainConfig

ONES = IntegerArray(jnp.ones(3, jnp.int32))
KEEP = "Keep a variable's shape and dtype: cast with `.astype(...)` or change its reset value"


def test_variable_that_changes_its_dtype_is_refused() -> None:
    class Mistaken(Counter):
        def __call__(self, numbers: IntegerArray) -> NumbersOutput:
            self.total.value = self.total.value.astype(jnp.float32)
            return {"numbers": numbers}

    with refused(ModuleError, f"total: cannot take this value, got (3,) float32; expected (3,) int32. {KEEP}"):
        Mistaken()(numbers=ONES)


def test_variable_that_changes_its_shape_is_refused() -> None:
    class Mistaken(Counter):
        def __call__(self, numbers: IntegerArray) -> NumbersOutput:
            self.total.value = self.total.value.sum(keepdims=True)
            return {"numbers": numbers}

    with refused(ModuleError, f"total: cannot take this value, got (1,) int32; expected (3,) int32. {KEEP}"):
        Mistaken()(numbers=ONES)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(0.0, "float32"), (1, "int32"), (True, "bool"), (np.zeros(2), "float32"), (np.zeros(2, np.float16), "float16")],
)
def test_variable_takes_the_narrow_dtype_of_its_first_value(value: object, dtype: str) -> None:
    assert spark.Variable(value).dtype == np.dtype(dtype)


def test_variable_of_a_built_module_is_read_from_its_state() -> None:
    counter = Counter()
    counter(numbers=ONES)
    np.testing.assert_array_equal(counter.total.value, [1, 1, 1])


def test_variable_of_a_built_module_may_be_written_between_calls() -> None:
    counter = Counter()
    counter(numbers=ONES)
    counter.total.value = jnp.full(3, 5, jnp.int32)
    np.testing.assert_array_equal(counter(numbers=ONES)["numbers"].value, [6, 6, 6])


def test_variable_has_its_path_in_the_brain() -> None:
    assert tutorial_brain().pool.soma.potential.path == "pool.soma.potential"


class KeysOutput(TypedDict):
    """A key's two words."""

    words: IntegerArray


class Keys(spark.Module):
    """Puts out the keys of the step: one draw's and another's."""

    config: NoConfig

    def build(self, signal: spark.PortSpec) -> None:
        self.first, self.second = spark.RandomKey(), spark.RandomKey()

    def __call__(self, signal: FloatArray) -> KeysOutput:
        keys = [self.first.now(), self.first.now(1), self.first.now(2), self.second.now()]
        return {"words": IntegerArray(jnp.stack([jax.random.key_data(k) for k in keys]))}


def keys_of(steps: int, names: tuple[str, ...] = ("a", "b"), seed: int = 0) -> dict[str, np.ndarray]:
    """Every key that these modules use, shape (steps, 4, 2)."""
    wire = {"signal": spark.PortMap("__call__", "drive")}
    spec = spark.OutputSpec(IntegerArray, (4, 2), jnp.uint32)
    brain = Brain(
        BrainConfig(
            input_map={"drive": spark.InputSpec(FloatArray, (1,), jnp.float32)},
            output_map={n: {"input": spark.PortMap(n, "words"), "spec": spec} for n in names},
            modules_map=[spark.ModuleSpecs(n, Keys, wire) for n in names],
            seed=seed,
        )
    )
    found = [brain(drive=FloatArray(jnp.zeros(1))) for _ in range(steps)]
    return {n: np.stack([np.asarray(f[n].value) for f in found]) for n in names}


def test_no_key_is_used_twice_over_modules_keys_draws_and_steps() -> None:
    used = np.concatenate([k.reshape(-1, 2) for k in keys_of(50).values()])
    assert len(np.unique(used, axis=0)) == len(used)


def test_another_seed_shares_no_key() -> None:
    first, second = (keys_of(20, ("a",), seed)["a"].reshape(-1, 2) for seed in (0, 1))
    assert len(np.unique(np.concatenate([first, second]), axis=0)) == len(first) + len(second)


def test_the_same_seed_uses_the_same_keys() -> None:
    np.testing.assert_array_equal(keys_of(5)["a"], keys_of(5)["a"])


def test_another_module_changes_nobodys_keys() -> None:
    np.testing.assert_array_equal(keys_of(5, ("b",))["b"], keys_of(5, ("a", "b", "c"))["b"])


def test_another_module_changes_nobodys_spikes_or_weights() -> None:
    alone = pool_spikes(tutorial_brain(), 100)
    beside = pool_spikes(tutorial_brain(modules={"aaa": poisson("aaa")}), 100)
    np.testing.assert_array_equal(beside["pool"], alone["pool"])


def test_a_module_of_a_given_seed_draws_the_same_under_any_brains_seed() -> None:
    brains = [tutorial_brain(modules={"spiker": poisson("spiker", seed=4)}, seed=seed) for seed in (0, 1)]
    first, second = (pool_spikes(brain, 50)["spiker"] for brain in brains)
    np.testing.assert_array_equal(first, second)


def test_generator_outside_of_build_is_refused() -> None:
    text = (
        "Counter: draws from `generator` outside of `build`. "
        "In a step, draw with `jax.random` and `self.key.now()` of a `spark.RandomKey`"
    )
    with refused(spark.NotBuiltError, text):
        _ = Counter().generator
