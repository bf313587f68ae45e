"""Rewiring with a constant number of inputs: units find the sources that fire together.

Of 60 sources, 30 often fire in the same step, the others as often, each by itself. 20 units begin with 10 inputs each,
drawn from all. By the pair rule inputs from sources that fire alone become weak; every 200 ms weak connections are
pruned, and in the place of each another source is tried. After ten seconds most inputs come from those that fire
together, and every unit still has 10. With the rule alone weights change, and connections stay as they were.

Source: Billaudelle, Cramer, Petrovici, Schreiber, Kappel, Schemmel & Meier 2021, doi:10.1016/j.neunet.2020.09.024.
"""

import numpy as np

import spark
from spark.nn import Brain, somas
from spark.nn.connections import FixedInDegree
from spark.nn.plasticity import PairRuleConfig
from spark.nn.projections import Rewiring

UNITS, SOURCES, DEGREE = 20, 60, 10


def network(rewiring: Rewiring | None, seed: int = 1) -> Brain:
    """The units; the projection that learns is `pool.learns`."""
    net = spark.Network(dt=1.0, seed=seed)
    pool = net.pool("pool", UNITS, soma=somas.IntegrateAndFireSomaConfig(background=60.0))
    rule = PairRuleConfig(a_plus=0.1, a_minus=0.12, weight_unit=100.0, maximum=3.0)
    learns = {"name": "learns", "weights": 100.0, "rule": rule, "rewiring": rewiring}
    sources = net.input("sources", SOURCES, spark.SpikeArray)
    net.connect(sources, pool.excitation, FixedInDegree(degree=DEGREE), **learns)
    return net.build()


def run(brain: Brain, seconds: float, seed: int) -> None:
    """Let the sources fire for some seconds."""
    rng = np.random.default_rng(seed)
    together = rng.random((round(1000 * seconds), 1)) < 0.02
    alone = rng.random((len(together), SOURCES)) < np.repeat([0.01, 0.03], SOURCES // 2)
    fires = alone | together & (np.arange(SOURCES) < SOURCES // 2)
    spark.run(brain, len(fires), {"sources": spark.SpikeArray(fires.astype(np.int8))})


def from_those(brain: Brain) -> float:
    """The share of inputs that come from the sources that fire together."""
    return float((brain.connections("pool.learns").sources < SOURCES // 2).mean())


if __name__ == "__main__":
    weak = Rewiring(interval=200.0, threshold=60.0, weight=100.0)
    for title, rewiring in (("rewired", weak), ("the rule alone", None)):
        brain, shares = network(rewiring), []
        for number in range(3):
            run(brain, 5.0 if number else 0.1, number)
            shares.append(f"{from_those(brain):.2f}")
        inputs = np.bincount(brain.connections("pool.learns").targets)
        print(f"{title}: {', '.join(shares)} of the inputs; {inputs.min()} to {inputs.max()} for each unit")
