"""A brain from a table of connections, as one gets it from a connectome: who, onto whom, how many synapses, which sign.

The model is that of Shiu et al. 2024 for the fly's brain (139,000 neurons, 15 million connections): every neuron the
same leaky unit; a spike brings its target's input g, in mV, 0.275 mV for each synapse, 1.8 ms later; g decays with 5 ms
and rests, like the potential, in the 2.2 ms after a spike; what arrives in that time is lost, as in the authors' code.
Some neurons are driven at random, each event a spike.

Here the table is drawn: units that have many connections and units that have few. A real one has the same columns.

    python examples/networks/connectome.py [units] [connections] [ms]

Source: Shiu et al. 2024, doi:10.1038/s41586-024-07763-9; constants as in the authors' model.
"""

import sys
import time

import jax.numpy as jnp
import numpy as np
from scipy import sparse

import spark
from spark.nn import Brain
from spark.nn.interfaces import PoissonSpiker
from spark.nn.receptors import JumpConfig, PulseCurrentConfig
from spark.nn.somas.soma import SomaOutput

DT, REST, THRESHOLD, LEAK, TAU = 0.1, -52.0, -45.0, 20.0, 5.0  # ms, mV, mV, ms, ms
DELAY, REFRACTORY, SYNAPSE, EVENT, RATE = 1.8, 2.2, 0.275, 250 * 0.275, 150.0  # ms, ms, mV, mV, Hz


class ConnectomeSomaConfig(spark.SomaConfig):
    """Nothing but the shape of the pool: all neurons are alike."""


class ConnectomeSoma(spark.Soma):
    """A leaky unit with an input g that decays; both rest while it is refractory, whatever arrives.

    `current` is what arrives by connections, in mV: g jumps by it. `jump`, in mV, is added to the potential.
    """

    config: ConnectomeSomaConfig
    exposes = {"potential": spark.PotentialArray}

    def build(self, **inputs: spark.PortSpec) -> None:
        """All at rest."""
        units = self.shape_of_units()
        self.potential = spark.Variable(np.full(units, REST, np.float32), unit="mV")
        self.g = spark.Variable(np.zeros(units, np.float32), unit="mV")
        self.rests = spark.Variable(np.zeros(units, np.int32), description="Steps that it is still refractory.")

    def __call__(self, current: spark.CurrentArray, jump: spark.PotentialArray) -> SomaOutput:
        """Advance one step, exactly: v' = (REST - v + g) / LEAK, g' = -g / TAU."""
        v, g, rests = self.potential.value - REST, self.g.value, self.rests.value
        left, fading = np.exp(-DT / LEAK), np.exp(-DT / TAU)
        through = TAU / (TAU - LEAK) * (fading - left)
        acts = rests == 0
        v = jnp.where(acts, left * v + through * g + jump.value, v)
        g = jnp.where(acts, fading * g + current.value, g)
        fired = acts & (v > THRESHOLD - REST)
        self.potential.value = jnp.where(fired, 0.0, v) + REST
        self.g.value = jnp.where(fired, 0.0, g)
        self.rests.value = jnp.where(fired, round(REFRACTORY / DT), jnp.maximum(rests - 1, 0))
        return {"spikes": spark.SpikeArray(fired.astype(jnp.int8))}


def drawn_table(units: int, connections: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who connects with whom by how many synapses, negative where they inhibit: a few units have most connections."""
    generator = np.random.default_rng(seed)
    popular = generator.pareto(1.5, units) + 1
    pre, post = (generator.choice(units, connections, p=popular / popular.sum()) for _ in range(2))
    key = np.unique(pre.astype(np.int64) * units + post)
    pre, post = key // units, key % units
    sign = np.where(generator.random(units) < 0.4, -1, 1)
    return pre, post, generator.geometric(0.4, pre.size) * sign[pre]


def connectome(
    pre: np.ndarray, post: np.ndarray, synapses: np.ndarray, units: int, driven: np.ndarray, seed: int = 1
) -> Brain:
    """The brain of a table: units `pre` onto units `post`, with so many synapses; `driven` ones get random events.

    Its input `level`, one number for each that is driven, says how many: at 1, 150 a second.
    """
    net = spark.Network(dt=DT, seed=seed)
    receptors = {"synapses": PulseCurrentConfig(), "drive": JumpConfig()}
    pool = net.pool("brain", units, soma=ConnectomeSomaConfig(), inhibitory_rate=0.0, receptors=receptors)
    weights = sparse.coo_matrix((synapses * SYNAPSE, (post, pre)), shape=(units, units))
    net.connect(pool, pool.synapses, weights, delay=DELAY)
    level = net.input("level", driven.size)
    events = net.module("events", PoissonSpiker, {"signal": level}, max_freq=RATE)
    onto = sparse.coo_matrix((np.full(driven.size, EVENT), (driven, np.arange(driven.size))), (units, driven.size))
    net.connect(events, pool.drive, onto)
    return net.build()


def main(units: int = 20_000, connections: int = 2_000_000, duration: int = 200) -> None:
    """Build it, run it, and say how fast that was and how active it is."""
    begin = time.perf_counter()
    brain = connectome(*drawn_table(units, connections, 1), units, np.arange(100))
    steps = round(duration / DT)
    driven = {"level": spark.FloatArray(np.ones(100, np.float32))}
    spark.run(brain, 100, driven, progress=False)
    built = time.perf_counter() - begin
    begin = time.perf_counter()
    recording = spark.run(brain, steps, driven, record=["brain"], progress=False)
    seconds = time.perf_counter() - begin
    active, rate = np.unique(recording.spikes("brain")[1]).size, recording.rates("brain").mean()
    print(f"{units} units, {brain.connections('brain.synapses').sources.size} connections: built in {built:.1f} s")
    print(f"{duration} ms in {seconds:.2f} s; {active} units fired, at {rate:.2f} Hz on average")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
