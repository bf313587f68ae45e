"""Competition by spike timing: Song, Miller & Abbott 2000.

One integrate-and-fire unit gets 1,000 excitatory inputs that learn by pairs of spikes, and 200 inhibitory ones; all of
them fire at random and know nothing of each other. The excitatory weights begin at the greatest. Depression, 5 %
stronger than potentiation, lowers them until spikes come by chance, after inputs that happened to come just before.

What to see (figure 2 of the paper): in the end most weights lie near 0 or near the greatest; the faster the inputs
fire, the fewer win, so that the unit's rate hardly follows theirs; and it fires irregularly.

Source: Song, Miller & Abbott 2000, doi:10.1038/78829. Conductances and weights are in units of the leak's.
"""

import numpy as np

import spark
from spark.nn import Brain, receptors, somas
from spark.nn.interfaces import PoissonSpiker
from spark.nn.plasticity import PairRuleConfig

EXCITATORY, INHIBITORY, INHIBITION_RATE = 1000, 200, 10.0  # Units, units, Hz
GREATEST, INHIBITION, SYNAPSE_TAU = 0.015, 0.05, 5.0  # Of the leak's, of the leak's, ms
AMPLITUDE, RATIO, WINDOW = 0.005, 1.05, 20.0  # Of the greatest weight; of depression to potentiation; ms
SOMA = {"potential_rest": -70.0, "potential_reset": -60.0, "threshold": -54.0, "potential_tau": 20.0, "cooldown": 0.0}


def learner(rate: float = 10.0, seed: int = 1) -> Brain:
    """The unit `cell`, whose projection `cell.learns` learns; `rate` is that of the excitatory inputs, Hz."""
    net = spark.Network(dt=1.0, seed=seed)
    excitatory, inhibitory = (
        net.module(name, PoissonSpiker, {"signal": net.input(f"{name}_on", count)}, max_freq=hertz)
        for name, count, hertz in (("excitatory", EXCITATORY, rate), ("inhibitory", INHIBITORY, INHIBITION_RATE))
    )
    reversals = {"excitation": 0.0, "inhibition": -70.0}
    synapses = {n: receptors.ExponentialConductanceConfig(tau=SYNAPSE_TAU, reversal=e) for n, e in reversals.items()}
    leaky = somas.IntegrateAndFireSomaConfig(**SOMA, resistance=1000.0)
    cell = net.pool("cell", 1, soma=leaky, receptors=synapses)
    amplitudes = {"a_plus": AMPLITUDE, "a_minus": RATIO * AMPLITUDE}
    rule = PairRuleConfig(**amplitudes, pre_tau=WINDOW, post_tau=WINDOW, weight_unit=GREATEST, maximum=1.0)
    net.connect(excitatory, cell.excitation, weights=GREATEST, rule=rule, name="learns")
    net.connect(inhibitory, cell.inhibition, weights=INHIBITION)
    return net.build()


def lived(brain: Brain, seconds: float) -> tuple[spark.Recording, np.ndarray]:
    """What `cell` fired in that time, and the weights after it, in units of the greatest."""
    on = {"excitatory_on": np.ones(EXCITATORY, np.float32), "inhibitory_on": np.ones(INHIBITORY, np.float32)}
    given = {name: spark.FloatArray(array) for name, array in on.items()}
    recording = spark.run(brain, round(1000 * seconds), given, record=["cell"], progress=False)
    return recording, brain.connections("cell.learns").weights / GREATEST


if __name__ == "__main__":
    for hertz in (10.0, 20.0, 40.0):
        brain = learner(hertz)
        lived(brain, 3000.0)
        recording, weights = lived(brain, 100.0)
        print(
            f"inputs at {hertz:.0f} Hz: {recording.rates('cell')[0]:.1f} Hz, CV {recording.cv('cell')[0]:.2f}; weights"
        )
        print("by tenths of the greatest:", np.histogram(weights, 10, (0, 1))[0])
