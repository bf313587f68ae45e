"""A small environment, and a brain that puts out what it is given."""

import gymnasium as gym
import numpy as np

import spark


class Counting(gym.Env):
    """Terminates after `length` steps, or is truncated by a wrapper; counts its calls."""

    observation_space = gym.spaces.Box(-1.0, 1.0, (4,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, length: int = 7) -> None:
        self.length, self.seeds, self.steps, self.age = length, [], 0, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.age = 0
        return np.zeros(4, np.float32), {}

    def step(self, action):
        assert action in (0, 1)
        self.steps += 1
        self.age += 1
        seen = np.full(4, self.age / self.length, np.float32)
        return seen, 1.0, self.age >= self.length, False, {}


def through(**sizes: tuple[int, ...]) -> spark.nn.Brain:
    """A brain whose outputs are its inputs, of these names and shapes, a step later."""
    parts = {name: spark.nn.interfaces.Gain for name in sizes}
    spec = {name: (spark.FloatArray, shape, "float32") for name, shape in sizes.items()}
    return spark.nn.Brain(
        spark.nn.BrainConfig(
            input_map={name: spark.InputSpec(*kind) for name, kind in spec.items()},
            output_map={
                name: {"input": spark.PortMap(f"of_{name}", "signal"), "spec": spark.OutputSpec(*kind)}
                for name, kind in spec.items()
            },
            modules_map=[
                spark.ModuleSpecs(
                    f"of_{name}", kind, {"signal": [spark.PortMap("__call__", name)]}, kind.config_class()()
                )
                for name, kind in parts.items()
            ],
        )
    )
