"""Brains of one pool with one rewired projection, and what is given to them."""

from typing import Any

import numpy as np
from pool_brains import brain_of, source, trains

from spark import FloatArray, InputSpec, Projection, SpikeArray
from spark.nn import Brain, plasticity, receptors, somas
from spark.nn.connections import FixedInDegree
from spark.nn.initializers import UniformInitializer as Uniform
from spark.nn.projections import Rewiring

SOURCES, UNITS = 40, 12
PAIR = plasticity.PairRuleConfig(rate=1.0, weight_unit=1.0, minimum=0.0, maximum=3.0, a_plus=0.1, a_minus=0.12)
WEAKEST = Rewiring(interval=20.0, prune="weakest", share=0.25, weight=0.4)


def taught(rule: Any = PAIR, rewiring: Any = WEAKEST, seed: int = 3, **wire: Any) -> Brain:
    """A pool with one rewired projection."""
    settings = {"pattern": FixedInDegree(degree=8), "weights": Uniform(low=0.5, high=1.5), **wire}
    learns = Projection("__call__", "s", name="learns", rule=rule, rewiring=rewiring, **settings)
    soma = somas.IntegrateAndFireSomaConfig(background=np.linspace(60.0, 110.0, UNITS), cooldown=2.0)
    modulators = {"modulators": ("reward",), "inputs": {"reward": InputSpec(FloatArray, (1,), "float32")}}
    given = modulators if "modulator" in wire else {}
    wires = {"r": learns, **({"reward": source("reward")} if given else {})}
    return brain_of(
        wires, {"r": receptors.JumpConfig()}, soma=soma, units=(UNITS,), sources=SOURCES, seed=seed, **given
    )


def given_for(steps: slice, reward: bool = False) -> dict[str, Any]:
    """Spikes of some steps, and a reward in some of them."""
    at = np.arange(400)[steps]
    rewards = {"reward": FloatArray((at % 7 == 3).astype(np.float32)[:, None])} if reward else {}
    return {"s": SpikeArray(trains(400, SOURCES, rate=0.05)[steps]), **rewards}


def shown(brain: Brain) -> list[np.ndarray]:
    """Connections, weights, and all else that the state holds."""
    table = brain.connections("pool.learns")
    return [table.sources, table.targets, table.weights, table.delays, *map(np.asarray, brain.state.leaves)]


def same(one: Brain, other: Brain) -> None:
    for a, b in zip(shown(one), shown(other), strict=True):
        np.testing.assert_array_equal(a, b)
