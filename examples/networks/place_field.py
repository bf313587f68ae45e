"""A place field from one plateau: behavioural time scale plasticity on a linear track.

An animal runs past the fields of 200 sources, which have weak connections onto one cell. In the second lap a plateau of
300 ms comes at the middle of the track; from the third on the cell has a field there. It begins more than a second
before the plateau, and ends sooner behind it. An animal that runs faster gets a longer field: what counts is time.

Source: Bittner, Milstein, Grienberger & others 2017, doi:10.1126/science.aan3846 (the rule: Milstein et al. 2021).
"""

import numpy as np

import spark
from spark.nn import Brain, receptors, somas
from spark.nn.plasticity import BTSPRuleConfig

TRACK, SOURCES, WIDTH, FIRST = 400.0, 200, 9.0, 0.6  # cm; WIDTH: deviation of a source's field, cm; first weights, mV
FIELDS = (np.arange(SOURCES) + 0.5) * TRACK / SOURCES


def cell(seed: int = 1) -> Brain:
    """One cell; the projection that learns is `cell.learns`."""
    net = spark.Network(dt=1.0, seed=seed)
    soma = somas.IntegrateAndFireSomaConfig(potential_rest=-65.0, threshold=-58.0)
    made = net.pool("cell", 1, soma=soma, receptors={"input": receptors.JumpConfig()}, modulators=("plateau",))
    learns = {"name": "learns", "rule": BTSPRuleConfig(plateaus="modulation", maximum=4.0), "modulator": "plateau"}
    net.connect(net.input("places", SOURCES, spark.SpikeArray), made.input, weights=FIRST, **learns)
    net.connect(net.input("plateau", 1), made.plateau)
    return net.build()


def lap(brain: Brain, speed: float, plateau: bool = False, seed: int = 1) -> np.ndarray:
    """Where the cell fires in a lap at a speed (cm/s), cm; with a plateau at the middle of the track, or without."""
    place = np.arange(round(1000 * TRACK / speed)) * speed / 1000
    spikes = np.random.default_rng(seed).random((len(place), SOURCES)) < 0.02 * activity(place)
    teaches = np.zeros((len(place), 1), np.float32)
    teaches[len(place) // 2 :][:300] = plateau
    inputs = {"places": spark.SpikeArray(spikes.astype(np.int8)), "plateau": spark.FloatArray(teaches)}
    return place[spark.run(brain, len(place), inputs, record="cell")["cell"][:, 0] != 0]


def activity(place: np.ndarray) -> np.ndarray:
    """How active each source is at each place, of 1, (places, sources)."""
    return np.exp(-(((place[:, None] - FIELDS) / WIDTH) ** 2) / 2)


def field(brain: Brain) -> tuple[float, float]:
    """How far what the cell is driven by has grown by half of the most, before the plateau and behind it, cm."""
    place = np.linspace(0.0, TRACK, 801)
    grown = activity(place) @ (brain.connections("cell.learns").weights - FIRST)
    high = place[grown > grown.max() / 2] - TRACK / 2
    return -high.min(), high.max()


if __name__ == "__main__":
    for speed in (25.0, 50.0):
        brain = cell()
        first, _, last = (lap(brain, speed, number == 1, number) for number in range(3))
        before, behind = field(brain)
        seconds = f"{before / speed:.1f} s before the plateau, {behind / speed:.1f} s behind"
        print(f"{speed:g} cm/s: {len(first)} spikes, with the field {len(last)}; {before + behind:.0f} cm, {seconds}")
