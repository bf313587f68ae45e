"""`run` gives what single steps give, compiles once, stays in bounds, and says what is wrong."""

import functools
import os
import re
import signal
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import compiled_apart, drive, tutorial_config
from drawing import some

import spark
from spark import SpikeArray
from spark.engine.native import NativeEngine
from spark.kernels.pages import zeros
from spark.nn import Brain, interfaces, neurons
from spark.sim import chunk
from spark.sim.chunk import run_chunk
from spark.sim.pace import Pace

LIST = "Brain.drive: does not hold an array, got list; expected a JAX or NumPy array. Write `drive=spark.FloatArray("


def tutorial(seed=3, **more):
    return Brain(tutorial_config(seed=seed, **more))


def by_single_steps(brain, inputs):
    """The oracle: one call after the other."""
    spikes, actions, potentials = [], [], []
    for given in inputs:
        out = brain(drive=given)
        spikes.append(np.asarray(brain.get_spikes_from_cache()["pool"].value))
        actions.append(np.asarray(out["action"].value))
        potentials.append(np.asarray(brain.state["pool.soma.potential"]))
    return np.array(spikes), np.array(actions), np.array(potentials)


def series(steps):
    generator = np.random.default_rng(0)
    return np.repeat(generator.uniform(-1, 1, (-(-steps // 50), 4)), 50, axis=0)[:steps].astype(np.float16)


def test_an_input_that_all_steps_share_is_what_it_was_at_the_begin_whatever_is_written_into_its_array_meanwhile():
    value = np.full(4, 0.5, np.float16)

    def overwrite(report):
        value[:] = -1.0

    expected = spark.run(tutorial(), 5000, {"drive": drive(value.copy())}, record="pool")
    changing = {"drive": spark.FloatArray(value)}
    recording = spark.run(tutorial(), 5000, changing, record="pool", callbacks=[overwrite])
    assert value[0] == -1.0
    np.testing.assert_array_equal(recording["pool"], expected["pool"])


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("steps", some([1, 63, 64, 65, 400], 5, 3, thorough=1))
def test_a_run_equals_single_steps(steps, whole, monkeypatch):
    """As one native call, and step by step inside of compiled code."""
    values = series(steps)
    expected = by_single_steps(tutorial(), [drive(v) for v in values])
    if not whole:
        monkeypatch.setattr(chunk, "native_run", lambda *_: None)
    brain = tutorial()
    with compiled_apart("whole runs" if whole else "step by step"):
        recording = spark.run(
            brain, steps, {"drive": drive(values)}, record=["pool", "action", "pool.soma.potential"], progress=False
        )
    np.testing.assert_array_equal(recording["pool"], expected[0] != 0)
    np.testing.assert_array_equal(recording["action"], expected[1])
    np.testing.assert_array_equal(recording["pool.soma.potential"], expected[2])
    assert recording.steps == steps and recording.stopped is None and int(brain.state["step"]) == steps


def test_what_is_recorded_takes_no_further_trace_of_a_step(monkeypatch):
    traced = []
    written = NativeEngine.step
    monkeypatch.setattr(chunk, "native_run", lambda *_: None)
    monkeypatch.setattr(NativeEngine, "step", lambda *given: traced.append(1) or written(*given))
    counts = []
    with compiled_apart("step by step, and counted"):
        for record in ((), ["pool", "action", "pool.soma.potential"]):
            traced.clear()
            spark.run(tutorial(), 3, {"drive": drive()}, record=record)
            counts.append(len(traced))
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize("kind", ["constant", "series", "function", "iterator"])
def test_inputs_may_be_constant_a_series_a_function_or_an_iterator(kind):
    values = np.broadcast_to(np.float16([0.3, -0.5, 0.8, 0.1]), (300, 4))
    inputs = {
        "constant": drive(),
        "series": drive(values),
        "function": lambda step: drive(values[step]),
        "iterator": (drive(v) for v in values),
    }
    recording = spark.run(tutorial(), 300, {"drive": inputs[kind]}, record="pool")
    np.testing.assert_array_equal(
        recording["pool"], spark.run(tutorial(), 300, {"drive": drive()}, record="pool")["pool"]
    )


def test_a_second_run_goes_on_where_the_first_ended():
    whole = spark.run(tutorial(), 500, {"drive": drive()}, record="pool")
    brain = tutorial()
    parts = [spark.run(brain, n, {"drive": drive()}, record="pool") for n in (123, 1, 376)]
    np.testing.assert_array_equal(np.concatenate([p["pool"] for p in parts]), whole["pool"])
    assert [p.first for p in parts] == [0, 123, 124]


def test_what_is_recorded_changes_no_spike():
    plain, watched = tutorial(), tutorial()
    spark.run(plain, 300, {"drive": drive()})
    spark.run(watched, 300, {"drive": drive()}, record=["*"])
    for path in plain.state:
        np.testing.assert_array_equal(plain.state[path], watched.state[path], err_msg=path)


def test_other_steps_inputs_seeds_and_chunks_compile_nothing():
    values = series(700)
    spark.run(tutorial(), 100, {"drive": drive(values[:100])}, record="pool")
    before = run_chunk._cache_size()
    spark.run(tutorial(), 700, {"drive": drive(values)}, record="pool")
    spark.run(tutorial(seed=99), 321, {"drive": drive(-values[:321])}, record="pool")
    assert run_chunk._cache_size() == before


def test_a_callback_sees_progress_and_ends_the_run():
    seen = []

    def watch(report):
        seen.append(report.done)
        assert int(report.brain.state["step"]) == report.done
        if report.done >= 100:
            report.stop("seen enough")

    recording = spark.run(tutorial(), 10_000, {"drive": drive()}, record="pool", callbacks=[watch])
    assert recording.stopped == "seen enough"
    assert recording.steps == seen[-1] < 10_000 and seen == sorted(seen)
    assert len(recording["pool"]) == recording.steps


def test_a_callback_may_change_the_state():
    def quiet(report):
        state = report.brain.state
        report.brain.load_state(state.replace({"pool.soma.potential": jnp.zeros_like(state["pool.soma.potential"])}))

    changed, plain = tutorial(), tutorial()
    spark.run(changed, 500, {"drive": drive()}, callbacks=[quiet])
    spark.run(plain, 500, {"drive": drive()})
    assert not np.array_equal(changed.state["pool.soma.potential"], plain.state["pool.soma.potential"])


def test_ctrl_c_returns_what_was_done_and_a_whole_state():
    brain = tutorial()
    spark.run(brain, 64, {"drive": drive()}, record="pool")
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    recording = spark.run(brain, 10**9, {"drive": drive()}, record="pool")
    assert 0 < recording.steps < 10**9
    assert recording.stopped == "interrupted by Ctrl-C"
    assert int(brain.state["step"]) == 64 + recording.steps
    again = tutorial()
    expected = spark.run(again, 64 + recording.steps, {"drive": drive()}, record="pool")
    np.testing.assert_array_equal(
        recording.spikes("pool")[1], expected.spikes("pool")[1][-len(recording.spikes("pool")[1]) :]
    )
    np.testing.assert_array_equal(again.state["pool.soma.potential"], brain.state["pool.soma.potential"])


def test_a_second_ctrl_c_interrupts_as_usual():
    def twice(report):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        spark.run(tutorial(), 10**6, {"drive": drive()}, callbacks=[twice])
    assert signal.getsignal(signal.SIGINT) is before


def test_numbers_are_checked_if_asked():
    brain = tutorial(check_numbers=True)
    values = series(200)
    values[150, 2] = np.nan
    with pytest.raises(spark.NumericsError, match="150"):
        spark.run(brain, 200, {"drive": drive(values)})


@pytest.mark.parametrize(
    ("steps", "kind", "said"),
    [
        (0, spark.RunError, "steps: must be a whole number of at least 1, got 0"),
        (-1, spark.RunError, "steps: must be a whole number of at least 1, got -1"),
        (2**63, spark.RunError, "steps: must be at most 4,611,686,018,427,387,904, got 9223372036854775808"),
        (1.5, spark.ArgumentError, "run.steps: has the wrong type, got float 1.5; expected a whole number"),
        (True, spark.ArgumentError, "run.steps: has the wrong type, got bool True; expected a whole number"),
        ("10", spark.ArgumentError, "run.steps: has the wrong type, got str '10'; expected a whole number"),
        (None, spark.ArgumentError, "run.steps: has the wrong type, got None; expected a whole number"),
    ],
)
def test_steps_that_are_none_are_refused(steps, kind, said):
    with pytest.raises(kind) as caught:
        spark.run(tutorial(), steps, {"drive": drive()})
    assert str(caught.value).removesuffix(".") == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"record": None}, "run.record: has the wrong type, got None; expected Iterable or a string or Probe"),
        ({"callbacks": print}, "run.callbacks: has the wrong type, got builtin_function_or_method; expected Iterable"),
        ({"callbacks": [3]}, "callbacks[0]: is no function, got int. Give functions that take a `Report`"),
        ({"inputs": 3}, "run.inputs: has the wrong type, got int 3; expected Mapping or None"),
        ({"to": 3}, "run.to: has the wrong type, got int 3; expected a string or Path or None"),
    ],
)
def test_an_argument_of_the_wrong_type_is_named(arguments, said):
    with pytest.raises(spark.SparkError) as caught:
        spark.run(tutorial(), 5, **{"inputs": {"drive": drive()}, **arguments})
    assert str(caught.value).removesuffix(".") == said


def test_a_call_without_what_it_needs_says_what_it_expects():
    with pytest.raises(spark.ArgumentError) as caught:
        spark.run()
    assert (
        "run: cannot be called so: missing a required argument: 'brain'; expected (brain, steps, inputs, record"
        in str(caught.value)
    )


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (None, "drive: input is missing"),
        ({"drve": drive()}, "drive"),
        ({"drive": drive(np.zeros((9, 4)))}, "got 9; expected 10"),
        ({"drive": drive(np.zeros((10, 3)))}, "got (10, 3); expected (4,), or (10, 4)"),
        ({"drive": np.zeros(4)}, "has the wrong type, got ndarray"),
        ({"drive": spark.FloatArray([0.0] * 4)}, LIST),
        ({"drive": spark.FloatArray([[0.0] * 4] * 10)}, LIST),
        ({"drive": lambda step: spark.FloatArray([0.0] * 4)}, LIST),
        ({"drive": spark.FloatArray(3.0)}, LIST.replace("list", "float")),
        ({"drive": lambda step: 3.0}, "its function returned a float at step 0"),
        ({"drive": lambda step: drive(np.zeros(3))}, "got (3,); expected (4,)"),
        ({"drive": iter([drive()] * 4)}, "its iterator ended before step 4"),
    ],
)
def test_inputs_that_do_not_fit_say_so(inputs, said):
    with pytest.raises(spark.InputError) as caught:
        spark.run(tutorial(), 10, inputs)
    assert said in str(caught.value)


@pytest.mark.parametrize("way", ["constant", "series", "function"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int8", "bool"])
def test_a_run_takes_and_refuses_the_dtypes_that_a_call_does(dtype, way):
    # In float64 just above the middle of two float16 numbers, and in float32 in the middle.
    value = spark.FloatArray(np.full(4, 0.5 + 2.0**-12 + 2.0**-40).astype(jnp.dtype(dtype)))
    inputs = {
        "constant": value,
        "series": spark.FloatArray(np.stack([value.value] * 5)),
        "function": lambda step: value,
    }

    def outcome(advance):
        brain = tutorial()
        try:
            advance(brain)
        except spark.InputError as error:
            return str(error)
        return {path: np.asarray(brain.state[path]).tobytes() for path in brain.state}

    called = outcome(lambda brain: [brain(drive=value) for _ in range(5)])
    assert outcome(lambda brain: spark.run(brain, 5, {"drive": inputs[way]})) == called


@pytest.mark.parametrize("units", [[5, 2, 9], slice(0, 7, 2), 4, np.array([1, 0])])
@pytest.mark.parametrize("path", ["pool", "pool.soma.potential"])
def test_units_of_a_probe_are_those_of_the_whole(path, units):
    whole, part = tutorial(), tutorial()
    all_units = spark.run(whole, 200, {"drive": drive()}, record=path)[path]
    some = spark.run(part, 200, {"drive": drive()}, record=spark.Probe(path, units=units))[path]
    np.testing.assert_array_equal(some, all_units[:, np.atleast_1d(np.arange(32)[units])])
    for name in whole.state:
        np.testing.assert_array_equal(part.state[name], whole.state[name], err_msg=name)


def spikes_into_a_pool():
    net = spark.Network(seed=1)
    pool = net.pool("pool", 8, neurons.LIFNeuron, async_spikes=False)
    net.connect(net.input("x", 100, SpikeArray), pool.in_spikes)
    return net.build(), SpikeArray(np.ones(100, np.int8))


def numbers_into_a_spiker():
    net = spark.Network(seed=1)
    net.module("spiker", interfaces.PoissonSpiker, {"signal": net.input("x", 100)}, max_freq=10.0)
    return net.build(), spark.FloatArray(np.ones(100, np.float32))


@pytest.mark.parametrize("make", [spikes_into_a_pool, numbers_into_a_spiker])
def test_rows_beyond_those_of_a_short_run_are_neither_copied_nor_gone_through(make, monkeypatch):
    """There is room for the longest chunk, so that another number of steps compiles nothing."""
    brain, given_in_each = make()
    made, shared, results = [], [], []

    def recorded(shape, of):
        made.append(zeros(shape, of))
        return made[-1]

    def looked_at(*given, **more):
        (rows,) = jax.tree.leaves(given[3])
        shared.append(rows.unsafe_buffer_pointer() == made[-1].ctypes.data)
        text = str(jax.make_jaxpr(functools.partial(run_chunk, **more))(*given))
        results.extend(re.findall(rf"\[{rows.shape[0]},100\] = (\w+)", text))
        return run_chunk(*given, **more)

    monkeypatch.setattr("spark.sim.feed.zeros", recorded)
    monkeypatch.setattr("spark.sim.run.run_chunk", looked_at)
    spark.run(brain, 3, {"x": iter([given_in_each] * 3)})
    assert (shared, results) == ([True], [])
    assert made[0].shape[0] > 10_000


def test_inputs_that_end_early_leave_the_brain_at_the_last_whole_chunk():
    brain = tutorial()
    with pytest.raises(spark.InputError):
        spark.run(brain, 1000, {"drive": iter([drive()] * 100)})
    step = int(brain.state["step"])
    assert 0 < step <= 100
    again = tutorial()
    spark.run(again, step, {"drive": drive()})
    np.testing.assert_array_equal(brain.state["pool.soma.potential"], again.state["pool.soma.potential"])


def test_the_pace_follows_the_speed_within_its_bounds(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    pace = Pace(1 << 12)
    for _ in range(10):
        count = pace.begin(10**9)
        clock[0] += count * 1e-4
        pace.end(count)
    assert 1900 <= count <= 2100
    for _ in range(10):
        count = pace.begin(10**9)
        clock[0] += 10.0
        pace.end(count)
    assert count == 1
    for _ in range(10):
        count = pace.begin(10**9)
        clock[0] += 1e-9
        pace.end(count)
    assert count == 1 << 12
    assert pace.begin(7) == 7
    known = pace.steps_per_second
    clock[0] += 10.0
    pace.end(7)
    assert pace.steps_per_second == known
    assert Pace(1 << 9, known).begin(10**9) == 1 << 9


def test_a_run_begins_as_fast_as_the_last_one_ended(monkeypatch):
    """So many short runs need no more chunks, each of which costs something, than a long one."""
    clock = [0.0]

    def at_1024_steps_a_second(*given, **more):
        clock[0] += int(given[4]) / 1024
        return run_chunk(*given, **more)

    monkeypatch.setattr("spark.sim.run.run_chunk", at_1024_steps_a_second)
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    brain = tutorial()
    asked = iter([drive()] * 600)  # For all that a run knows beforehand it may be slow.
    for given, chunks in ((drive(), [64, 268, 472, 600]), (asked, [64, 268, 472, 600]), (drive(), [204, 408, 600])):
        ends = []
        spark.run(brain, 600, {"drive": given}, callbacks=[lambda report, ends=ends: ends.append(report.done)])
        assert ends == chunks
