"""Probes find what they ask for, and say everything that is wrong with them."""

import numpy as np
import pytest
from builders import drive, refused, tutorial_brain

import spark
from spark import Probe


@pytest.fixture(scope="module")
def recorded():
    """Spikes and potentials of 600 steps, and a function that records the same steps again."""

    def record(*probes, steps=600):
        return spark.run(tutorial_brain(), steps, {"drive": drive()}, record=probes)

    whole = record("pool", "pool.soma.potential", "spiker")
    return whole["pool"], whole["pool.soma.potential"], record


def test_a_star_stands_for_any_part(recorded):
    assert recorded[2]("*spikes", steps=3).names == ["pool.out_spikes", "spiker.spikes"]


def test_units_are_chosen(recorded):
    spikes, potential, record = recorded
    found = record(
        Probe("pool.soma.potential", units=[5, 1]),
        Probe("pool.soma.potential", units=slice(0, 8, 3), name="sliced"),
        Probe("pool", units=np.arange(32) > 20),
        Probe("pool", units=7, name="one"),
    )
    np.testing.assert_array_equal(found["pool.soma.potential"], potential[:, [5, 1]])
    np.testing.assert_array_equal(found["sliced"], potential[:, :8:3])
    np.testing.assert_array_equal(found["pool.out_spikes"], spikes[:, 21:])
    np.testing.assert_array_equal(found["one"], spikes[:, 7:8])
    np.testing.assert_allclose(found.rates("pool.out_spikes"), spikes[:, 21:].mean(0) * 1000)


@pytest.mark.parametrize("every", [1, 7, 100, 1000])
def test_every_keeps_the_steps_that_it_divides(recorded, every):
    time, values = recorded[2](Probe("pool.soma.potential", every=every)).trace("pool.soma.potential")
    np.testing.assert_array_equal(time, np.arange(0, 600, every))
    np.testing.assert_array_equal(values, recorded[1][::every])


def test_windows_keep_their_steps(recorded):
    spikes, potential, record = recorded
    windows = [(10, 30), (200, 599)]
    kept = np.r_[10:30, 200:599]
    found = record(
        Probe("pool.soma.potential", window=windows),
        Probe("pool", window=windows),
        Probe("pool", name="p", window=(0, 9)),
    )
    np.testing.assert_array_equal(found.trace("pool.soma.potential")[0], kept)
    np.testing.assert_array_equal(found["pool.soma.potential"], potential[kept])
    np.testing.assert_array_equal(np.nonzero(spikes[kept])[1], found.spikes("pool.out_spikes")[1])
    np.testing.assert_allclose(found.rates("pool.out_spikes"), spikes[kept].mean(0) * 1000)
    np.testing.assert_allclose(found.rates("p"), spikes[:9].mean(0) * 1000)


@pytest.mark.parametrize("around", [(0, 0), (3, 5), (0, 40), (100, 0)])
def test_a_trigger_keeps_what_lies_around_its_spikes(recorded, around):
    spikes, potential, record = recorded
    found = record(Probe("pool.soma.potential", trigger="pool", around=around))
    fired = np.flatnonzero(spikes.any(1))
    near = (np.arange(600)[:, None] >= fired - around[0]) & (np.arange(600)[:, None] <= fired + around[1])
    kept = np.flatnonzero(near.any(1))
    assert 0 < kept.size < 600 or around[0] + around[1] >= 40
    np.testing.assert_array_equal(found.trace("pool.soma.potential")[0], kept)
    np.testing.assert_array_equal(found["pool.soma.potential"], potential[kept])


@pytest.mark.parametrize("reduce", ["mean", "sum", "std", "min", "max"])
def test_reductions_are_numpys(recorded, reduce):
    found = recorded[2](Probe("pool.soma.potential", reduce=reduce, units=slice(0, 20)))["pool.soma.potential"]
    expected = getattr(np, reduce)(recorded[1][:, :20].astype(np.float64), axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_histograms_count_units(recorded):
    found = recorded[2](Probe("pool.soma.potential", reduce=("histogram", 5, (-10, 40)), every=50))
    expected = [np.histogram(row, 5, (-10, 40))[0] for row in recorded[1][::50]]
    np.testing.assert_array_equal(found["pool.soma.potential"], expected)
    assert np.sum(expected) > 0


def test_a_rate_is_the_share_of_units_that_fire(recorded):
    found = recorded[2](Probe("pool", reduce="rate", units=slice(0, 16)))
    np.testing.assert_allclose(found["pool.out_spikes"], recorded[0][:, :16].mean(1) * 1000, rtol=1e-6)
    assert found.describe("pool.out_spikes")["unit"] == "Hz"


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ("pol", "record[0]: nothing goes by 'pol'"),
        ("pool.soma.potentia", "pool.soma.potential"),
        ("x.*", "record[0]: nothing goes by 'x.*'"),
        (3, "record[0]: must be a path or a probe, got int"),
        (Probe("pool", name="a", every=2), "record[0].every: does not apply to spikes, got 2"),
        (Probe("pool.soma.potential", every=0), "record[0].every: must be a whole number of at least 1, got 0"),
        (Probe("pool", units=[3, 32]), "record[0].units: must be indices from 0 to 31, got [3, 32]"),
        (Probe("pool", units=[3, 1, 3]), "record[0].units: lists a unit twice, got 3 more than once"),
        (Probe("pool", units=-1), "record[0].units: must be indices from 0 to 31, got -1"),
        (Probe("pool", units=1.5), "record[0].units"),
        (Probe("pool", units=slice(40, 50)), "record[0].units"),
        (Probe("pool", window=(5, 5)), "record[0].window: must be steps (first, last) with first < last"),
        (Probe("pool", window=7), "record[0].window"),
        (Probe("pool", trigger="pol"), "record[0].trigger: no spikes go by 'pol'"),
        (Probe("pool", trigger="pool", around=(1,)), "record[0].trigger: needs `around=(steps before, steps after)`"),
        (
            Probe("pool.soma.potential", around=(2, 3)),
            "record[0].around: has no effect without a trigger, got (2, 3). Give `trigger=...`, or leave it out",
        ),
        (Probe("pool", reduce="mean"), "record[0].reduce: is no reduction of spikes, got 'mean'; expected 'rate'"),
        (Probe("pool.soma.potential", reduce="rate"), "record[0].reduce: is no reduction of arrays, got 'rate'"),
        (Probe("pool.soma.potential", reduce=("histogram", 0, (0, 1))), "record[0].reduce"),
        (Probe("pool.soma.*", name="a"), "one name for"),
    ],
)
def test_probes_that_do_not_fit_say_so(probe, said):
    with pytest.raises(spark.RecordError) as caught:
        spark.run(tutorial_brain(), 3, {"drive": drive()}, record=[probe])
    assert said in str(caught.value)


def test_all_problems_come_together():
    with pytest.raises(spark.RecordError) as caught:
        spark.run(
            tutorial_brain(), 3, {"drive": drive()}, record=["pool", "pool", "pol", Probe("pool", units=99, every=0)]
        )
    assert len(caught.value.problems) == 4
    assert "two of them have the name 'pool.out_spikes'" in str(caught.value)


@pytest.mark.parametrize("other", [{"units": [0]}, {"reduce": "rate"}, {"window": (0, 9)}])
def test_a_modules_name_means_the_channel_that_was_asked_for_by_it_whatever_other_probes_are_named(recorded, other):
    spikes, _, record = recorded
    for asked in (
        [Probe("pool"), Probe("pool", name="pools", **other)],
        [Probe("pool", name="pools", **other), "pool"],
    ):
        found = record(*asked)
        np.testing.assert_array_equal(found["pool"], spikes)
        np.testing.assert_allclose(found.rates("pool"), spikes.mean(0) * 1000)


def test_a_rate_goes_by_its_modules_name(recorded):
    found = recorded[2](Probe("pool", reduce="rate"))
    np.testing.assert_array_equal(found["pool"], found["pool.out_spikes"])


@pytest.mark.parametrize("ask", [lambda found: found["pool"], lambda found: found.rates("pool")])
def test_a_modules_name_that_two_named_probes_share_is_refused_with_both(recorded, ask):
    found = recorded[2](Probe("pool", name="a", units=[0]), Probe("pool", name="b", units=[1]))
    text = "pool: stands for several channels, got 'pool'; expected 'a' or 'b'. Name one of them"
    with refused(spark.RecordError, text):
        ask(found)


@pytest.mark.parametrize("name", ["", " ", "\n\t", "half \ud800"])
def test_a_name_that_cannot_be_read_is_refused(name):
    text = (
        f"Probe.name: is no name, got {name!r}; expected text that can be read. "
        "Leave it out, and the recording calls it by its path"
    )
    with refused(spark.RecordError, text):
        Probe("pool", name=name)


@pytest.mark.parametrize("budget", [-1.0, float("nan"), float("-inf")])
def test_a_budget_that_is_none_is_refused_before_a_step(budget):
    brain = tutorial_brain()
    text = f"budget_mb: must be at least 0 MB, got {budget!r}. Leave it out for 1024 MB"
    with refused(spark.RecordError, text):
        spark.run(brain, 3, {"drive": drive()}, record="pool", budget_mb=budget)
    assert int(brain.state["step"]) == 0
    with refused(spark.RecordError, f"brains[0].{text}"):
        spark.batch([brain], 3, {"drive": drive()}, record="pool", budget_mb=budget)
