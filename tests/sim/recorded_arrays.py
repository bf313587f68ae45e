"""Prints which variables of modules that run as array code are others where they are recorded; run as a program."""

import json
from typing import TypedDict

import jax.numpy as jnp
import numpy as np

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.nn import Brain, BrainConfig

UNITS, STEPS = 37, 60
INPUT = np.random.default_rng(0).normal(size=(STEPS, UNITS)).astype(np.float32)


class MixedConfig(spark.ModuleConfig):
    """Which operation keeps it from being compiled to a loop."""

    sorts: bool = spark.field(False, description="Whether it sorts; else it convolves.")


class MixedOutput(TypedDict):
    """What it puts out."""

    y: FloatArray


class Mixed(spark.Module):
    """Sums of products that round otherwise where they are fused with something else."""

    config: MixedConfig

    def build(self, x: spark.PortSpec) -> None:
        """Two variables, a matrix, and a kernel."""
        rng = np.random.default_rng(4)
        self.a = spark.Variable(np.zeros(x.shape, np.float32))
        self.b = spark.Variable(np.ones(x.shape, np.float32))
        self.c = spark.Variable(np.ones((UNITS, 5), np.float32))
        self.kernel = spark.Constant(rng.normal(size=7).astype(np.float32))
        self.mixing = spark.Constant(rng.normal(size=(5, 5)).astype(np.float32))

    def __call__(self, x: FloatArray) -> MixedOutput:
        """Advance one step."""
        a, b, c = self.a.value, self.b.value, self.c.value
        s = jnp.sort(a) if self.config.sorts else jnp.convolve(a, jnp.asarray(self.kernel.value), mode="same")
        a = a + 0.1 * (-(a - s * 0.2) + x.value * 3.3 * b)
        b = b + 0.05 * (jnp.sum(a) * 0.01 - b * jnp.exp(-a))
        c = jnp.tanh(c + 0.01 * (c @ jnp.asarray(self.mixing.value) - a[:, None] * c))
        a = jnp.where(a > 0.9, a * 0.3 - b * 0.1, a)
        self.a.value, self.b.value, self.c.value = a, b, c
        return {"y": FloatArray(a * 1.7 + b * b * 0.31 + c.sum(1) * 0.01)}


def states(sorts: bool, parts: int, record: tuple[str | spark.Probe, ...]) -> dict[str, bytes]:
    """The bits of every variable after all steps, run in pieces of so many."""
    config = MixedConfig(sorts=sorts)
    brain = Brain(
        BrainConfig(
            input_map={"x": InputSpec(FloatArray, (UNITS,), "float32")},
            modules_map=[
                ModuleSpecs("m", Mixed, {"x": [PortMap("__call__", "x")]}, config),
                ModuleSpecs("n", Mixed, {"x": [PortMap("m", "y")]}, config),
            ],
            output_map={"y": {"input": PortMap("n", "y"), "spec": OutputSpec(FloatArray, (UNITS,), "float32")}},
        )
    )
    for first in range(0, STEPS, parts):
        given = {"x": FloatArray(INPUT[first : first + parts])}
        spark.run(brain, len(given["x"].value), given, record=record, progress=False)
    assert spark.explain(brain)["m"].runs_as == "XLA"
    return {path: np.asarray(brain.state[path]).tobytes() for path in brain.state.paths()}


def differing(sorts: bool) -> dict[str, list[str]]:
    """Variables whose bits are others than those of a run in one go of which nothing is noted, by what is noted."""
    plain = states(sorts, STEPS, ())
    runs: dict[str, tuple[int, tuple[str | spark.Probe, ...]]] = {
        "in parts": (13, ()),
        "an output": (STEPS, ("y",)),
        "a wire": (STEPS, ("m.y",)),
        "all": (STEPS, ("m.a", "m.b", "m.c", "n.a", "n.b", "n.c", "m.y", "y")),
        "a probe in parts": (13, (spark.Probe("m.a", every=3), "m.c")),
    }
    found = {name: states(sorts, *given) for name, given in runs.items()}
    return {name: [path for path, bits in plain.items() if each[path] != bits] for name, each in found.items()}


if __name__ == "__main__":
    print(json.dumps({"sorts": differing(True), "convolves": differing(False)}))
