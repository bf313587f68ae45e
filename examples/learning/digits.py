"""Handwritten digits, told apart by a spiking brain that learned from gradients through its spikes.

Each of 64 pixels is a regular train of spikes; 128 leaky units fire, and ten more, which never fire, sum what they get:
the highest potential, averaged over 40 ms, is the answer. Weights are in pA.

    pip install "spark-brain[learn]" scikit-learn
    python examples/learning/digits.py [epochs] [seed]
"""

import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, Projection, Surrogate
from spark.learn import Examples, SurrogateGradients
from spark.nn import Brain, BrainConfig, interfaces, pools, somas
from spark.nn.initializers import NormalInitializer


def pool(name: str, wire: Projection, units: int, threshold: float) -> ModuleSpecs:
    """Leaky units that one projection reaches as a current."""
    soma = somas.LeakySomaConfig(potential_reset=-60.0, threshold=threshold)
    return ModuleSpecs(name, pools.Pool, {"excitation": [wire]}, pools.PoolConfig(units=(units,), soma=soma))


def brain(seed: int = 1) -> Brain:
    """A brain that has learned nothing yet."""
    pixels, image = interfaces.LinearSpikerConfig(max_freq=200.0), PortMap("__call__", "image")
    first = Projection("pixels", "spikes", name="first", weights=NormalInitializer(mean=5.0, deviation=30.0))
    second = Projection("hidden", "out_spikes", name="second", weights=NormalInitializer(mean=0.0, deviation=20.0))
    modules = [ModuleSpecs("pixels", interfaces.LinearSpiker, {"signal": image}, pixels)]
    modules += [pool("hidden", first, 128, threshold=-40.0), pool("last", second, 10, threshold=1e6)]
    inputs = {"image": InputSpec(FloatArray, (64,), "float32")}
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=seed))


def images(seed: int = 0) -> tuple[Examples, Examples]:
    """Three quarters of scikit-learn's 1,797 digits to learn from, and a quarter to be judged by."""
    found = load_digits()
    split = train_test_split(found.data, found.target, test_size=0.25, random_state=seed, stratify=found.target)
    seen, unseen = ({"image": FloatArray((pixels / 16).astype(np.float32))} for pixels in split[:2])
    return Examples(seen, split[2]), Examples(unseen, split[3])


def main(epochs: int = 4, seed: int = 1) -> float:
    """Teach, with one setting for all seeds, and judge: the share of unseen digits that are told right."""
    weights = ("hidden.first", "last.second")
    teacher = SurrogateGradients(weights, "last.soma.potential", steps=40, rate=2.0, surrogate=Surrogate(width=5.0))
    seen, unseen = images(seed)
    lesson = teacher.fit(brain(seed), seen, episodes=epochs, seed=seed)
    right = (teacher.answers(lesson.brain, unseen.inputs).argmax(1) == unseen.targets).mean()
    print(f"{100 * right:.2f} % of {len(unseen.targets)} unseen digits; losses: {lesson.curve['loss'].round(3)}")
    return float(right)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
