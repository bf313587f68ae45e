"""Spike trains as lists of events give what the same spikes as rows give, and say what is wrong with them."""

import numpy as np
import pytest
from builders import relay
from hypothesis import given, settings
from hypothesis import strategies as st

import spark
from spark import FloatArray, FormatError, InputError, InputSpec, ModuleSpecs, PortMap, SpikeArray, SpikeEvents
from spark.nn import Brain, BrainConfig


def brain(units=5, dt=0.5):
    """Puts out what comes in."""
    return Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (units,), "int8")},
            output_map={},
            modules_map=[relay("passed", ("__call__", "s"))],
            dt=dt,
        )
    )


def test_an_event_acts_in_the_step_nearest_to_its_time():
    events = SpikeEvents([0.0, 1.0, 1.2, 9.9], [0, 1, 2, 4])
    recording = spark.run(brain(), 30, {"s": events}, record="passed")
    time, unit = recording.spikes("passed")
    assert time.tolist() == [0.0, 1.0, 1.0, 10.0] and unit.tolist() == [0, 1, 2, 4]


@settings(max_examples=20, deadline=None)
@given(spikes=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 4)), unique=True), seed=st.integers(0, 999))
def test_events_in_any_order_equal_rows_of_spikes(spikes, seed):
    steps, units = np.array(spikes, np.int64).reshape(-1, 2).T
    signs = np.random.default_rng(seed).choice([-1, 1], steps.size)
    rows = np.zeros((40, 5), np.int8)
    rows[steps, units] = signs
    for inputs in (SpikeEvents(steps * 0.5, units, signs), SpikeArray(rows)):
        runs = brain()
        spark.run(runs, 40, {"s": inputs})
        states = runs.state
        if isinstance(inputs, SpikeEvents):
            by_events = {path: np.asarray(states[path]) for path in states}
    for path in states:
        np.testing.assert_array_equal(by_events[path], states[path])


def test_what_was_recorded_can_be_played_to_a_brain_again():
    events = SpikeEvents([3.0, 4.0], [1, 1])
    first = spark.run(brain(), 20, {"s": events}, record="passed")
    again = spark.run(brain(), 20, {"s": SpikeEvents(*first.spikes("passed"))}, record="passed")
    assert again.spikes("passed")[0].tolist() == [3.0, 4.0]


def test_a_part_of_a_train_counts_from_its_own_begin():
    part = SpikeEvents([0.0, 5.0, 7.5, 10.0], [0, 1, 2, 3]).between(5.0, 10.0)
    assert part.times.tolist() == [0.0, 2.5] and part.units.tolist() == [1, 2]
    assert len(SpikeEvents([1.0], [0]).between(8.0, 3.0)) == 0


def test_an_empty_list_is_silence():
    recording = spark.run(brain(), 10, {"s": SpikeEvents([], [])}, record="passed")
    assert recording["passed"].sum() == 0


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (([0.0, 1.0], [0]), "are lists of different shapes, got (2,), (1,) and (1,)"),
        (([0.0, np.nan], [0, 1]), "SpikeEvents.times: hold a wrong value, got nan at 1; expected finite numbers"),
        (([-1.0], [0]), "got -1.0 at 0; expected finite numbers of at least 0 ms"),
        (([1.0], [0.5]), "SpikeEvents.units: have the wrong dtype, got float64; expected whole numbers"),
        (([1.0], [-2]), "SpikeEvents.units: hold a wrong value, got -2 at 0"),
        ((["a"], [0]), "SpikeEvents.times: have the wrong dtype"),
        (([1.0], np.array([2**63], np.uint64)), "got 9223372036854775808 at 0; expected whole numbers from 0 to 92233"),
        (([[1], [2, 3]], [0, 1]), "SpikeEvents.times: are no plain list of numbers, got rows of different lengths"),
        (([1.0, 2.0], [[1], [2, 3]]), "expected units of shape (events,). Give one of each for every spike"),
        (([1.0], [0], [2]), "SpikeEvents.signs: hold a wrong value, got 2 at 0; expected 1 or -1"),
    ],
)
def test_events_that_make_no_sense_are_refused(events, text):
    with pytest.raises(InputError) as error:
        SpikeEvents(*events)
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (([1.0], [5]), "Brain.s: an event names a unit that is not there, got 5; expected 0 to 4"),
        (([5.0], [0]), "an event lies beyond the run, got one at 5 ms; expected at most 4.5 ms, the last of 10 steps"),
        (([1.0, 1e300], [0, 1]), "an event lies beyond the run, got one at 1e+300 ms; expected at most 4.5 ms"),
        (
            ([1.0, 1.1], [3, 3]),
            "a unit fires more than once in a step of 0.5 ms, got unit 3 in step 2 (1 spikes in all)",
        ),
    ],
)
def test_events_that_do_not_fit_the_run_are_refused_before_it(events, text):
    made = brain()
    with pytest.raises(InputError) as error:
        spark.run(made, 10, {"s": SpikeEvents(*events)})
    assert text in str(error.value) and int(made.state["step"]) == 0


def test_events_are_no_numbers_for_other_inputs():
    made = Brain(
        BrainConfig(
            input_map={"x": InputSpec(FloatArray, (5,), "float32")},
            output_map={},
            modules_map=[ModuleSpecs("s", spark.nn.interfaces.PoissonSpiker, {"signal": PortMap("__call__", "x")})],
        )
    )
    with pytest.raises(InputError, match="has the wrong type, got SpikeEvents; expected FloatArray"):
        spark.run(made, 10, {"x": SpikeEvents([1.0], [0])})


def test_a_file_gives_the_events_that_were_saved(tmp_path):
    events = SpikeEvents([0.1, 2.30000001, 1e6], [4, 0, 3], [1, -1, 1])
    spark.save_events(events, tmp_path / "spikes.csv")
    loaded = spark.load_events(tmp_path / "spikes.csv")
    for name in ("times", "units", "signs"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(events, name))


def test_other_columns_and_orders_are_read(tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("Unit, channel, Time\r\n3, a, 2.5\r\n1, b, 0.5\r\n\r\n", encoding="utf-8")
    events = spark.load_events(file)
    assert events.times.tolist() == [0.5, 2.5] and events.units.tolist() == [1, 3] and events.signs.tolist() == [1, 1]


def test_whole_numbers_that_are_written_as_floats_are_read_exactly(tmp_path):
    file = tmp_path / "floats.csv"
    file.write_text(f"time,unit,sign,,\n1,2.0,-1.0,,\n2,1e3,1,\n3,{2**53 + 1},1\n")
    events = spark.load_events(file)
    assert events.units.tolist() == [2, 1000, 2**53 + 1] and events.signs.tolist() == [-1, 1, 1]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "has no column 'time', got []; expected a first line such as 'time,unit'"),
        (b"time,neuron\n1,2\n", "has no column 'unit', got ['time', 'neuron']"),
        (b"time,unit\n1,2\nx,3\n", "line 3: time is no number, got 'x'; expected float"),
        (b"time,unit\n1\n", "line 2: unit is no number, got 'nothing'; expected int"),
        (b"time,unit\n1,2.5\n", "line 2: unit is no whole number, got '2.5'; expected int"),
        (b"time,unit\n1,nan\n", "line 2: unit is no number, got 'nan'; expected int"),
        (b"time,unit,sign\n1,2,0.5\n", "line 2: sign is no whole number, got '0.5'; expected int"),
        (b"time,unit\n1_0,2\n", "line 2: time is no number, got '1_0'; expected float"),
        (b"time,unit\n1,1_0\n", "line 2: unit is no number, got '1_0'; expected int"),
        (b"time,unit\n1,5,3\n", "line 2: has 3 cells, got '1,5,3'; expected 2"),
        (b"time,unit,unit\n1,2,3\n", "has the column 'unit' more than once, got ['time', 'unit', 'unit']"),
        (b"Time,unit,time\n1,2,3\n", "has the column 'time' more than once"),
        (b"time,unit\n1,99999999999999999999\n", "a number is too large for a unit or a sign"),
        (b"time,unit\ninf,1\n", "got inf at 0; expected finite numbers"),
        (b"\xff\xfe\x00", "cannot be read as a table of spikes"),
    ],
)
def test_a_damaged_table_is_named_with_its_line(tmp_path, content, text):
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(FormatError) as error:
        spark.load_events(file)
    assert text in str(error.value) and str(file) in str(error.value)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FormatError, match="cannot be read as a table of spikes: .*No such file"):
        spark.load_events(tmp_path / "none.csv")
