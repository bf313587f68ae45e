"""`split` and `merge`: what belongs together, what is shared, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import (
    Counter,
    Relay,
    drive,
    pool_spikes,
    refused,
    spikes,
    tutorial_brain,
    tutorial_config,
    tutorial_specs,
)

import spark
from spark import ModuleError, NotBuiltError, StateError
from spark.nn import Brain
from spark.nn.interfaces import ExponentialIntegratorConfig

RESET = "Reset the outermost module, or keep the first state and pass it in again"
BARE = (
    "is a bare array, which would be frozen into the compiled step. "
    "Wrap it: `spark.Variable(...)` if it changes, `spark.Constant(...)` if not"
)


@pytest.fixture(scope="module")
def brain() -> Brain:
    return tutorial_brain()


def foreign() -> Brain:
    """A brain of another structure."""
    integrator = tutorial_specs()["integrator"].with_config(ExponentialIntegratorConfig(num_outputs=2, tau=30.0))
    return tutorial_brain(modules={"integrator": integrator})


def test_split_before_build_is_refused() -> None:
    text = (
        "Brain: cannot be split: it is not built, or is a part of another module. "
        "Call the outermost module once; the first call builds it"
    )
    with refused(NotBuiltError, text):
        spark.split(Brain(tutorial_config()))


def test_split_of_a_part_is_refused(brain: Brain) -> None:
    text = (
        "pool: cannot be split: it is not built, or is a part of another module. "
        "Call the outermost module once; the first call builds it"
    )
    with refused(NotBuiltError, text):
        spark.split(brain.pool)


def test_state_before_build_is_refused() -> None:
    text = "Brain: has no state yet. Call it once with inputs of the right shapes; the first call builds it"
    with refused(NotBuiltError, text):
        _ = Brain(tutorial_config()).state


def test_merge_of_a_foreign_state_is_refused(brain: Brain) -> None:
    text = "Brain: this state belongs to another graph. Pass the graph and the state that one `split` returned"
    with refused(ModuleError, text):
        spark.merge(spark.split(brain)[0], foreign().state)


def test_loading_a_foreign_state_is_refused(brain: Brain) -> None:
    text = (
        "Brain: this state belongs to another structure. "
        "Load a state that came from this module or one built from an equal config"
    )
    with refused(StateError, text):
        brain.load_state(foreign().state)


def test_reset_of_a_view_is_refused(brain: Brain) -> None:
    with refused(ModuleError, f"Brain: cannot be reset on its own: it is a part or a merged view. {RESET}"):
        spark.merge(*spark.split(brain)).reset()


def test_reset_of_a_part_is_refused(brain: Brain) -> None:
    with refused(ModuleError, f"pool: cannot be reset on its own: it is a part or a merged view. {RESET}"):
        brain.pool.reset()


def test_building_inside_jit_is_refused() -> None:
    text = (
        "Brain.drive: is a traced array, but the module is not built yet. "
        "Call the module once outside of `jax.jit`, then `split` it"
    )
    with refused(NotBuiltError, text):
        jax.jit(lambda x: Brain(tutorial_config())(drive=x))(drive())


CALLED_IN_JIT = (
    "Brain: owns its state, and is called inside a function that JAX traces, which would lose it. "
    "Split it outside: `graph, state = spark.split(module)`; inside, call `spark.merge(graph, state)`"
)


def test_calling_a_module_that_owns_its_state_inside_jit_is_refused(brain: Brain) -> None:
    with refused(ModuleError, CALLED_IN_JIT):
        jax.jit(lambda x: brain(drive=x))(drive())


def test_calling_a_module_inside_jit_with_concrete_inputs_is_refused_too(brain: Brain) -> None:
    with refused(ModuleError, CALLED_IN_JIT):
        jax.jit(lambda: brain(drive=drive()))()


def test_a_module_refused_inside_jit_still_works_outside() -> None:
    made = tutorial_brain()
    with pytest.raises(ModuleError):
        jax.jit(lambda x: made(drive=x))(drive())
    made(drive=drive())
    assert int(made.state["step"]) == 1


@pytest.mark.parametrize("array", [np.zeros(3), jnp.zeros(3)], ids=["numpy", "jax"])
def test_bare_array_attribute_is_refused(array: object) -> None:
    class Mistaken(Relay):
        def build(self, spikes: spark.PortSpec) -> None:
            self.table = array

    with refused(ModuleError, f"Mistaken.table: {BARE}"):
        Mistaken()(spikes=spikes([0]))


def test_bare_array_in_a_part_says_the_parts_path() -> None:
    class Mistaken(Relay):
        def build(self, spikes: spark.PortSpec) -> None:
            self.table = np.zeros(3)

    specs = spark.ModuleSpecs("relay", Mistaken, {"spikes": spark.PortMap("spiker", "spikes")})
    with refused(ModuleError, f"relay.table: {BARE}"):
        Brain(tutorial_config({"relay": specs}))(drive=drive())


@pytest.mark.parametrize(("kind", "hidden"), [("list", [spark.Variable(0.0)]), ("dict", {"a": spark.Constant(0.0)})])
def test_variables_in_a_container_are_refused(kind: str, hidden: object) -> None:
    class Mistaken(Relay):
        def build(self, spikes: spark.PortSpec) -> None:
            self.layers = hidden

    text = (
        f"Mistaken.layers: is a {kind} that holds variables, constants or modules, which no state finds. "
        "Make each an attribute of its own: `setattr(self, f'layer_{n}', spark.Variable(...))`; "
        "or stack them as rows of one variable"
    )
    with refused(ModuleError, text):
        Mistaken()(spikes=spikes([0]))


def test_split_of_a_merged_view_gives_the_state_back(brain: Brain) -> None:
    graph, state = spark.split(brain)
    again = spark.split(spark.merge(graph, state))[1]
    assert all(np.array_equal(again[p], state[p]) for p in state)


def test_calling_a_view_changes_neither_module_nor_state() -> None:
    made = tutorial_brain()
    graph, state = spark.split(made)
    spark.merge(graph, state)(drive=drive())
    assert (int(made.state["step"]), int(state["step"])) == (0, 0)


def test_changes_written_in_a_view_are_split_off() -> None:
    graph, state = spark.split(tutorial_brain())
    view = spark.merge(graph, state)
    view.pool.soma.potential.value = jnp.full(32, 7.0)
    np.testing.assert_array_equal(spark.split(view)[1]["pool.soma.potential"], np.full(32, 7.0))


def test_reset_after_steps_gives_the_first_state() -> None:
    made = tutorial_brain()
    first = {p: np.asarray(made.state[p]) for p in made.state}
    for _ in range(20):
        made(drive=drive())
    made.reset()
    assert all(np.array_equal(made.state[p], first[p]) for p in first)


def test_reset_before_build_does_nothing() -> None:
    made = Brain(tutorial_config())
    made.reset()
    with pytest.raises(NotBuiltError):
        _ = made.state


def test_load_state_goes_on_from_there() -> None:
    made, other = tutorial_brain(), tutorial_brain()
    for _ in range(5):
        made(drive=drive())
    other.load_state(made.state)
    other(drive=drive())
    assert int(other.state["step"]) == 6


def test_graph_hashes_by_identity_of_its_structure(brain: Brain) -> None:
    assert hash(spark.split(brain)[0].structure) == hash(spark.split(tutorial_brain())[0].structure)


def test_brains_of_equal_configs_share_one_structure(brain: Brain) -> None:
    assert spark.split(brain)[0].structure is spark.split(tutorial_brain())[0].structure


def test_brains_that_differ_in_their_seed_only_share_one_structure(brain: Brain) -> None:
    assert spark.split(tutorial_brain(seed=5))[0].structure is spark.split(brain)[0].structure


def test_brains_that_differ_in_a_parameter_share_none(brain: Brain) -> None:
    assert spark.split(foreign())[0].structure is not spark.split(brain)[0].structure


def test_brains_that_differ_in_a_parameter_that_only_a_step_reads_share_none(brain: Brain) -> None:
    """`sigma` leaves no trace in shapes or attributes of the built module."""
    spiker = tutorial_specs()["spiker"]
    other = tutorial_brain(modules={"spiker": spiker.with_config(spiker.config.updated(sigma=0.1))})
    assert spark.split(other)[0].structure is not spark.split(brain)[0].structure


def step_function() -> object:
    @jax.jit
    def step(graph: spark.Graph, state: spark.State, x: spark.FloatArray) -> spark.State:
        view = spark.merge(graph, state)
        view(drive=x)
        return spark.split(view)[1]

    return step


@pytest.mark.parametrize("seed", [0, 9])
def test_a_second_brain_compiles_nothing(brain: Brain, seed: int) -> None:
    step = step_function()
    step(*spark.split(brain), drive())
    step(*spark.split(tutorial_brain(seed=seed)), drive())
    assert step._cache_size() == 1


def test_a_brain_of_another_parameter_compiles_anew(brain: Brain) -> None:
    step = step_function()
    step(*spark.split(brain), drive())
    step(*spark.split(foreign()), drive())
    assert step._cache_size() == 2


def test_brains_that_share_a_step_but_not_a_seed_give_different_spikes(brain: Brain) -> None:
    first, second = (pool_spikes(tutorial_brain(seed=seed), 100)["pool"] for seed in (0, 9))
    assert not np.array_equal(first, second)


def test_a_module_outside_a_brain_splits_and_merges_too() -> None:
    counter = Counter()
    ones = spark.IntegerArray(jnp.ones(2, jnp.int32))
    counter(numbers=ones)
    view = spark.merge(*spark.split(counter))
    np.testing.assert_array_equal(view(numbers=ones)["numbers"].value, [2, 2])
