"""The cases in Spark: for each a dictionary of arrays."""

import cases
import numpy as np

import spark
from spark import CurrentArray, InputSpec, ModuleSpecs, PortMap, Projection, SpikeArray
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, plasticity, receptors, somas
from spark.nn.projections import TsodyksMarkramConfig

SOMAS = {
    "lif": somas.IntegrateAndFireSomaConfig(cooldown=2.0),
    "adex": somas.AdaptiveExponentialSomaConfig(),
    "izhikevich": somas.IzhikevichSomaConfig(scheme="euler"),
    "hodgkin-huxley": somas.HodgkinHuxleySomaConfig(),
    "adex, fine": somas.AdaptiveExponentialSomaConfig(scheme="runge_kutta_4"),
    "hodgkin-huxley, fine": somas.HodgkinHuxleySomaConfig(scheme="runge_kutta_4"),
    "glif": somas.GeneralizedLeakySomaConfig(),
    "glif, nothing kept": somas.GeneralizedLeakySomaConfig(reset_fraction=0.0),
}
# What the potentials are counted from in the state, where that is not 0.
ABOVE = {"lif": -60.0, "adex": -70.6, "adex, fine": -70.6, "glif": -78.85, "glif, nothing kept": -78.85}
RECEPTORS = {
    "exponential current": receptors.ExponentialCurrentConfig(tau=5.0),
    "alpha current": receptors.AlphaCurrentConfig(tau=5.0),
    "exponential conductance": receptors.ExponentialConductanceConfig(tau=5.0),
    "alpha conductance": receptors.AlphaConductanceConfig(tau=5.0),
    "tsodyks-markram": receptors.JumpConfig(),
}
WIDE = {"weight_unit": 1.0, "minimum": -100.0, "maximum": 100.0}
RULES = {
    "pair": plasticity.PairRuleConfig(pre_tau=16.8, post_tau=33.7, a_plus=0.01, a_minus=0.0105, **WIDE),
    "triplet": plasticity.TripletRuleConfig(**WIDE),
    "vogels": plasticity.VogelsRuleConfig(**WIDE),
    "clopath": plasticity.ClopathRuleConfig(minimum=-100.0, maximum=100.0),
}


def result(name):
    """The arrays of one case."""
    if name in SOMAS:
        return soma(name)
    return synapse(name) if name in RECEPTORS else rule(name)


def brain_of(name, wires, inputs, **pool):
    """A brain of one pool."""
    config = BrainConfig(
        input_map=inputs,
        output_map={},
        modules_map=[ModuleSpecs("pool", Pool, wires, PoolConfig(**pool))],
        dt=cases.STEPS[name][0],
        seed=1,
    )
    return Brain(config)


def soma(name):
    """Potentials and spikes of units under their currents."""
    current = cases.currents(name).astype(np.float32)
    brain = brain_of(
        name,
        {"stimulus": PortMap("__call__", "current")},
        {"current": InputSpec(CurrentArray, (cases.UNITS,), "float32")},
        units=(cases.UNITS,),
        soma=SOMAS[name],
        receptors={"stimulus": receptors.CurrentConfig()},
    )
    given = {"current": CurrentArray(current)}
    recording = spark.run(brain, len(current), given, record=["pool", "pool.soma.potential"])
    potential = np.asarray(recording["pool.soma.potential"], float) + ABOVE.get(name, 0.0)
    return {"potential": potential, "spikes": np.asarray(recording["pool"]) != 0}


def synapse(name):
    """The potential of one unit that cannot fire, under spikes of all sources.

    What arrives in a step is in this step's current or conductance; in the other simulators it is in the next one's.
    A jump comes at once everywhere.
    """
    fired = cases.spikes(name)
    arriving = fired if name == "tsodyks-markram" else np.roll(fired, 1, axis=0)
    short = TsodyksMarkramConfig(utilization=0.2, recovery_tau=200.0, facilitation_tau=300.0)
    settings = {"short_term": short} if name == "tsodyks-markram" else {}
    brain = brain_of(
        name,
        {"r": Projection("__call__", "s", weights=cases.WEIGHTS[name], **settings)},
        {"s": InputSpec(SpikeArray, (cases.SOURCES,), "int8")},
        units=(1,),
        soma=somas.IntegrateAndFireSomaConfig(threshold=1e4),
        receptors={"r": RECEPTORS[name]},
    )
    given = {"s": SpikeArray(arriving.astype(np.int8))}
    recording = spark.run(brain, len(fired), given, record="pool.soma.potential")
    return {"potential": np.asarray(recording["pool.soma.potential"], float) - 60.0}


def rule(name):
    """Weights, every some steps, of connections from all sources to one unit that is made to fire."""
    fired, taught = cases.spikes(name), cases.teacher(name)
    brain = brain_of(
        name,
        {
            "input": Projection("__call__", "s", name="learns", weights=1.0, rule=RULES[name]),
            "teacher": Projection("__call__", "teacher", weights=100.0),
        },
        {
            "s": InputSpec(SpikeArray, (cases.SOURCES,), "int8"),
            "teacher": InputSpec(SpikeArray, (1,), "int8"),
        },
        units=(1,),
        soma=somas.IntegrateAndFireSomaConfig(cooldown=0.0, resistance=1e-3),
        receptors={"input": receptors.PulseCurrentConfig(), "teacher": receptors.JumpConfig()},
    )
    given = {"s": SpikeArray(fired.astype(np.int8)), "teacher": SpikeArray(taught[:, None].astype(np.int8))}
    weights = []
    for begin in range(0, len(fired), cases.EVERY):
        part = {port: type(p)(p.value[begin : begin + cases.EVERY]) for port, p in given.items()}
        spark.run(brain, cases.EVERY, part)
        weights.append(np.asarray(brain.connections("pool.learns").weights, float))
    return {"weights": np.array(weights)}
