"""Brains on several devices beside the same brains on one; run as a program in a process that has the devices.

Prints, for every case, the first step at which spikes differ, how many there were, and which variables differ
at the end. With a port and a process number it is one of two processes that hold the devices together.
"""

import json
import sys
from pathlib import Path
from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np

import spark
from spark import CurrentArray, FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray
from spark.demo import tutorial_config
from spark.nn import (
    Brain,
    BrainConfig,
    Projection,
    connections,
    dendrites,
    initializers,
    interfaces,
    neurons,
    plasticity,
    projections,
    receptors,
    somas,
)
from spark.nn.synapses.background import PoissonBackgroundConfig
from spark.sim import advance, shard

sys.path.append(str(Path(__file__).parents[2] / "examples" / "networks"))
STEPS = 320


class ThresholdConfig(spark.ModuleConfig):
    """No parameters."""


class ThresholdOutput(TypedDict):
    """Spikes, and how many there were."""

    spikes: SpikeArray
    count: FloatArray


class Rectifier(spark.Module):
    """A user's module that needs all its input at once: units that fire where the input is above its mean so far."""

    config: ThresholdConfig

    def build(self, signal: spark.PortSpec) -> None:
        self.mean = spark.Variable(np.zeros(signal.shape, np.float32))

    def __call__(self, signal: FloatArray) -> ThresholdOutput:
        value = signal.value.astype(jnp.float32)
        self.mean.value = 0.9 * self.mean.value + 0.1 * value
        fired = (value > self.mean.value.mean()).astype(jnp.int8)
        return {"spikes": SpikeArray(fired), "count": FloatArray(fired.sum(dtype=jnp.float32)[None])}


class OwnOutput(TypedDict):
    """Spikes."""

    spikes: SpikeArray


class Averages(spark.Module):
    """A user's spiker that can be cut: each unit fires by two averages, whose factors all units share."""

    config: ThresholdConfig
    unit_ports = ("signal", "spikes")

    def build(self, signal: spark.PortSpec) -> None:
        self.averages = spark.Variable(np.zeros((2, *signal.shape), np.float32), unit_axis=1)
        self.factors = spark.Constant(np.float32([[0.9], [0.5]]), unit_axis=None)

    def __call__(self, signal: FloatArray) -> OwnOutput:
        averages = self.averages.value * self.factors.value + signal.value.astype(jnp.float32)
        fired = averages[0] + averages[1] > 4.0
        self.averages.value = jnp.where(fired, 0.0, averages)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}


def tutorial() -> tuple[Brain, dict]:
    """The tutorial's brain and its drive."""
    brain = Brain(tutorial_config())
    return brain, {"drive": FloatArray(jnp.asarray([0.3, -0.5, 0.8, 0.1], jnp.float16))}


def wire(*ends: str) -> list[PortMap]:
    """Wires from 'module.port'."""
    return [PortMap(*end.split(".")) for end in ends]


def beside() -> dict:
    """A projection and a stimulus beside the bare wires of a pool."""
    own = Projection(
        "second",
        "out_spikes",
        name="own",
        pattern=connections.FixedProbability(probability=0.3),
        weights=initializers.UniformInitializer(low=100.0, high=500.0),
        delay=initializers.UniformInitializer(low=1.0, high=6.0),
        rule=plasticity.ZenkeRuleConfig(gamma=0.01),
    )
    return {"in_spikes": own, "stimulus": PortMap("__call__", "current")}


def two_pools(delayed: bool, density: float = 0.3, seed: int = 5, more: dict | None = None) -> tuple[Brain, dict]:
    """Two plastic pools, one of them of two dimensions, with random input and outputs that are spikes and numbers.

    The second one may have further wires, one for each receptor.
    """
    into = {"in_spikes": wire("first.out_spikes", "rectifier.spikes")}
    for port, further in (more or {}).items():
        into[port] = [*into.get(port, []), further]
    kinds = {"in_spikes": receptors.PulseCurrentConfig(), "stimulus": receptors.CurrentConfig()}
    kernel = initializers.UniformInitializer(density=density, total=9_000.0)
    common = {"async_spikes": delayed, "synapses__kernel": kernel, "learning_rule__gamma": 0.01}
    modules = [
        ModuleSpecs(
            "noise",
            interfaces.PoissonSpiker,
            {"signal": wire("__call__.drive")},
            interfaces.PoissonSpikerConfig(max_freq=300.0),
        ),
        ModuleSpecs(
            "first",
            neurons.LIFNeuron,
            {"in_spikes": wire("noise.spikes", "first.out_spikes", "second.out_spikes")},
            neurons.LIFNeuronConfig(units=(10, 13), **common),
        ),
        ModuleSpecs(
            "second",
            neurons.ALIFNeuron,
            into,
            neurons.ALIFNeuronConfig(units=(47,), receptors={port: kinds[port] for port in into}, **common),
        ),
        ModuleSpecs("reader", interfaces.ExponentialIntegrator, {"spikes": wire("first.out_spikes")},
                    interfaces.ExponentialIntegratorConfig(num_outputs=3)),
        ModuleSpecs("rectifier", Rectifier, {"signal": wire("reader.signal")}),
    ]  # fmt: skip
    brain = Brain(
        BrainConfig(
            seed=seed,
            input_map={
                "drive": InputSpec(FloatArray, (60,), jnp.float32),
                "current": InputSpec(CurrentArray, (1,), jnp.float32),
            },
            output_map={
                "count": {"input": PortMap("rectifier", "count"), "spec": OutputSpec(FloatArray, (1,), jnp.float32)},
                "spikes": {"input": PortMap("second", "out_spikes"), "spec": OutputSpec(SpikeArray, (47,), jnp.int8)},
                "drive": {"input": PortMap("__call__", "drive"), "spec": OutputSpec(FloatArray, (60,), jnp.float16)},
            },
            modules_map=modules,
        )
    )
    drive = FloatArray(jnp.linspace(0.1, 0.6, 60, dtype=jnp.float32))
    return brain, {"drive": drive, "current": CurrentArray(jnp.full(1, 5.0, jnp.float32))}


def cuba() -> tuple[Brain, dict]:
    """Weights that stay, along lists, with a delay."""
    from balanced import cuba

    return cuba(3000, seed=1), {}


def plastic() -> tuple[Brain, dict]:
    """A table of pair terms on all pairs, from sources outside of the pool."""
    from plastic import plastic

    return plastic(120, 200, seed=1), {"rate": FloatArray(jnp.full(200, 12.0, jnp.float32))}


def wires() -> tuple[Brain, dict]:
    """Two pools with projections of all kinds: weights that stay, or change by tables, or for a short time."""
    net = spark.Network(dt=0.5, seed=3)
    noise = net.module("noise", interfaces.PoissonSpiker, {"signal": net.input("drive", 50)}, max_freq=400.0)
    kinds = {
        "fast": receptors.ExponentialConductanceConfig(tau=5.0),
        "slow": receptors.NMDAConfig(),
        "block": receptors.ExponentialCurrentConfig(tau=10.0),
    }
    first = net.pool("first", 70, soma=somas.AdaptiveExponentialSomaConfig(), receptors=kinds)
    second = net.pool("second", (5, 9), soma=somas.IntegrateAndFireSomaConfig(), receptors=kinds)
    some, late = connections.FixedProbability(probability=0.4), initializers.UniformInitializer(low=0.5, high=6.0)
    nearest = plasticity.PairRuleConfig(a_plus=0.1, nearest=True)
    net.connect(noise, first.fast, some, weights=6.0, delay=late, name="driven", rule=nearest)
    net.connect(noise, second.fast, weights=8.0, name="all", rule=plasticity.TripletRuleConfig(a2_plus=0.02))
    net.connect(first, second.slow, some, weights=3.0, delay=late, short_term=projections.TsodyksMarkramConfig())
    net.connect(first, second.block, some, weights=-20.0, delay=1.5)
    # As many connections as sources, and a weight for each source.
    net.connect(second, first.slow, connections.FixedTotalNumber(number=45), weights=2.0, delay=2.0)
    net.connect(second, first.block, connections.FixedOutDegree(degree=1), weights=30.0, delay=late)
    net.connect(noise, first.block, connections.FixedOutDegree(degree=2), weights=10.0, delay=late)
    return net.build(), {"drive": FloatArray(jnp.full(50, 0.5, jnp.float32))}


def kinds() -> tuple[Brain, dict]:
    """Pools with different somas, of which some draw random numbers, with different dendrites; a user's module."""
    net = spark.Network(dt=0.5, seed=3)
    drive = net.input("drive", 20)
    noise = net.module("noise", interfaces.PoissonSpiker, {"signal": drive}, max_freq=400.0)
    even = net.module("even", Averages, {"signal": drive})
    point = somas.IntegrateAndFireSomaConfig()
    made = {
        "escape": (somas.EscapeRateSomaConfig(), None),
        "chance": (somas.PoissonSomaConfig(), None),
        "text": (somas.EquationSomaConfig(), None),
        "drawn": (
            somas.from_equations(
                "rho = rate + gain*I : Hz",
                threshold="rand() < rho*dt",
                potential="",
                parameters={"rate": "20 Hz", "gain": "0.2 Hz/pA"},
            ),
            None,
        ),
        "compartments": (somas.TwoCompartmentSomaConfig(), None),
        "leaky": (point, dendrites.LeakyDendriteConfig()),
        "plateau": (point, dendrites.PlateauDendriteConfig()),
        "propagating": (point, dendrites.BackpropagatingDendriteConfig()),
    }
    for name, (soma, dendrite) in made.items():
        on = {} if dendrite is None else {"dendrites": {"apical": dendrite}, "onto": {"fast": "apical"}}
        pool = net.pool(name, 24, soma=soma, receptors={"fast": receptors.ExponentialCurrentConfig(tau=5.0)}, **on)
        net.connect(noise, pool.fast, weights=initializers.UniformInitializer(low=100.0, high=300.0))
    net.connect(even, pool.fast, weights=50.0)
    return net.build(), {"drive": FloatArray(jnp.full(20, 0.5, jnp.float32))}


def outside() -> tuple[Brain, dict]:
    """Pools with random events from outside, gap junctions in and between them, and rules with a third factor, which
    comes to one of them late.
    """
    net = spark.Network(dt=0.5, seed=3)
    reward = net.input("reward", 1)
    late = net.module("late", interfaces.DelayLine, {"signal": reward}, delay=8.0)
    noise = net.module("noise", interfaces.PoissonSpiker, {"signal": net.input("drive", 30)}, max_freq=400.0)
    kinds = {"fast": receptors.ExponentialCurrentConfig(tau=5.0), "gap": receptors.GapJunctionConfig()}
    settings = {
        "soma": somas.IntegrateAndFireSomaConfig(),
        "receptors": kinds,
        "exposes": ("potential",),
        "background": {"fast": PoissonBackgroundConfig(rate=2000.0, weight=60.0)},
        "modulators": ("reward",),
    }
    first, second = net.pool("first", 34, **settings), net.pool("second", (5, 7), **settings)
    some, delay = connections.FixedProbability(probability=0.4), initializers.UniformInitializer(low=0.5, high=6.0)
    rule = plasticity.PairRuleConfig(a_plus=0.1, eligibility_tau=40.0)
    for pool, told, settings in ((first, reward, {"pattern": some, "delay": delay}), (second, late, {})):
        net.connect(told, pool.reward)
        net.connect(noise, pool.fast, weights=30.0, name="driven", rule=rule, modulator="reward", **settings)
        rule = rule.updated(consolidation=4.0)
        net.connect(first.potential, pool.gap, some, weights=1.0, name="coupled")
    net.connect(second.potential, first.gap, some, weights=0.5, name="other")
    net.output("potential", second.potential)
    inputs = {"reward": FloatArray(jnp.full(1, 0.02, jnp.float32)), "drive": FloatArray(jnp.full(30, 0.5, jnp.float32))}
    return net.build(), inputs


BRAINS = {
    "kinds": kinds,
    "outside": outside,
    "cuba": cuba,
    "plastic": plastic,
    "wires": wires,
    "tutorial": tutorial,
    "delayed": lambda: two_pools(True),
    "listed": lambda: two_pools(False),
    "dense": lambda: two_pools(False, density=1.0, more=beside()),
}
UNEVEN = {"noise": (31, 0, 29), "first": (1, 128, 1), "second": (20, 27, 0), "reader": 2}
CASES = {
    **{f"tutorial {by} {n}": ("tutorial", n, by) for by in ("unit", "module") for n in (1, 2, 4, 8)},
    **{f"delayed {by} {n}": ("delayed", n, by) for by in ("unit", "module") for n in (1, 2, 4, 8)},
    **{f"{name} unit {n}": (name, n, "unit") for name in ("cuba", "plastic", "wires") for n in (1, 2, 3, 4, 8)},
    "tutorial unit 3": ("tutorial", 3, "unit"),
    "delayed unit 3": ("delayed", 3, "unit"),
    "listed unit 3": ("listed", 3, "unit"),
    "dense unit 3": ("dense", 3, "unit"),
    "kinds unit 3": ("kinds", 3, "unit"),
    "outside unit 3": ("outside", 3, "unit"),
    "delayed plan 3": ("delayed", 3, UNEVEN),
    "listed plan 3": ("listed", 3, UNEVEN),
    "tutorial plan 2": ("tutorial", 2, {"neurons_pool": (250, 6)}),
}
SHORT = ("tutorial unit 8", "tutorial module 2", "cuba unit 3")
# More ways to cut and more kinds of modules; each compiles twice. Delays are looked at by two processes.
KINDS = ("listed plan 3", "kinds unit 3")
LONG = tuple(case for case in CASES if case not in (*SHORT, *KINDS))
# Delayed spikes of units that are split are looked at by two processes in the quick run; each of them compiles all.
TWO_PROCESSES = {
    "two processes": ("delayed unit 2",),
    "two processes long": ("cuba unit 2", "plastic unit 2", "tutorial unit 2", "wires unit 2"),
    "two processes of two devices": ("delayed unit 4", "tutorial unit 4", "delayed module 4"),
}


def first_difference(one: np.ndarray, other: np.ndarray) -> int | None:
    """The first step at which two arrays differ, or None."""
    steps = np.flatnonzero((one != other).reshape(len(one), -1).any(axis=1))
    return int(steps[0]) if steps.size else None


def joined(one: dict, other: dict) -> dict[str, np.ndarray]:
    """What was put out in two runs, one after the other."""
    return {k: np.concatenate([np.asarray(one[k].value), np.asarray(other[k].value)]) for k in one}


class Alone:
    """A brain on one device: what the others must do too."""

    def __init__(self, name: str) -> None:
        self.brain, self.inputs = BRAINS[name]()
        self.brain(**self.inputs)
        self.brain.reset()
        # Sharding begins in the middle of things: with spikes under way and weights changed.
        for _ in range(20):
            self.brain(**self.inputs)
        graph, state = spark.split(self.brain)
        self.last, halves = jax.tree.map(jnp.copy, state), []
        for learning in (True, False):
            *found, self.last = advance(graph, self.last, self.inputs, learning, steps=STEPS // 2, spikes=True)
            halves.append(found)
        self.outputs, self.fired = (joined(one, other) for one, other in zip(*halves, strict=True))

    def compared(self, devices: int, by) -> dict:
        """The same on several devices, in two runs of which the second does not learn, beside this one."""
        many = shard(self.brain, devices, by)
        first, fired_first, state = many.advance(many.state, self.inputs, steps=STEPS // 2, spikes=True)
        if jax.process_count() > 1:
            # A state that is gathered goes on as well as one that never was.
            state = many.scatter(self.brain, many.gather(self.brain, state))
        then, fired_then, state = many.advance(state, self.inputs, steps=STEPS // 2, spikes=True, learning=False)
        outputs, fired = joined(first, then), joined(fired_first, fired_then)
        last = many.gather(self.brain, state)
        different = [p for p in self.last if not np.array_equal(np.asarray(self.last[p]), np.asarray(last[p]))]
        return {
            "outputs": {k: first_difference(v, outputs[k]) for k, v in self.outputs.items()},
            "spikes": {k: first_difference(v, fired[k]) for k, v in self.fired.items()},
            "count": {k: int(np.abs(v).sum()) for k, v in self.fired.items()},
            "different": different,
            "pieces": len(many._program.pieces),
            "placement": many.placement,
            "bytes": many.bytes_per_device,
            "sockets": many.exchanges_by_sockets,
            "explained": {how.path: [how.runs_as, how.where, how.because] for how in spark.explain(many).modules},
        }


def main(names: tuple[str, ...]) -> dict:
    """All results by case."""
    alone: dict[str, Alone] = {}
    found = {}
    for case in names:
        name, devices, by = CASES[case]
        alone[name] = alone.get(name) or Alone(name)
        found[case] = alone[name].compared(devices, by)
    return found


if __name__ == "__main__":
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    if len(sys.argv) == 4:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        # On a busy machine the two processes may come late, and not hear of each other for long.
        jax.distributed.initialize(
            f"127.0.0.1:{sys.argv[2]}",
            num_processes=2,
            process_id=int(sys.argv[3]),
            initialization_timeout=1800,
            heartbeat_timeout_seconds=1800,
            shutdown_timeout_seconds=1800,
        )
    chosen = {"short": SHORT, "kinds": KINDS, "long": LONG, **TWO_PROCESSES}[sys.argv[1]]
    print(json.dumps({"devices": [jax.process_count(), jax.device_count()], "cases": main(chosen)}))
