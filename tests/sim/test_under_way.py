"""Spikes under way: wherever a call begins or ends, by however many threads, what arrives is the same to the bit."""

import numpy as np
import pytest
from builders import array_code
from drawing import some

import spark
from spark import FloatArray
from spark.core.tree import walk
from spark.kernels import order
from spark.nn import Brain
from spark.nn.connections import FixedProbability
from spark.nn.initializers import ConstantInitializer, UniformInitializer
from spark.nn.interfaces import PoissonSpiker
from spark.nn.projections import TsodyksMarkramConfig
from spark.nn.projections.static import StaticProjections
from spark.nn.receptors import PulseCurrentConfig
from spark.nn.somas import LeakySomaConfig
from spark.nn.synapses import drawn

SOURCES, UNITS, STEPS = 150, 190, 300
# Pieces of a run: shorter than the shortest delay, longer than most of the longest, and one step alone.
PIECES = (1, 1, 2, 30, 1, 3, 40, 12, 130, 80)
DELAYS = {
    "one for all": ConstantInitializer(value=6.0),
    "one for each": UniformInitializer(low=2.0, high=9.0),
    "also at once": UniformInitializer(low=1.0, high=4.0),
    "as much as a byte holds": UniformInitializer(low=1.0, high=256.0),
    "more than a byte holds": UniformInitializer(low=1.0, high=300.0),
}
# Of the sources, and of the pool itself; with the dtype in which they are stored.
WEIGHTS = {
    "one": (ConstantInitializer(value=900.0), ConstantInitializer(value=900.0), "float32"),
    "each": (*[UniformInitializer(low=300.0, high=1500.0)] * 2, "float32"),
    "one of each source": (ConstantInitializer(value=900.0), ConstantInitializer(value=700.0), "float32"),
    "each, of half precision": (*[UniformInitializer(low=300.0, high=1500.0)] * 2, "float16"),
}
# Each of the delays with each of the weights; a quarter of the pairs in the quick run, with every one of both.
MET = [
    pytest.param(delay, weight, marks=[] if (number + place) % 4 == 0 else pytest.mark.thorough)
    for number, delay in enumerate(DELAYS)
    for place, weight in enumerate(WEIGHTS)
]


# How many steps are delivered together.
TOGETHER = {"into a ring": 0, "by blocks": 8, "by blocks of two steps": 2}
WAYS = ["into a ring", "by blocks", pytest.param("by blocks of two steps", marks=pytest.mark.thorough)]


@pytest.fixture(params=WAYS, autouse=True)
def together(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Connections with many delays are delivered in either way, which otherwise follows from how many they are."""
    steps = TOGETHER[request.param]
    # So few connections would have no middles.
    monkeypatch.setattr(drawn, "MIDDLES_CONNECTIONS", 0)
    if steps:
        monkeypatch.setattr(order, "SPREAD_BYTES", 0)
        monkeypatch.setattr(order, "SPREAD_CONNECTIONS", 0)
        monkeypatch.setattr(order, "_BLOCK", 2 * UNITS * steps)
        assert order.steps_together(UNITS) == steps
    return steps


def network(delay: str, weight: str) -> Brain:
    """Sources and the pool itself end at one receptor, a tenth of the units inhibits."""
    net = spark.Network(dt=1.0, seed=3)
    sources = net.module("sources", PoissonSpiker, {"signal": net.input("rate", SOURCES)}, max_freq=60.0)
    pool = net.pool(
        "pool", UNITS, soma=LeakySomaConfig(), receptors={"early": PulseCurrentConfig()}, inhibitory_rate=0.1
    )
    *weights, dtype = WEIGHTS[weight]
    for origin, probability, strength in zip((sources, pool), (0.2, 0.3), weights, strict=True):
        pattern = FixedProbability(probability=probability)
        net.connect(origin, pool.early, pattern, weights=strength, delay=DELAYS[delay], weight_dtype=dtype)
    return net.build()


def in_pieces(brain: Brain, pieces, threads: int | None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Spikes and state after a run in pieces from the first step on."""
    brain.reset()
    inputs = {"rate": FloatArray(np.ones(SOURCES, np.float32))}
    found = [
        spark.run(brain, steps, inputs, record=["pool.out_spikes"], threads=threads, progress=False)["pool.out_spikes"]
        for steps in pieces
    ]
    return np.concatenate(found), {path: np.array(brain.state[path]) for path in brain.state}


@pytest.mark.parametrize(("delay", "weight"), MET)
def test_a_run_in_pieces_or_by_several_threads_brings_what_one_call_brings(delay, weight, together):
    brain = network(delay, weight)
    assert sum(PIECES) == STEPS
    whole, state = in_pieces(brain, [STEPS], 1)
    assert np.count_nonzero(whole) > 300
    (lists,) = (part for _, part in walk(brain) if isinstance(part, StaticProjections))
    assert "middles" in lists.row_fields
    assert lists.by_delay == (together > 0 and delay not in ("one for all", "more than a byte holds"))
    late = np.unique(brain.connections("pool.early").delays)
    assert (len(late) == 1) == (delay == "one for all"), late
    assert delay != "as much as a byte holds" or late[-1] - late[0] == 255
    for pieces, threads in ((PIECES, 1), ([STEPS], 3), (PIECES, 2), (PIECES, 5)):
        spikes, after = in_pieces(brain, pieces, threads)
        np.testing.assert_array_equal(spikes, whole, err_msg=f"{pieces} by {threads} threads")
        for path, value in state.items():
            np.testing.assert_array_equal(after[path], value, err_msg=f"{path}: {pieces} by {threads} threads")


@pytest.mark.parametrize("delay", ["one for all", "one for each"])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_recorded_ring_is_that_of_one_step_after_the_other(delay, threads):
    brain = network(delay, "each")
    path = "pool.early_projections.arriving"
    inputs = {"rate": FloatArray(np.ones(SOURCES, np.float32))}
    brain.reset()
    steps = []
    for _ in range(20):
        spark.run(brain, 1, inputs, progress=False)
        steps.append(np.array(brain.state[path]))
    brain.reset()
    recorded = spark.run(brain, 20, inputs, record=[path], threads=threads, progress=False)[path]
    assert np.any(recorded[-1])
    np.testing.assert_array_equal(recorded, np.stack(steps))


@pytest.mark.parametrize("delay", some(DELAYS, 2, first=1, thorough=1))
def test_the_ring_of_input_to_come_is_that_of_array_code(delay):
    brain = network(delay, "each")
    spikes, state = in_pieces(brain, [STEPS], None)
    with array_code():
        expected, there = in_pieces(network(delay, "each"), [STEPS], None)
    np.testing.assert_array_equal(spikes, expected)
    rings = [path for path in state if path.endswith("arriving")]
    assert rings == ["pool.early_projections.arriving"]
    assert delay == "also at once" or np.any(state[rings[0]])
    for path in rings:
        np.testing.assert_array_equal(state[path], there[path], err_msg=path)


def test_what_short_term_plasticity_leaves_of_a_spike_goes_with_it_on_its_way():
    net = spark.Network(dt=1.0, seed=3)
    sources = net.module("sources", PoissonSpiker, {"signal": net.input("rate", SOURCES)}, max_freq=60.0)
    pool = net.pool("pool", UNITS, soma=LeakySomaConfig(), receptors={"early": PulseCurrentConfig()})
    pattern = FixedProbability(probability=0.3)
    depressing = TsodyksMarkramConfig(recovery_tau=200.0)
    delay, weights = DELAYS["one for each"], WEIGHTS["each"][0]
    net.connect(sources, pool.early, pattern, weights=weights, delay=delay, short_term=depressing)
    brain = net.build()
    spikes, state = in_pieces(brain, [STEPS], 1)
    assert np.count_nonzero(spikes) > 100
    for pieces, threads in ((PIECES, 2), ([STEPS], 3)):
        found, after = in_pieces(brain, pieces, threads)
        np.testing.assert_array_equal(found, spikes)
        for path, value in state.items():
            np.testing.assert_array_equal(after[path], value, err_msg=f"{path}: {pieces} by {threads} threads")
    with array_code():
        expected, _ = in_pieces(brain, [STEPS], 1)
    np.testing.assert_array_equal(spikes, expected)
