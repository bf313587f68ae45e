"""Inhibitory plasticity that balances excitation: Vogels et al. 2011.

50 leaky units get strong random excitation, and inhibition from 100 units that fire at random. The inhibitory weights
begin at 0 and learn by Vogels' rule, until every unit fires at the rule's target rate, whatever its excitation is.

Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, doi:10.1126/science.1211095, figure 1.
"""

import numpy as np

import spark
from spark.nn import Brain, BrainConfig, PoolConfig, receptors, somas
from spark.nn.plasticity import VogelsRuleConfig
from spark.nn.synapses import PoissonBackgroundConfig

UNITS, SOURCES, TARGET = 50, 100, 8.0


def balanced(target: float = TARGET, seed: int = 1) -> Brain:
    """The network; the projection that learns is `cells.learns`."""
    sources = PoolConfig(
        units=(SOURCES,), soma=somas.PoissonSomaConfig(rate=20.0), receptors={"drive": receptors.CurrentConfig()}
    )
    rule = VogelsRuleConfig(target=target, amplitude=0.02, weight_unit=1.0, maximum=20.0)
    cells = PoolConfig(
        units=(UNITS,),
        # Excitability differs from unit to unit.
        soma=somas.IntegrateAndFireSomaConfig(cooldown=2.0, background=np.linspace(60.0, 140.0, UNITS)),
        receptors={
            "excitation": receptors.ExponentialCurrentConfig(tau=5.0),
            "inhibition": receptors.ExponentialConductanceConfig(tau=10.0, reversal=-80.0),
        },
        background={"excitation": PoissonBackgroundConfig(rate=2000.0, weight=10.0)},
    )
    learns = spark.Projection("sources", "out_spikes", name="learns", weights=0.0, rule=rule)
    modules = [
        spark.ModuleSpecs("sources", spark.nn.Pool, {"drive": spark.PortMap("__call__", "drive")}, sources),
        spark.ModuleSpecs("cells", spark.nn.Pool, {"inhibition": learns}, cells),
    ]
    inputs = {"drive": spark.InputSpec(spark.CurrentArray, (1,), "float32")}
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=seed))


def rates(brain: Brain, seconds: float) -> np.ndarray:
    """Rate of each unit, Hz, over the next seconds; a `drive` (pA) would make the sources faster."""
    drive = {"drive": spark.CurrentArray(np.zeros(1, np.float32))}
    return spark.run(brain, round(1000 * seconds), drive, record=["cells"]).rates("cells")


if __name__ == "__main__":
    brain = balanced()
    first = rates(brain, 1.0)
    rates(brain, 30.0)
    last = rates(brain, 10.0)
    print(f"{first.mean():.0f} Hz before; then {last.mean():.1f} Hz, from {last.min():.1f} to {last.max():.1f}")
