"""A Gymnasium environment in the editor: observations in, actions out, rewards kept."""

from types import ModuleType
from typing import Any

import numpy as np

from spark.core.errors import LoopError, Problem

# Observations of these have no useful bounds; the greatest values that are met in play.
SCALES = {
    "CartPole-v1": [2.4, 2.5, 0.2095, 3.5],
    "CartPole-v0": [2.4, 2.5, 0.2095, 3.5],
    "MountainCar-v0": [1.2, 0.07],
    "Acrobot-v1": [1, 1, 1, 1, 12.57, 28.27],
    "Pendulum-v1": [1, 1, 8],
}
_KEPT = 2000


class World:
    """One environment.

    Args:
        name: Its name in Gymnasium's registry.
        seed: Of its first reset.
        scale: What to divide observations by; left out, what is known of it, or its bounds.

    Raises:
        LoopError: It cannot be made.
    """

    def __init__(self, name: str, seed: int, scale: list[float] | None = None) -> None:
        try:
            import gymnasium as gym

            self.environment = self._made(gym, name)
        except ImportError as error:
            raise _wrong("environments need the package gymnasium", 'pip install "spark-brain[gym]"') from error
        except Exception as error:  # Environments are foreign code: they may raise anything.
            raise _wrong(f"{name!r} cannot be made: {error}", "Give a name that Gymnasium knows") from error
        self.name, self.scale = name, scale
        self._check_spaces(gym.spaces)
        self.discrete = isinstance(self.environment.action_space, gym.spaces.Discrete)
        self._counts = isinstance(self.environment.observation_space, gym.spaces.Discrete)
        self._scale = self._scales(scale)
        self.episode, self.total, self.steps = 0, 0.0, 0
        self.returns: list[float] = []
        self.action = np.zeros(0)
        self.reset(seed)

    @staticmethod
    def _made(gym: Any, name: str) -> Any:
        # A module before a colon would be imported; only what is registered may be named.
        if ":" in name or name not in gym.registry:
            raise ValueError("it is not registered")
        try:
            return gym.make(name, render_mode="rgb_array")
        except Exception:  # Many cannot draw, for want of a package or altogether; the page draws numbers then.
            return gym.make(name)

    def _check_spaces(self, spaces: ModuleType) -> None:
        seen, done = self.environment.observation_space, self.environment.action_space
        for what, space, kinds in (
            ("shows", seen, (spaces.Box, spaces.Discrete, spaces.MultiBinary, spaces.MultiDiscrete)),
            ("is acted in by", done, (spaces.Box, spaces.Discrete)),
        ):
            if not isinstance(space, kinds):
                expected = " or ".join(kind.__name__ for kind in kinds)
                fix = "Run it by `spark.envs.Loop`"
                raise _wrong(f"{self.name} {what} what the editor cannot tell, got {space}; expected {expected}", fix)

    def _scales(self, given: list[float] | None) -> np.ndarray:
        space = self.environment.observation_space
        size = int(np.prod(space.shape or (1,)))
        if given:
            found = np.asarray(given, np.float64)
        elif self.name in SCALES:
            found = np.asarray(SCALES[self.name], np.float64)
        else:
            high = np.asarray(getattr(space, "high", np.ones(space.shape or (1,))), np.float64).reshape(-1)
            found = np.where(np.isfinite(high) & (np.abs(high) < 1e6) & (high != 0), np.abs(high), 1.0)
        if found.size not in (1, size) or not np.isfinite(found).all() or (found == 0).any():
            raise _wrong(f"the scale needs {size} numbers other than 0, got {found.tolist()}", "Mend the scale")
        return found

    def reset(self, seed: int | None = None) -> None:
        """Begin an episode."""
        self.observation, _ = self.environment.reset(seed=seed)
        self.total, self.steps = 0.0, 0

    def encoded(self) -> np.ndarray:
        """The observation as numbers of about -1 to 1."""
        from spark.envs import received

        space: Any = self.environment.observation_space
        if self._counts:
            least = np.asarray(space.start)
            number = received.whole(received.OBSERVATION, self.observation, least, least + space.n - 1) - least
            one_hot = np.zeros(int(space.n))
            one_hot[number] = 1
            return one_hot
        seen = received.finite(received.OBSERVATION, self.observation, space.shape)
        return np.clip(seen.astype(np.float64).reshape(-1) / self._scale, -1, 1)

    def act(self, output: np.ndarray) -> bool:
        """Take the action that the brain's output means; returns whether the episode ended."""
        from spark.envs import received

        space: Any = self.environment.action_space
        values = np.asarray(output, np.float64).reshape(-1)
        if np.isnan(values).any():
            raise _wrong(f"NaN means no action, got {values}", "Stop the run at the first NaN, which says where it is")
        if self.discrete:
            if values.size != int(space.n):
                raise _wrong(
                    f"{self.name} has {space.n} actions, and the output {values.size} numbers",
                    "Give the output one number for each action",
                )
            action: Any = int(np.argmax(values)) + int(space.start)
        else:
            low, high = np.asarray(space.low), np.asarray(space.high)
            if values.size != low.size:
                raise _wrong(f"{self.name} takes {low.size} numbers, and the output has {values.size}", "Change it")
            action = np.clip(values.reshape(low.shape), low, high).astype(space.dtype)
        self.observation, reward, terminated, truncated, _ = self.environment.step(action)
        self.action = np.asarray(action, np.float64).reshape(-1)
        self.total += received.reward(reward)
        self.steps += 1
        if not (received.ends("terminated", terminated) | received.ends("truncated", truncated)):
            return False
        self.returns = [*self.returns, self.total][-_KEPT:]
        self.episode += 1
        self.reset()
        return True

    def describe(self) -> dict[str, Any]:
        """What the page draws."""
        action = self.action
        return {
            "name": self.name,
            "observation": [float(v) for v in np.asarray(self.observation, np.float64).reshape(-1)[:64]],
            "action": action.tolist()[:16],
            "episode": self.episode,
            "steps": self.steps,
            "total": self.total,
            "returns": self.returns[-500:],
        }

    def picture(self) -> np.ndarray | None:
        """The environment's own drawing, uint8 (height, width, 3), or None."""
        if self.name.startswith("CartPole") or self.environment.render_mode != "rgb_array":
            return None
        try:
            found = self.environment.render()
        except Exception:  # What cannot draw says so in many ways, only when it is asked to.
            return None
        return found if isinstance(found, np.ndarray) and found.dtype == np.uint8 and found.ndim == 3 else None

    def close(self) -> None:
        """Let go of it."""
        self.environment.close()


def _wrong(message: str, fix: str) -> LoopError:
    return LoopError(Problem("environment", message, fix, "environment"))
