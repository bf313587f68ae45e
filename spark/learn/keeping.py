"""A lesson on disk: the brain and its learning curve, so that one that was killed goes on from there."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from spark.core.errors import FormatError, Problem
from spark.files import write_whole
from spark.io import load_checkpoint, save_checkpoint
from spark.learn.teach import Progress, the_only
from spark.nn import Brain
from spark.worlds import World

_SECONDS = 1.0


class Kept:
    """Two files of a lesson: `NAME.safetensors`, the brain, and `NAME.csv`, the return of each episode.

    The curve is written before the brain, so that it holds at least the episodes that the brain has had, whenever the
    process ends; what it holds beyond them is not read.
    """

    def __init__(self, name: Path) -> None:
        self.brain, self.curve = Path(f"{name}.safetensors"), Path(f"{name}.csv")

    def write(self, brain: Brain, returns: np.ndarray) -> None:
        """Write both, each at once.

        Raises:
            SaveError: The brain cannot be written.
            OSError: The curve cannot.
        """
        rows = [f"{number},{float(value)!r}" for number, value in enumerate(returns, 1)]
        write_whole(self.curve, "\n".join(["episode,return", *rows, ""]).encode())
        save_checkpoint(brain, self.brain)

    def read(self) -> tuple[Brain, np.ndarray]:
        """The brain, and the returns of the episodes that it has had.

        Raises:
            FormatError: There is no such file, it cannot be loaded, or the curve is no curve, or shorter than the
                brain's life.
        """
        brain = load_checkpoint(self.brain)
        episodes = int(brain.state[f"{the_only(brain, World)}.episodes"])
        try:
            rows = self.curve.read_text().splitlines()[1 : episodes + 1]
            returns = np.array([float(row.split(",")[1]) for row in rows], np.float32)
        except (OSError, ValueError, IndexError) as error:
            raise self._damaged(f"is no learning curve, got {error}") from error
        if returns.size < episodes:
            raise self._damaged(f"holds {returns.size} episodes; expected the {episodes} of the brain beside it")
        return brain, returns

    def _damaged(self, text: str) -> FormatError:
        return FormatError(Problem(str(self.curve), text, "Begin anew, without `--resume`", "curve"))

    def now_and_then(self, before: np.ndarray) -> Callable[[Progress], None]:
        """A callback that writes both, about once a second; `before` are the returns of earlier lessons."""
        last = time.monotonic()

        def keep(progress: Progress) -> None:
            nonlocal last
            if time.monotonic() - last >= _SECONDS:
                self.write(progress.brain, np.concatenate([before, progress.returns]))
                last = time.monotonic()

        return keep
