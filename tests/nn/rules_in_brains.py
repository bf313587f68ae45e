"""What tests of rules share: each rule in a pool under spikes from outside, and its paper's equations."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pytest
from builders import delays_of_pairs
from reference import event_rules as reference

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig, plasticity
from spark.nn.initializers import UniformInitializer
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.sim.run import build

PRE, POST, STEPS = 12, 9, 400
RULES = {
    "pair": plasticity.PairRuleConfig(a_plus=0.05, a_minus=0.04, pre_tau=15.0, post_tau=30.0),
    "pair of nearest spikes": plasticity.PairRuleConfig(a_plus=0.05, a_minus=0.04, nearest=True),
    "pair in soft bounds": plasticity.PairRuleConfig(a_plus=0.3, a_minus=0.25, soft_bounds=True),
    "triplet": plasticity.TripletRuleConfig(a2_plus=0.01, a3_plus=0.02, a2_minus=0.03, a3_minus=0.004),
    "quadruplet": plasticity.QuadrupletRuleConfig(a2_plus=0.01, a2_minus=0.03, a4_plus=0.01, a4_minus=0.008),
    "hebbian": plasticity.HebbianRuleConfig(amplitude=0.02),
    "vogels": plasticity.VogelsRuleConfig(amplitude=0.03, target=25.0, tau=15.0),
    "oja": plasticity.OjaRuleConfig(amplitude=0.05),
}
# Every term moves the weights, and none drowns the others.
EVERY = RULES | {"zenke": plasticity.ZenkeRuleConfig(gamma=0.05, a=0.05, b=0.2, c=0.02, d=0.3, post_slow_tau=60.0)}


def brain(
    rule: Any, delayed: bool = False, density: float = 1.0, units: tuple[int, int] = (PRE, POST), scale: float = 1.0
):
    """A pool with this rule under spikes from outside."""
    config = LIFNeuronConfig(
        units=(units[1],),
        async_spikes=delayed,
        inhibitory_rate=0.3,
        synapses__kernel=UniformInitializer(density=density, low=0.4 * scale, high=1.6 * scale),
        soma__resistance=1.2e5 * 12 / units[0] / scale,
        learning_rule=rule,
        **({"max_delay": 6.0} if delayed else {}),
    )
    inputs = {"in_spikes": PortMap("__call__", "spikes")}
    specs = {"spikes": InputSpec(SpikeArray, (units[0],), "int8")}
    if rule.modulated:
        inputs["modulation"] = PortMap("__call__", "reward")
        specs["reward"] = InputSpec(FloatArray, (), "float32")
    modules = [ModuleSpecs("pool", LIFNeuron, inputs, config)]
    return Brain(BrainConfig(input_map=specs, output_map={}, modules_map=modules, seed=5))


def set_up(name: str, **changes: Any) -> Any:
    given = {"maximum": 2.0} if name == "zenke" else {"weight_unit": 1.0, "maximum": 2.0}
    return EVERY[name].updated(**given, **changes)


def sent(seed: int = 0, steps: int = STEPS, units: int = PRE) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 0, 1], (steps, units), p=[0.02, 0.9, 0.08]).astype(np.int8)


def ran(made: Any, spikes: np.ndarray, record: tuple = (), reward: Any = None) -> Any:
    inputs = {"spikes": SpikeArray(spikes)} | ({} if reward is None else {"reward": FloatArray(reward)})
    return spark.run(made, len(spikes), inputs, record=["pool", *record], progress=False)


def structure(made: Any) -> tuple[np.ndarray, np.ndarray]:
    """First weights and delays, (post, pre)."""
    build(made)
    return np.asarray(made.pool.synapses.kernel, np.float64), delays_of_pairs(made.pool.synapses)


def equations_of(rule: Any, first: np.ndarray) -> reference.EventRule:
    """The rule of a config, as the papers have it."""
    c, bounds = rule, (rule.minimum, rule.maximum)
    match rule:
        case plasticity.ZenkeRuleConfig():
            taus = (c.pre_tau, c.post_tau, c.post_slow_tau)
            return reference.zenke(first, c.a, c.b, c.c, c.d, c.gamma, taus, bounds)
        case plasticity.TripletRuleConfig():
            fourth = (c.a4_plus, c.a4_minus) if isinstance(c, plasticity.QuadrupletRuleConfig) else ()
            taus = (c.pre_tau, c.pre_slow_tau, c.post_tau, c.post_slow_tau)
            return reference.quadruplet(c.a2_plus, c.a3_plus, c.a2_minus, c.a3_minus, taus, bounds, *fourth)
        case plasticity.VogelsRuleConfig():
            return reference.vogels(c.amplitude, c.target, c.tau, bounds)
        case plasticity.HebbianRuleConfig():
            return reference.hebbian(c.amplitude, c.pre_tau, c.post_tau, bounds)
        case plasticity.OjaRuleConfig():
            return reference.oja(c.amplitude, c.pre_tau, c.post_tau, bounds)
        case _:
            return reference.pair(c.a_plus, c.a_minus, c.pre_tau, c.post_tau, bounds, c.nearest, c.soft_bounds)


def learned(rule: Any, first: np.ndarray, delays: np.ndarray, pre: np.ndarray, post: np.ndarray, reward: Any = None):
    """Weights and eligibilities after every step, by the papers' equations."""
    modulation = {} if reward is None else {"reward": reward, "eligibility_tau": rule.eligibility_tau}
    rate = rule.rate if isinstance(rule, plasticity.EventRuleConfig) else 1.0
    return reference.learned(equations_of(rule, first), first, delays, pre, post, rate=rate, **modulation)


LAYOUTS = {"dense": {}, "sparse": {"density": 0.5}, "delayed": {"delayed": True}}


def pairs(names: Collection[str], first: int, one_of: int = 1) -> list[Any]:
    """Each rule with each layout; in the quick run one rule of so many with one of them: every pair compiles anew."""
    quick = {(n, (first - n) % len(LAYOUTS)) for n, _ in enumerate(names) if n % one_of == 0}
    return [
        pytest.param(name, layout, marks=[] if (number, place) in quick else pytest.mark.slow)
        for number, name in enumerate(names)
        for place, layout in enumerate(LAYOUTS)
    ]
