"""What is done with an entry of the catalogue to show what it does: each gives panels to draw."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import spark
from spark import (
    BooleanMask,
    CurrentArray,
    FloatArray,
    InputSpec,
    IntegerArray,
    ModuleSpecs,
    OutputSpec,
    PortMap,
    PotentialArray,
    Projection,
    SpikeArray,
    learn,
)
from spark.core.check_examples import example_config
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, connections, plasticity, receptors, somas
from spark.sim.recordable import recordables

DT = 0.1
AMPLITUDES = np.geomspace(0.1, 1e5, 121).astype(np.float32)
SETTINGS: dict[str, dict[str, Any]] = {
    "StepCurrent": {"times": [30.0, 90.0, 150.0], "amplitudes": [100.0, 40.0, 0.0]},
    "RampCurrent": {"begin": 40.0, "end": 160.0},
    "SampledCurrent": {"samples": [0.0, 30.0, 80.0, 60.0, 90.0, 10.0], "interval": 30.0},
    "PopulationEncoder": {"pairs": False},
    "Gate": {"threshold": 0.5},
    "DelayLine": {"delay": 30.0},
    "TopologicalLinearSpiker": {"resolution": 32},
    "TopologicalPoissonSpiker": {"resolution": 32},
}
# Of presets that a bare wire hardly excites: weights, in their receptors' units, of twenty connections a unit.
WEIGHTS = {"AdExNeuron": 250.0, "CurrentLIFNeuron": 40.0, "DeltaLIFNeuron": 2.0, "Pool": 150.0}


@dataclass
class Panel:
    """Curves by their labels, or spikes of units, over time or what else `below` says."""

    beside: str
    below: str = "time (ms)"
    curves: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    spikes: Any = None
    dt: float = DT
    logarithmic: bool = False
    points: bool = False


def of_soma(cls: Any) -> tuple[list[Panel], str]:
    """Constant currents of many sizes: the potential at one of them and at one that is too weak, and all rates."""
    config = PoolConfig(
        units=(len(AMPLITUDES),), soma=cls.config_class()(), receptors={"stimulus": receptors.CurrentConfig()}
    )
    brain = brain_of(
        [ModuleSpecs("pool", Pool, {"stimulus": PortMap("__call__", "current")}, config)],
        {"current": InputSpec(CurrentArray, AMPLITUDES.shape, "float32")},
    )
    current = {"current": CurrentArray(AMPLITUDES)}
    spark.run(brain, 1, current)
    own = [
        path for path, what in recordables(brain).items() if path.startswith("pool.soma.") and what.dtype == "float32"
    ]
    path = next((path for path in own if path.endswith(".potential")), own[0])
    brain = Brain(brain.config)
    recording = spark.run(brain, 5000, current, record=["pool", path])
    counts = np.asarray(recording["pool"], int).sum(axis=0)
    chosen = int(np.argmin(np.abs(counts - 15)))
    silent = np.flatnonzero(counts[:chosen] == 0)
    time = DT * np.arange(1, 2501)
    curves = {f"{AMPLITUDES[chosen]:.3g} pA": (time, recording[path][:2500, chosen])}
    if len(silent):
        curves[f"{AMPLITUDES[silent[-1]]:.3g} pA"] = (time, recording[path][:2500, silent[-1]])
    rates = counts / 0.5
    last = int(np.argmax(rates > min(300.0, 0.8 * rates.max()))) + 1
    first = max(0, (silent[-1] if len(silent) else 0) - 6)
    between = slice(first, last)
    panels = [
        Panel("probability" if path.endswith("probability") else "potential (mV)", curves=curves),
        Panel("rate (Hz)", "current (pA)", {"": (AMPLITUDES[between], rates[between])}, logarithmic=True, points=True),
    ]
    return panels, "A constant current from time 0 on: what one unit does, and how its rate follows the current."


def of_receptor(cls: Any) -> tuple[list[Panel], str]:
    """One spike and four soon after each other, at a leaky unit that cannot fire."""
    if cls.takes is PotentialArray:
        return of_junction(cls)
    inputs = {"s": InputSpec(SpikeArray, (1,), "int8"), "current": InputSpec(CurrentArray, (1,), "float32")}
    injected = cls is receptors.Current
    wire = PortMap("__call__", "current") if injected else Projection("__call__", "s", weights=1.0)
    soma = somas.IntegrateAndFireSomaConfig(threshold=1e5)
    config = PoolConfig(units=(1,), soma=soma, receptors={"receptor": cls.config_class()()})
    brain = brain_of([ModuleSpecs("pool", Pool, {"receptor": wire}, config)], inputs)
    steps = 4000
    train = np.zeros((steps, 1), np.int8)
    train[[200, 1500, 1600, 1700, 1800]] = 1
    current = np.zeros((steps, 1), np.float32)
    current[1000:2500] = 1.0
    given = {"s": SpikeArray(train), "current": CurrentArray(current)}
    spark.run(brain, 1, {name: type(value)(value.value[0]) for name, value in given.items()})
    own = [path for path in recordables(brain) if path.startswith("pool.receptor.")]
    brain = Brain(brain.config)
    recording = spark.run(brain, steps, given, record=[*own, "pool.soma.potential"])
    time = DT * np.arange(1, steps + 1)
    kept = {path.rpartition(".")[2]: (time, recording[path][:, 0]) for path in own}
    panels = [Panel("the receptor", curves=kept)] if kept else []
    panels.append(Panel("potential (mV)", curves={"": (time, recording["pool.soma.potential"][:, 0])}))
    what = "A current of 1 pA from 100 to 250 ms" if injected else "Spikes of weight 1 at 20 ms, and at 150 to 180 ms"
    return panels, f"{what}, at a leaky unit that does not fire."


def of_junction(cls: Any) -> tuple[list[Panel], str]:
    """Two leaky units, of which one is given a current."""
    soma = somas.IntegrateAndFireSomaConfig(threshold=1e5)
    both = {"receptor": cls.config_class()(), "stimulus": receptors.CurrentConfig()}
    config = PoolConfig(units=(2,), soma=soma, receptors=both, exposes=("potential",))
    wires = {
        "receptor": Projection("pool", "potential", weights=np.array([[0.0, 5.0], [0.0, 0.0]])),
        "stimulus": PortMap("__call__", "current"),
    }
    brain = brain_of([ModuleSpecs("pool", Pool, wires, config)], {"current": InputSpec(CurrentArray, (2,), "float32")})
    current = np.zeros((3000, 2), np.float32)
    current[500:1500, 0] = 100.0
    recording = spark.run(brain, len(current), {"current": CurrentArray(current)}, record="pool.soma.potential")
    time, potential = DT * np.arange(1, len(current) + 1), recording["pool.soma.potential"]
    curves = {"given a current": (time, potential[:, 0]), "the other": (time, potential[:, 1])}
    return [Panel("potential (mV)", curves=curves)], (
        "Two leaky units that 5 nS join; one of them is given 100 pA from 50 to 150 ms."
    )


def of_dendrite(cls: Any) -> tuple[list[Panel], str]:
    """A weak and a strong current into a dendrite, at a leaky soma."""
    soma = somas.IntegrateAndFireSomaConfig()
    config = PoolConfig(
        units=(2,),
        soma=soma,
        receptors={"current": receptors.CurrentConfig()},
        dendrites={"dendrite": cls.config_class()()},
        onto={"current": "dendrite"},
    )
    specs = ModuleSpecs("pool", Pool, {"current": PortMap("__call__", "current")}, config)
    brain = brain_of([specs], {"current": InputSpec(CurrentArray, (2,), "float32")})
    steps, amplitudes = 2000, (300, 1200)
    current = np.zeros((steps, 2), np.float32)
    current[200:300] = amplitudes
    paths = {"dendrite": "pool.dendrite.potential", "soma": "pool.soma.potential"}
    recording = spark.run(brain, steps, {"current": CurrentArray(current)}, record=list(paths.values()))
    time = DT * np.arange(1, steps + 1)
    panels = [
        Panel(f"{name} (mV)", curves={f"{pA} pA": (time, recording[path][:, n]) for n, pA in enumerate(amplitudes)})
        for name, path in paths.items()
    ]
    return panels, "Ten milliseconds of current into the dendrite, from 20 ms on: both potentials above rest."


def of_rule(cls: Any) -> tuple[list[Panel], str]:
    """Pairs of spikes with a lag, twenty times, rarely and often; of a rule that waits for plateaus, one of these."""
    if cls is plasticity.BTSPRule:
        return of_plateau(cls)
    lags = np.arange(-40.0, 41.0, 2.0)
    panel = Panel("weight", "spike of the unit after that of the source (ms)", points=True)
    for interval in (1000.0, 100.0):
        weights = paired(cls, lags, round(interval / DT), 20)
        panel.curves[f"{1000 / interval:g} Hz"] = (lags, weights)
    return [panel], (
        "Weights, 1 before, of connections whose source fires at a lag to the unit's own spike, "
        "20 times, once and ten times a second."
    )


def of_plateau(cls: Any) -> tuple[list[Panel], str]:
    """One plateau, and sources that fire for a second at an interval from it."""
    intervals, step = np.arange(-7.0, 5.01, 0.25), 2.0
    panel = Panel("change of weight", "activity of the source after the plateau (s)", points=True)
    steps = round(16_000 / step)
    plateau, sources = np.zeros((steps, 1), np.float32), np.zeros((steps, len(intervals)), np.int8)
    plateau[round(9000 / step) : round(9300 / step)] = 1.0
    for number, interval in enumerate(intervals):
        times = 9000 + 1000 * interval + 100 * np.arange(-5, 6)
        sources[np.round(times / step).astype(int), number] = 1
    inputs = {"s": InputSpec(SpikeArray, intervals.shape, "int8"), "plateau": InputSpec(FloatArray, (1,), "float32")}
    for first in (0.05, 0.5, 0.9):
        rule = cls.config_class()(plateaus="modulation")
        wire = Projection("__call__", "s", name="learns", weights=first, rule=rule, modulator="plateau")
        both = {"input": wire, "plateau": PortMap("__call__", "plateau")}
        config = PoolConfig(
            units=(1,), soma=somas.IntegrateAndFireSomaConfig(), receptors={"input": receptors.JumpConfig()},
            modulators=("plateau",),
        )  # fmt: skip
        brain = brain_of([ModuleSpecs("pool", Pool, both, config)], inputs, dt=step)
        spark.run(brain, steps, {"s": SpikeArray(sources), "plateau": FloatArray(plateau)})
        panel.curves[f"from {first:g}"] = (intervals, np.asarray(brain.connections("pool.learns").weights) - first)
    return [panel], (
        "Change of weights, from three first values, of connections whose source fires at 10 Hz for a second, by one "
        "plateau of 300 ms."
    )


def paired(cls: Any, lags: Any, interval: int, times: int) -> Any:
    """Weights after some pairs."""
    inputs = {"s": InputSpec(SpikeArray, lags.shape, "int8"), "teacher": InputSpec(SpikeArray, (1,), "int8")}
    wires = {
        "input": Projection("__call__", "s", name="learns", weights=1.0, rule=cls.config_class()()),
        "teacher": Projection("__call__", "teacher", weights=1e3),
    }
    both = {"input": receptors.ExponentialCurrentConfig(), "teacher": receptors.JumpConfig()}
    config = PoolConfig(units=(1,), soma=somas.IntegrateAndFireSomaConfig(), receptors=both)
    brain = brain_of([ModuleSpecs("pool", Pool, wires, config)], inputs)
    steps = interval * times + 1000
    sources, teacher = np.zeros((steps, len(lags)), np.int8), np.zeros((steps, 1), np.int8)
    for begin in range(500, 500 + interval * times, interval):
        teacher[begin] = 1
        sources[begin - np.round(lags / DT).astype(int), np.arange(len(lags))] = 1
    spark.run(brain, steps, {"s": SpikeArray(sources), "teacher": SpikeArray(teacher)})
    return np.asarray(brain.connections("pool.learns").weights)


def of_short_term(cls: Any) -> tuple[list[Panel], str]:
    """A train, a pause, a spike: with the defaults, and where the part that is used grows."""
    steps = 10_000
    train = np.zeros((steps, 1), np.int8)
    train[500:5000:500] = 1
    train[9000] = 1
    panels = []
    for title, settings in (
        ("tires", {}),
        ("grows", {"utilization": 0.1, "recovery_tau": 50.0, "facilitation_tau": 500.0}),
    ):
        wire = Projection("__call__", "s", name="wire", weights=1.0, short_term=cls.config_class()(**settings))
        pool = PoolConfig(units=(1,), soma=somas.IntegrateAndFireSomaConfig(), receptors={"r": receptors.JumpConfig()})
        brain = brain_of([ModuleSpecs("pool", Pool, {"r": wire}, pool)], {"s": InputSpec(SpikeArray, (1,), "int8")})
        recording = spark.run(brain, steps, {"s": SpikeArray(train)}, record="pool.soma.potential")
        potential = np.asarray(recording["pool.soma.potential"])[:, 0]
        panels.append(Panel(f"{title} (mV)", curves={"": (DT * np.arange(1, steps + 1), potential)}))
    return panels, (
        "The potential of a leaky unit that jumps by what each spike brings of a weight of 1 mV: of the defaults, and "
        "of connections that use a tenth at first and more with every spike."
    )


def of_source(cls: Any) -> tuple[list[Panel], str]:
    """Its current."""
    config = example_config(cls).updated(units=(1,), **SETTINGS.get(cls.__name__, {}))
    output = {"out": {"input": PortMap("part", "current"), "spec": OutputSpec(CurrentArray, (1,), "float32")}}
    brain = brain_of([ModuleSpecs("part", cls, {}, config)], {}, output)
    recording = spark.run(brain, 2000, record="out")
    curve = (DT * np.arange(1, 2001), np.asarray(recording["out"])[:, 0])
    return [Panel("current (pA)", curves={"": curve})], "Its current."


def of_interface(cls: Any) -> tuple[list[Panel], str]:
    """Sines, or spikes of units whose rate rises and falls, and what comes out."""
    config = example_config(cls).updated(**SETTINGS.get(cls.__name__, {}))
    kinds = {**cls.ports_from(config).inputs}
    steps, width = 400, 4
    phase = 2 * np.pi * (np.arange(steps)[:, None] / 200.0 + np.arange(width) / width)
    wave = 0.5 + 0.45 * np.sin(phase)
    units = 20
    turned = 2 * np.pi * (np.arange(steps)[:, None] / 200.0 - np.arange(units) / units)
    fired = np.random.default_rng(1).random((steps, units)) < 0.1 * np.exp(3 * (np.cos(turned) - 1))
    given = {
        name: SpikeArray(fired.astype(np.int8)) if kind is SpikeArray else kind(wave.astype(np.float32))
        for name, kind in kinds.items()
    }
    inputs = {name: InputSpec(type(v), v.value.shape[1:], str(v.value.dtype)) for name, v in given.items()}
    modules = [ModuleSpecs("part", cls, {name: PortMap("__call__", name) for name in given}, config)]
    brain = brain_of(modules, inputs, dt=1.0)
    spark.run(brain, 1, {name: type(value)(value.value[0]) for name, value in given.items()})
    output = {
        port: {"input": PortMap("part", port), "spec": OutputSpec(spec.payload_type, spec.shape, spec.dtype)}
        for port, spec in brain.part.output_specs.items()
    }
    recording = spark.run(brain_of(modules, inputs, output, dt=1.0), steps, given, record=list(output))
    panels = [shown(name, type(value), np.asarray(value.value)) for name, value in list(given.items())[:1]]
    for port, spec in brain.part.output_specs.items():
        panels.append(shown(port, spec.payload_type, np.asarray(recording[port]).reshape(steps, -1)))
    return panels, f"What goes in (`{next(iter(given))}`), and what comes out."


def of_learner(cls: Any) -> tuple[list[Panel], str]:
    """Spikes, an error or a reward now and then, and what comes out."""
    if cls is learn.PredictionError:
        return of_prediction(cls)
    config = example_config(cls)
    kinds = dict(cls.ports_from(config).inputs)
    steps = 400
    generator = np.random.default_rng(1)
    now_and_then = np.zeros(steps, np.float32)
    now_and_then[50::50] = generator.uniform(-1.0, 1.0, len(now_and_then[50::50]))
    given = {}
    for name, kind in kinds.items():
        if kind is SpikeArray:
            given[name] = SpikeArray((generator.random((steps, 20)) < 0.05).astype(np.int8))
        elif kind is BooleanMask:
            given[name] = BooleanMask(np.arange(steps) == (0 if name == "started" else -1))
        else:
            given[name] = kind(now_and_then)
    inputs = {name: InputSpec(type(v), v.value.shape[1:], str(v.value.dtype)) for name, v in given.items()}
    modules = [ModuleSpecs("part", cls, {name: PortMap("__call__", name) for name in given}, config)]
    brain = brain_of(modules, inputs, dt=1.0)
    spark.run(brain, 1, {name: type(value)(value.value[0]) for name, value in given.items()})
    specs = brain.part.output_specs
    output = {
        port: {"input": PortMap("part", port), "spec": OutputSpec(spec.payload_type, spec.shape, spec.dtype)}
        for port, spec in specs.items()
    }
    recording = spark.run(brain_of(modules, inputs, output, dt=1.0), steps, given, record=list(output))
    first = next(name for name in given if kinds[name] is not BooleanMask)
    panels = [shown(first, kinds[first], np.asarray(given[first].value).reshape(steps, -1))]
    for port, spec in list(specs.items())[:3]:
        panels.append(shown(port, spec.payload_type, np.asarray(recording[port], float).reshape(steps, -1)))
    return panels, f"What goes in (`{first}`), with an error or a reward every 50 ms, and what comes out."


def of_prediction(cls: Any) -> tuple[list[Panel], str]:
    """A value that foresees a reward some rounds before it comes, and one reward that it does not foresee."""
    config = example_config(cls)
    rounds, every = 40, config.every
    reward = np.zeros(rounds, np.float32)
    reward[[12, 32]] = 1.0
    value = np.zeros(rounds, np.float32)
    value[6:12] = (1.0 - config.discount) * config.discount ** np.arange(5, -1, -1)
    flags = {name: np.zeros(rounds, bool) for name in ("terminated", "truncated", "started")}
    given = {
        "value": FloatArray(np.repeat(value, every)[:, None]),
        "reward": FloatArray(np.repeat(reward, every)[:, None]),
        **{name: BooleanMask(np.repeat(flag, every)[:, None]) for name, flag in flags.items()},
        "episode_return": FloatArray(np.zeros((rounds * every, 1), np.float32)),
    }
    inputs = {name: InputSpec(type(v), (1,), str(v.value.dtype)) for name, v in given.items()}
    modules = [ModuleSpecs("part", cls, {name: PortMap("__call__", name) for name in given}, config)]
    output = {"error": {"input": PortMap("part", "error"), "spec": OutputSpec(FloatArray, (1,), "float32")}}
    recording = spark.run(brain_of(modules, inputs, output, dt=1.0), rounds * every, given, record=["error"])
    panels = [shown(name, FloatArray, np.asarray(given[name].value)) for name in ("reward", "value")]
    panels.append(shown("error", FloatArray, np.asarray(recording["error"]).reshape(-1, 1)))
    return panels, (
        "Two rewards, of which the value foresees the first: the error is where the value begins to rise, and at the "
        "reward that nothing foresaw."
    )


def of_background(cls: Any) -> tuple[list[Panel], str]:
    """What it brings two units, and how often it brings how many events."""
    steps, units, rate = 400, 50, 1500.0
    config = example_config(cls).updated(units=(units,), rate=rate, weight=1.0)
    output = {"out": {"input": PortMap("part", "arrivals"), "spec": OutputSpec(FloatArray, (units,), "float32")}}
    brain = brain_of([ModuleSpecs("part", cls, {}, config)], {}, output, dt=1.0)
    arrivals = np.asarray(spark.run(brain, steps, record="out")["out"])
    numbers = np.arange(9)
    seen = [(arrivals == number).mean() for number in numbers]
    mean = rate / 1000.0
    meant = np.cumprod([np.exp(-mean), *(mean / numbers[1:])])
    return [
        Panel("arrivals", curves=numbered(np.arange(1, steps + 1), arrivals[:, :2])),
        Panel(
            "share of steps", "events in a step", {"drawn": (numbers, seen), "Poisson": (numbers, meant)}, points=True
        ),
    ], "Events of weight 1 at 1500 Hz: two of the units, and how many events came in a step of 1 ms, of 50 units."


def of_brain(cls: Any) -> tuple[list[Panel], str]:
    """A chain of three pools that ends where it began: what goes around in it."""
    names, units, steps = ("first", "second", "third"), 30, 200
    receptor = {"input": receptors.ExponentialCurrentConfig()}
    modules = []
    for number, name in enumerate(names):
        wires = [Projection(names[number - 1], "out_spikes", weights=40.0, delay=15.0)]
        if number == 0:
            wires.append(Projection("__call__", "kick", weights=40.0))
        soma = somas.IntegrateAndFireSomaConfig(cooldown=10.0)
        modules.append(
            ModuleSpecs(name, Pool, {"input": wires}, PoolConfig(units=(units,), soma=soma, receptors=receptor))
        )
    kick = np.zeros((steps, units), np.int8)
    kick[4] = 1
    brain = brain_of(modules, {"kick": InputSpec(SpikeArray, (units,), "int8")}, dt=1.0)
    recording = spark.run(brain, steps, {"kick": SpikeArray(kick)}, record=list(names))
    panels = [Panel(name, spikes=np.asarray(recording[name]), dt=1.0) for name in names]
    return panels, "A brain of three pools, each wired to the next, and the last to the first: a volley goes around."


def of_neuron(cls: Any) -> tuple[list[Panel], str]:
    """Units that hear spikes at random."""
    config = example_config(cls).updated(units=(30,))
    ports = cls.ports_from(config)
    port = next(iter({**ports.inputs, **ports.optional}))
    steps = 400
    fired = np.random.default_rng(1).random((steps, 100)) < 0.02
    weights = WEIGHTS.get(cls.__name__)
    wires: dict[str, Any] = {port: PortMap("__call__", "s")}
    if weights is not None:
        wires = {port: Projection("__call__", "s", pattern=connections.FixedInDegree(degree=20), weights=weights)}
    brain = brain_of([ModuleSpecs("pool", cls, wires, config)], {"s": InputSpec(SpikeArray, (100,), "int8")}, dt=1.0)
    given = {"s": SpikeArray(fired.astype(np.int8))}
    recording = spark.run(brain, steps, given, record=["pool", "pool.soma.potential"])
    time = np.arange(1, steps + 1)
    potential = np.asarray(recording["pool.soma.potential"], float)[:, :2]
    panels = [Panel("unit", spikes=np.asarray(recording["pool"]), dt=1.0)]
    panels.append(Panel("potential (mV)", curves=numbered(time, potential)))
    return panels, f"Spikes of 30 units that hear 100 sources at 20 Hz by `{port}`, and the potentials of two of them."


def shown(name: str, kind: Any, values: Any) -> Panel:
    """Spikes as dots, numbers as curves."""
    if issubclass(kind, SpikeArray):
        return Panel(name, spikes=values, dt=1.0)
    time = np.arange(1, len(values) + 1)
    return Panel(name, curves=numbered(time, values))


def numbered(time: Any, values: Any) -> dict[str, tuple[Any, Any]]:
    """A curve for each of the first numbers; which is which is plain from the order of colours."""
    return {f"_{number}": (time, values[:, number]) for number in range(min(values.shape[1], 6))}


def of_world(cls: Any) -> tuple[list[Panel], str]:
    """Actions by chance."""
    config = example_config(cls)
    brain = brain_of([ModuleSpecs("part", cls, {"action": PortMap("__call__", "action")}, config)],
                     {"action": InputSpec(IntegerArray, (), "int32")}, dt=1.0)  # fmt: skip
    spark.run(brain, 1, {"action": IntegerArray(np.int32(0))})
    specs = {name: brain.part.output_specs[name] for name in ("observation", "reward")}
    output = {
        name: {"input": PortMap("part", name), "spec": OutputSpec(spec.payload_type, spec.shape, spec.dtype)}
        for name, spec in specs.items()
    }
    brain = brain_of(brain.config.modules_map, brain.config.input_map, output, dt=1.0)
    known = {"CartPole": 2, "Bandit": 2, "Maze": 4}.get(cls.__name__, 3)
    actions = np.repeat(np.random.default_rng(1).integers(0, known, 400), 10).astype(np.int32)
    recording = spark.run(brain, len(actions), {"action": IntegerArray(actions)}, record=list(output))
    panels = [
        shown(name, spec.payload_type, np.asarray(recording[name], float).reshape(len(actions), -1))
        for name, spec in specs.items()
    ]
    return panels, "What it shows of itself, and its reward, while actions are taken by chance."


def brain_of(modules: Any, inputs: Any, outputs: Any = None, dt: float = DT) -> Brain:
    """A brain that is the same on every build of the site."""
    return Brain(BrainConfig(input_map=inputs, output_map=outputs or {}, modules_map=modules, dt=dt, seed=1))


EXPERIMENTS = {
    "soma": of_soma,
    "receptor": of_receptor,
    "dendrite": of_dendrite,
    "plasticity": of_rule,
    "short_term": of_short_term,
    "source": of_source,
    "interface": of_interface,
    "world": of_world,
    "learning": of_learner,
    "neuron": of_neuron,
    "synapses": of_background,
    "brain": of_brain,
}
