"""Plastic presets are pools: projections, receptors and currents beside what their bare wires are together."""

import numpy as np
import pytest
from builders import refused
from pool_brains import DT, SOURCES, UNITS, trains
from tolerances import INTEGRATED

import spark
from spark import CurrentArray, FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray, WiringError
from spark.nn import Brain, BrainConfig, Projection, receptors
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.nn.plasticity import PairRuleConfig, ZenkeRuleConfig
from spark.sim.run import build

INPUTS = {
    "s": InputSpec(SpikeArray, (SOURCES,), "int8"),
    "current": InputSpec(CurrentArray, (UNITS,), "float32"),
    "reward": InputSpec(FloatArray, (1,), "float32"),
}
OWN = PortMap("__call__", "s")
TAU, RESISTANCE = 20.0, 0.1  # ms, GOhm: mV for each pA


def preset(wires, **config) -> Brain:
    own = wires.get("in_spikes", [])
    bare = not all(isinstance(wire, Projection) for wire in (own if isinstance(own, list) else [own]))
    fields = {
        "units": (UNITS,),
        "async_spikes": False,
        "inhibitory_rate": 0.0,
        # Where no wire is bare, nothing would take it.
        **({"learning_rule": ZenkeRuleConfig(gamma=0.0)} if bare else {}),
        "soma__potential_tau": TAU,
        "soma__resistance": 100.0,
        **config,
    }
    made = Brain(
        BrainConfig(
            input_map=INPUTS,
            output_map={},
            modules_map=[ModuleSpecs("pool", LIFNeuron, wires, LIFNeuronConfig(**fields))],
            dt=DT,
        )
    )
    build(made)
    return made


def ran(brain: Brain, spikes: np.ndarray, current: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Spikes and potentials above rest, mV."""
    given = {
        "s": SpikeArray(spikes),
        "current": CurrentArray(np.full(UNITS, current, np.float32)),
        "reward": FloatArray(np.zeros(1, np.float32)),
    }
    found = spark.run(brain, len(spikes), given, record=["pool", "pool.soma.potential"])
    return found["pool"], found["pool.soma.potential"]


def test_a_projection_beside_bare_wires_adds_to_what_they_bring():
    spikes = trains(200, rate=0.3)
    together = ran(preset({"in_spikes": OWN}, synapses__kernel=2000.0), spikes)
    beside = [OWN, Projection("__call__", "s", name="more", weights=1500.0)]
    apart = ran(preset({"in_spikes": beside}, synapses__kernel=500.0), spikes)
    assert together[0].any()
    np.testing.assert_array_equal(apart[0], together[0])
    np.testing.assert_allclose(apart[1], together[1], **INTEGRATED["float32"])


def test_a_projection_beside_bare_wires_has_a_delay_and_connections_of_its_own():
    once = np.zeros((12, SOURCES), np.int8)
    once[0, 2] = 1
    only = np.zeros((UNITS, SOURCES), np.float32)
    only[3, 2] = 100.0
    brain = preset({"in_spikes": [OWN, Projection("__call__", "s", name="late", pattern=only, delay=4 * DT)]},
                   synapses__kernel=0.0)  # fmt: skip
    _, potential = ran(brain, once)
    assert not potential[:4].any() and not np.delete(potential, 3, axis=1).any() and (potential[4:, 3] > 0).all()
    assert brain.connections("pool.late").delays.tolist() == [4 * DT]
    assert len(brain.connections("pool.synapses")) == UNITS * SOURCES


def test_a_current_is_injected_into_a_preset():
    brain = preset(
        {"stimulus": PortMap("__call__", "current")},
        receptors={"in_spikes": receptors.PulseCurrentConfig(), "stimulus": receptors.CurrentConfig()},
    )
    _, potential = ran(brain, np.zeros((100, SOURCES), np.int8), current=50.0)
    exact = 50.0 * RESISTANCE * (1 - np.exp(-DT * np.arange(1, 101) / TAU))
    np.testing.assert_allclose(potential, np.tile(exact[:, None], UNITS), **INTEGRATED["float32"])


def test_another_receptor_takes_the_place_of_in_spikes_and_bare_wires_stay_one_projection():
    brain = preset(
        {"in_spikes": OWN},
        receptors={"in_spikes": receptors.ExponentialCurrentConfig(tau=5.0)},
        synapses__kernel=40.0,
    )
    once = np.zeros((60, SOURCES), np.int8)
    once[0, 0] = 1
    _, potential = ran(brain, once)
    time = DT * np.arange(1, 61)
    exact = 40.0 * RESISTANCE * 5.0 / (TAU - 5.0) * (np.exp(-time / TAU) - np.exp(-time / 5.0))
    np.testing.assert_allclose(potential, np.tile(exact[:, None], UNITS), **INTEGRATED["float32"])
    assert len(brain.connections("pool.synapses")) == UNITS * SOURCES


def test_without_a_bare_wire_there_is_nothing_that_they_would_be_together():
    brain = preset({"in_spikes": Projection("__call__", "s", name="only", weights=1.0)})
    assert not hasattr(brain.pool, "synapses") and len(brain.connections("pool.only")) == UNITS * SOURCES


def test_a_projection_may_not_be_called_as_bare_wires_are_together():
    with refused(WiringError, "pool.synapses: is the name of two projections. Give each a `name=...` of its own"):
        preset({"in_spikes": [OWN, Projection("__call__", "s", name="synapses")]})


REWARD = PortMap("__call__", "reward")


def test_a_modulation_that_no_rule_takes_is_refused():
    text = (
        "pool.modulation: is wired, but modulates no rule. Give a rule an `eligibility_tau` (the config of a "
        "rule of your own says by a property `modulated` that it has the port), and name it as the "
        "`modulator` of its projection; or unwire it"
    )
    with refused(WiringError, text):
        preset({"in_spikes": OWN, "modulation": REWARD})


def test_a_modulated_rule_without_a_modulation_is_refused():
    text = "pool.modulation: is not wired, but the rule is modulated. Wire a FloatArray to it"
    with refused(WiringError, text):
        preset({"in_spikes": OWN}, learning_rule=PairRuleConfig(eligibility_tau=50.0))


@pytest.mark.parametrize("bare", [True, False])
def test_a_rule_of_bare_wires_or_of_a_projection_may_be_modulated(bare):
    rule = PairRuleConfig(eligibility_tau=50.0)
    wire = OWN if bare else Projection("__call__", "s", name="own", rule=rule, modulator="modulation")
    brain = preset({"in_spikes": wire, "modulation": REWARD}, **({"learning_rule": rule} if bare else {}))
    assert ("pool.learning_rule.moved" if bare else "pool.own_rule.moved") in brain.state
