"""A state is read and written by path, and refuses what does not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import drive, refused, tutorial_brain

import spark
from spark import State, StateError
from spark.nn import Brain


@pytest.fixture(scope="module")
def brain() -> Brain:
    return tutorial_brain()


def test_unknown_path_is_refused_with_the_nearest(brain: Brain) -> None:
    text = "pool.soma.potental: is not a variable of this state. Did you mean 'pool.soma.potential'?"
    with refused(StateError, text):
        brain.state["pool.soma.potental"]


def test_unit_of_an_unknown_path_is_refused(brain: Brain) -> None:
    text = "pool.soma.potental: is not a variable of this state. Did you mean 'pool.soma.potential'?"
    with refused(StateError, text):
        brain.state.unit("pool.soma.potental")


def test_replacing_an_unknown_path_is_refused(brain: Brain) -> None:
    text = "pool.soma.potental: is not a variable of this state. Did you mean 'pool.soma.potential'?"
    with refused(StateError, text):
        brain.state.replace({"pool.soma.potental": jnp.zeros(32)})


@pytest.mark.parametrize("shape", [(3,), (1,), (), (1, 32)])
def test_replacing_with_another_shape_is_refused(brain: Brain, shape: tuple[int, ...]) -> None:
    text = (
        f"pool.soma.potential: cannot take this value, got {shape} float32; expected (32,) float32. "
        "Give an array of the variable's shape and kind"
    )
    with refused(StateError, text):
        brain.state.replace({"pool.soma.potential": jnp.zeros(shape)})


def test_replacing_whole_numbers_by_floats_is_refused(brain: Brain) -> None:
    text = (
        "pool.soma.refractory: cannot take this value, got (32,) float32; expected (32,) int32. "
        "Give an array of the variable's shape and kind"
    )
    with refused(StateError, text):
        brain.state.replace({"pool.soma.refractory": jnp.zeros(32)})


def test_replaced_value_is_read_back(brain: Brain) -> None:
    values = np.arange(32, dtype=np.float32)
    state = brain.state.replace({"pool.soma.potential": values})
    np.testing.assert_array_equal(state["pool.soma.potential"], values)


def test_replacing_one_variable_changes_no_other(brain: Brain) -> None:
    before = {path: np.asarray(brain.state[path]) for path in brain.state}
    for path, value in before.items():
        changed = brain.state.replace({path: np.ones_like(value)})
        assert np.array_equal(changed[path], np.ones_like(value))
        assert all(np.array_equal(changed[p], before[p]) for p in before if p != path)


def test_replace_leaves_the_original_as_it_was(brain: Brain) -> None:
    brain.state.replace({"pool.soma.potential": jnp.ones(32)})
    assert not np.asarray(brain.state["pool.soma.potential"]).any()


def test_replace_works_inside_jit(brain: Brain) -> None:
    changed = jax.jit(lambda s: s.replace({"pool.soma.potential": jnp.ones(32)}))(brain.state)
    np.testing.assert_array_equal(changed["pool.soma.potential"], np.ones(32))


def test_a_narrower_float_is_widened(brain: Brain) -> None:
    state = brain.state.replace({"pool.soma.potential": jnp.ones(32, jnp.float16)})
    assert state["pool.soma.potential"].dtype == jnp.float32


def test_a_state_is_a_pytree_of_its_leaves(brain: Brain) -> None:
    leaves, structure = jax.tree.flatten(brain.state)
    assert isinstance(jax.tree.unflatten(structure, leaves), State)


def test_iteration_gives_the_sorted_paths(brain: Brain) -> None:
    assert list(brain.state) == sorted(brain.state.paths())


def test_the_unit_of_a_variable_is_kept(brain: Brain) -> None:
    assert brain.state.unit("pool.soma.potential") == "mV"


def test_the_printed_state_names_its_variables(brain: Brain) -> None:
    assert "pool.soma.potential" in repr(brain.state)


def test_every_variable_has_a_module_at_its_path(brain: Brain) -> None:
    view = spark.merge(*spark.split(brain))
    for path in brain.state:
        if path == "step" or ".cache." in f".{path}":
            continue
        owner = view
        for name in path.split(".")[:-1]:
            owner = getattr(owner, name)
        assert getattr(owner, path.rpartition(".")[2]).path == path


@pytest.mark.parametrize(
    ("path", "values", "said"),
    [
        ("pool.soma.refractory", np.full(32, -3, np.int32), "got -3; expected at least 0"),
        ("spiker.refractory", np.arange(-1, 63, dtype=np.int32).reshape(4, 16), "got -1 to 62; expected at least 0"),
        ("cache.pool.out_spikes", np.full(32, 2, np.int8), "got 2; expected -1 to 1"),
    ],
)
def test_values_out_of_a_variables_bounds_are_refused(brain: Brain, path: str, values: np.ndarray, said: str) -> None:
    with refused(StateError, f"{path}: is out of its bounds, {said}."):
        brain.state.replace({path: values})


def test_everything_that_is_wrong_with_new_values_is_told_at_once(brain: Brain) -> None:
    with pytest.raises(StateError) as caught:
        brain.state.replace({"step": -1, "pool.soma.potential": jnp.zeros(3)})
    assert [p.address for p in caught.value.problems] == ["step", "pool.soma.potential"]


@pytest.mark.parametrize(
    ("path", "values", "said"),
    [
        ("pool.soma.refractory", np.full(32, 2**33), f"int32 holds, got {2**33}; expected {-(2**31)} to {2**31 - 1}"),
        ("pool.soma.potential", np.full(32, -1e300), "float32 holds, got -1e+300; expected -3.4"),
        ("pool.soma.potential", np.full(32, 2e38, np.float64) * 2, "float32 holds, got 4e+38; expected -3.4"),
    ],
)
def test_numbers_that_a_variable_cannot_hold_are_refused(
    brain: Brain, path: str, values: np.ndarray, said: str
) -> None:
    with pytest.raises(StateError) as caught:
        brain.state.replace({path: values})
    assert str(caught.value).startswith(f"{path}: is more than {said}")


def test_numbers_of_a_wider_dtype_that_fit_are_taken(brain: Brain) -> None:
    values = {"pool.soma.refractory": np.full(32, 9), "pool.soma.potential": np.full(32, -np.inf)}
    state = brain.state.replace(values)
    for path, expected in values.items():
        np.testing.assert_array_equal(state[path], expected)


@pytest.mark.parametrize(
    ("path", "value", "held"),
    [
        ("step", True, "() int64"),
        ("step", np.bool_(True), "() int64"),
        ("pool.soma.potential", np.ones(32, np.bool_), "(32,) float32"),
        ("pool.soma.refractory", np.ones(32, np.bool_), "(32,) int32"),
    ],
)
def test_true_is_no_number(brain: Brain, path: str, value: object, held: str) -> None:
    text = f"{path}: cannot take this value, got {np.shape(value)} bool; expected {held}. "
    with refused(StateError, text + "Give an array of the variable's shape and kind"):
        brain.state.replace({path: value})


@pytest.mark.parametrize(
    "value", ["x", "float32", None, [1, "a"], [[1], [1, 2]], object(), {}, np.array(["a"] * 32), float]
)
def test_what_is_no_array_of_numbers_is_refused_by_name(value):
    brain = tutorial_brain()
    brain(drive=drive())
    text = (
        f"pool.soma.potential: is no array of numbers, got {type(value).__name__}; expected (32,) float32. "
        "Give an array of the variable's shape and kind"
    )
    with refused(spark.StateError, text):
        brain.replace_state({"pool.soma.potential": value})
