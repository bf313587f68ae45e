"""A module called with the wrong inputs says which, what it got, and what it expected."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import Counter, NoConfig, NumbersOutput, Relay, drive, refused, spikes, tutorial_brain, tutorial_config

import spark
from spark import CurrentArray, FloatArray, InputError, IntegerArray, ModuleError
from spark.nn import Brain
from spark.nn.somas import LeakySoma

NOTHING_BROADCASTS = "Nothing is broadcast: give one number for every element"


@pytest.fixture(scope="module")
def brain() -> Brain:
    return tutorial_brain()


def test_missing_input_is_named_and_its_payload_is_said() -> None:
    text = "Brain.drive: input is missing, got no inputs; expected FloatArray. Call with `drive=spark.FloatArray(...)`"
    with refused(InputError, text):
        Brain(tutorial_config())()


def test_none_counts_as_a_missing_input(brain: Brain) -> None:
    text = "Brain.drive: input is missing, got no inputs; expected FloatArray. Call with `drive=spark.FloatArray(...)`"
    with refused(InputError, text):
        brain(drive=None)


def test_extra_input_is_refused_with_the_nearest_name(brain: Brain) -> None:
    with refused(InputError, "Brain.drve: is not an input port. Did you mean 'drive'?"):
        brain(drive=drive(), drve=drive())


def test_too_many_positional_inputs_are_refused(brain: Brain) -> None:
    with refused(InputError, "Brain: takes 1 input, got 2 without a name. Give inputs by name"):
        brain(drive(), drive())


def test_input_given_by_place_and_by_name_is_refused(brain: Brain) -> None:
    with refused(InputError, "Brain.drive: is given twice."):
        brain(drive(), drive=drive())


def test_raw_jax_array_instead_of_a_payload_is_refused(brain: Brain) -> None:
    text = (
        "Brain.drive: is not a payload, got ArrayImpl; expected FloatArray. "
        "Wrap the array: `drive=spark.FloatArray(...)`"
    )
    with refused(InputError, text):
        brain(drive=jnp.zeros(4, jnp.float16))


def test_raw_numpy_array_instead_of_a_payload_is_refused(brain: Brain) -> None:
    text = (
        "Brain.drive: is not a payload, got ndarray; expected FloatArray. Wrap the array: `drive=spark.FloatArray(...)`"
    )
    with refused(InputError, text):
        brain(drive=np.zeros(4, np.float16))


@pytest.mark.parametrize("value", [[0.0] * 4, []], ids=["list", "empty list"])
def test_payload_around_a_list_is_refused(brain: Brain, value: list[float]) -> None:
    text = (
        "Brain.drive: does not hold an array, got list; expected a JAX or NumPy array. "
        "Write `drive=spark.FloatArray(jnp.asarray(...))`"
    )
    with refused(InputError, text):
        brain(drive=FloatArray(value))


@pytest.mark.parametrize("value", [[0.0] * 4, (0.0,) * 4, []], ids=["list", "tuple", "empty list"])
@pytest.mark.parametrize("way", ["step", "compiled"])
def test_payload_around_a_list_is_refused_in_compiled_functions_as_in_a_call(value: list[float], way: str) -> None:
    graph, state = spark.split(tutorial_brain())

    @jax.jit
    def compiled(state: spark.State, drive: FloatArray) -> spark.State:
        brain = spark.merge(graph, state)
        brain(drive=drive)
        return spark.split(brain)[1]

    text = (
        f"Brain.drive: does not hold an array, got {type(value).__name__}; expected a JAX or NumPy array. "
        "Write `drive=spark.FloatArray(jnp.asarray(...))`"
    )
    with refused(InputError, text):
        if way == "compiled":
            compiled(state, FloatArray(value))
        else:
            spark.step(graph, state, {"drive": FloatArray(value)})


def test_payload_around_a_list_is_refused_at_the_building_call_too() -> None:
    text = (
        "LeakySoma.current: does not hold an array, got list; expected a JAX or NumPy array. "
        "Write `current=spark.CurrentArray(jnp.asarray(...))`"
    )
    with refused(InputError, text):
        LeakySoma()(current=CurrentArray([0.0]))


def test_wrong_payload_type_is_refused(brain: Brain) -> None:
    text = (
        "Brain.drive: has the wrong payload type, got SpikeArray; expected FloatArray. "
        "Wrap the array in spark.FloatArray(...)"
    )
    with refused(InputError, text):
        brain(drive=spikes([0, 0, 0, 0]))


@pytest.mark.parametrize("shape", [(3,), (1,), (), (3, 4), (1, 4)])
def test_wrong_shape_is_refused_even_if_it_would_broadcast(brain: Brain, shape: tuple[int, ...]) -> None:
    text = f"Brain.drive: has the wrong shape, got {shape}; expected (4,). {NOTHING_BROADCASTS}"
    with refused(InputError, text):
        brain(drive=FloatArray(jnp.zeros(shape, jnp.float16)))


def test_wrong_shape_is_refused_after_build() -> None:
    soma = LeakySoma()
    soma(current=CurrentArray(jnp.zeros(3)))
    with refused(InputError, f"LeakySoma.current: has the wrong shape, got (1,); expected (3,). {NOTHING_BROADCASTS}"):
        soma(current=CurrentArray(jnp.zeros(1)))


def test_wrong_shape_is_refused_in_a_merged_view_under_jit(brain: Brain) -> None:
    graph, state = spark.split(brain)
    text = f"Brain.drive: has the wrong shape, got (1,); expected (4,). {NOTHING_BROADCASTS}"
    with refused(InputError, text):
        jax.jit(lambda s, x: spark.merge(graph, s)(drive=x))(state, drive([0]))


def test_integers_into_a_port_of_floats_are_refused(brain: Brain) -> None:
    text = (
        "Brain.drive: has the wrong kind of dtype, got int32; expected floats. "
        "FloatArray holds floats: cast with `.astype('float32')`"
    )
    with refused(InputError, text):
        brain(drive=FloatArray(jnp.zeros(4, jnp.int32)))


FLOATS_INTO_INTEGERS = (
    "Counter.numbers: has the wrong kind of dtype, got float32; expected integers. "
    "IntegerArray holds integers: cast with `.astype('int32')`"
)


def test_floats_into_a_port_of_integers_are_refused_at_build() -> None:
    with refused(InputError, FLOATS_INTO_INTEGERS):
        Counter()(numbers=IntegerArray(jnp.zeros(3)))


def test_floats_into_a_port_of_integers_are_refused_after_build() -> None:
    counter = Counter()
    counter(numbers=IntegerArray(jnp.zeros(3, jnp.int32)))
    with refused(InputError, FLOATS_INTO_INTEGERS):
        counter(numbers=IntegerArray(jnp.zeros(3)))


def test_wrong_shape_and_wrong_dtype_are_reported_together(brain: Brain) -> None:
    text = (
        "2 problems:\n"
        "  1. Brain.drive: has the wrong kind of dtype, got int32; expected floats. "
        "FloatArray holds floats: cast with `.astype('float32')`\n"
        f"  2. Brain.drive: has the wrong shape, got (3,); expected (4,). {NOTHING_BROADCASTS}"
    )
    with refused(InputError, text):
        brain(drive=FloatArray(jnp.zeros(3, jnp.int32)))


def test_refused_call_leaves_the_state_as_it_was() -> None:
    made = tutorial_brain()
    with pytest.raises(InputError):
        made(drive=drive([0]))
    assert int(made.state["step"]) == 0


class OptionalCounter(spark.Module):
    """Adds up numbers, and others if they are given."""

    config: NoConfig

    def __call__(self, numbers: IntegerArray, others: IntegerArray | None = None) -> NumbersOutput:
        return {"numbers": numbers if others is None else IntegerArray(numbers.value + others.value)}


ONES = IntegerArray(jnp.ones(2, jnp.int32))


def test_optional_input_may_be_left_out() -> None:
    np.testing.assert_array_equal(OptionalCounter()(numbers=ONES)["numbers"].value, [1, 1])


def test_optional_input_that_was_not_there_at_build_is_refused() -> None:
    module = OptionalCounter()
    module(numbers=ONES)
    text = (
        "OptionalCounter.others: optional input was not given when the module was built, got it now. "
        "Give it at the first call, which builds, and at every other; or never"
    )
    with refused(InputError, text):
        module(numbers=ONES, others=ONES)


def test_optional_input_that_was_there_at_build_may_not_be_left_out() -> None:
    module = OptionalCounter()
    module(numbers=ONES, others=ONES)
    text = (
        "OptionalCounter.others: optional input is missing, got nothing; expected IntegerArray. "
        "It was given when the module was built: give it at every call"
    )
    with refused(InputError, text):
        module(numbers=ONES)


def test_module_that_returns_undeclared_ports_is_refused() -> None:
    class Mistaken(Relay):
        def __call__(self, spikes: spark.SpikeArray) -> NumbersOutput:
            return {"number": spikes}  # type: ignore[typeddict-item,typeddict-unknown-key]

    text = (
        "Mistaken.__call__: returned other ports than it declares, got ['number']; expected ['numbers']. "
        "Return every declared port, and no other"
    )
    with refused(ModuleError, text):
        Mistaken()(spikes=spikes([0]))


def test_module_that_returns_a_bare_array_is_refused() -> None:
    class Mistaken(Relay):
        def __call__(self, spikes: spark.SpikeArray) -> NumbersOutput:
            return {"numbers": spikes.value}

    text = (
        "Mistaken.__call__: must return a dict of payloads, got something else under ['numbers']. "
        "Return `{'port': spark.FloatArray(...)}`"
    )
    with refused(ModuleError, text):
        Mistaken()(spikes=spikes([0]))


def test_module_that_returns_another_payload_type_is_refused() -> None:
    class Mistaken(Relay):
        def __call__(self, spikes: spark.SpikeArray) -> NumbersOutput:
            return {"numbers": spikes}  # type: ignore[typeddict-item]

    text = (
        "Mistaken.numbers: has the wrong payload type, got SpikeArray; expected IntegerArray. "
        "Return what `__call__` declares"
    )
    with refused(ModuleError, text):
        Mistaken()(spikes=spikes([0]))


def test_module_of_another_modules_config_is_refused() -> None:
    text = "LeakySoma.config: has the wrong type, got NoConfig; expected LeakySomaConfig. Give `LeakySomaConfig(...)`"
    with refused(ModuleError, text):
        LeakySoma(NoConfig())
