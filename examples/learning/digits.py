"""Handwritten digits, told apart by a spiking brain that learned from gradients through its spikes.

Each of 64 pixels is a regular train of spikes; 128 leaky units fire, and ten more, which never fire, sum what they get:
the highest potential, averaged over 40 ms, is the answer. What is taught runs on the fast engine like any other brain.

    pip install "spark-brain[learn]" scikit-learn
    python examples/learning/digits.py [epochs] [seed]
"""

import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, Projection, Surrogate
from spark.learn import SurrogateGradients
from spark.nn import Brain, BrainConfig
from spark.nn.initializers import NormalInitializer
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig
from spark.nn.pools import Pool, PoolConfig
from spark.nn.somas import LeakySomaConfig

STEPS, HIDDEN = 40, 128


def pool(name: str, wire: Projection, units: int, threshold: float) -> ModuleSpecs:
    """Leaky units that one projection reaches as a current."""
    soma = LeakySomaConfig(potential_reset=-60.0, threshold=threshold)
    return ModuleSpecs(name, Pool, {"excitation": [wire]}, PoolConfig(units=(units,), soma=soma))


def brain(seed: int = 1) -> Brain:
    """A brain that has learned nothing yet; weights are in pA."""
    pixels = LinearSpikerConfig(max_freq=200.0)
    first = Projection("pixels", "spikes", name="first", weights=NormalInitializer(mean=5.0, deviation=30.0))
    second = Projection("hidden", "out_spikes", name="second", weights=NormalInitializer(mean=0.0, deviation=20.0))
    modules = [
        ModuleSpecs("pixels", LinearSpiker, {"signal": PortMap("__call__", "image")}, pixels),
        pool("hidden", first, HIDDEN, threshold=-40.0),
        pool("last", second, 10, threshold=1e6),
    ]
    image = {"image": InputSpec(FloatArray, (64,), "float32")}
    return Brain(BrainConfig(input_map=image, output_map={}, modules_map=modules, seed=seed))


def teacher() -> SurrogateGradients:
    """One setting for all seeds."""
    weights = ("hidden.first", "last.second")
    return SurrogateGradients(weights, "last.soma.potential", STEPS, rate=2.0, surrogate=Surrogate(width=5.0))


def images(seed: int = 0) -> tuple[FloatArray, FloatArray, np.ndarray, np.ndarray]:
    """Three quarters of scikit-learn's 1,797 digits to learn from, a quarter to be judged by."""
    digits = load_digits()
    pixels = (digits.data / 16).astype(np.float32)
    seen, unseen, labels, expected = train_test_split(
        pixels, digits.target, test_size=0.25, random_state=seed, stratify=digits.target
    )
    return FloatArray(seen), FloatArray(unseen), labels, expected


def main(epochs: int = 4, seed: int = 1) -> None:
    """Teach, judge, and look at one image with the engine that runs any brain."""
    seen, unseen, labels, expected = images()
    taught = teacher().fit(brain(seed), {"image": seen}, labels, epochs=epochs, seed=seed)
    for epoch, loss in enumerate(taught.losses, 1):
        print(f"epoch {epoch:2d}  loss {loss:.3f}")
    right = teacher().answers(taught.brain, {"image": unseen}).argmax(1) == expected
    print(f"{100 * right.mean():.1f} % of {right.size} digits that it never saw are told right.")
    image = {"image": FloatArray(np.asarray(unseen.value)[0])}
    potential = spark.run(taught.brain, STEPS, image, record="last.soma.potential")["last.soma.potential"]
    print(f"In a run, the first of them is a {potential.mean(0).argmax()}; it is a {expected[0]}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
