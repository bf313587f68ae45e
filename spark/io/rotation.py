"""A folder of checkpoints, of which those saved last are kept."""

import os
import time
from pathlib import Path
from typing import Any

from spark.core.arguments import checked
from spark.core.errors import FormatError, Problem, RunError
from spark.io.checkpoint import checkpoint_step, load_checkpoint, save_checkpoint
from spark.nn import Brain


class Checkpoints:
    """Saves checkpoints into a folder and keeps those saved last, whatever their steps.

    As a callback of `run` it saves from time to time, and when the run ends.

        spark.run(brain, 10_000_000, inputs, callbacks=[spark.Checkpoints("runs/a", seconds=60)])
        brain = spark.Checkpoints("runs/a").restore()

    Args:
        folder: Where; made if it is missing.
        keep: How many to keep.
        seconds: Least time between two that a run saves, seconds; infinity for the end of the run alone.

    Raises:
        RunError: `keep` is below 1, or `seconds` below 0 or no number.
    """

    @checked
    def __init__(self, folder: str | Path, keep: int = 3, seconds: float = 60.0) -> None:
        if keep < 1:
            raise RunError(Problem("keep", f"must be at least 1, got {keep}", "", "bounds"))
        if not seconds >= 0:
            raise RunError(Problem("seconds", f"must be at least 0, got {seconds!r}", "", "bounds"))
        # Absolute: a program may go to another folder while it runs.
        self.folder = Path(folder).absolute()
        self.keep, self.seconds = keep, seconds
        self._saved = time.monotonic()

    @checked
    def save(self, brain: Brain) -> Path:
        """Save `brain` as it stands, and remove what was saved too long ago.

        Raises:
            SaveError: Writing failed; older checkpoints are untouched.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{int(brain.state['step']):012d}.safetensors"
        others = [other for other in self._paths() if other != path]
        save_checkpoint(brain, path)
        last = max((_saved_at(other) for other in others), default=0)
        if _saved_at(path) <= last:
            # The clock was set back, or is too coarse to tell them apart.
            os.utime(path, ns=(last + 1000, last + 1000))
        for old in others[: len(others) + 1 - self.keep]:
            old.unlink(missing_ok=True)
        self._saved = time.monotonic()
        return path

    def latest(self) -> Path | None:
        """The checkpoint saved last that is whole, or None."""
        for path in reversed(self._paths()):
            try:
                checkpoint_step(path)
            except FormatError:
                continue
            return path
        return None

    def restore(self) -> Brain:
        """The brain of the checkpoint saved last that is whole.

        Raises:
            FormatError: There is none.
        """
        path = self.latest()
        if path is None:
            raise FormatError(
                Problem(
                    str(self.folder), "holds no whole checkpoint", "Save one: `Checkpoints(...).save(brain)`", "empty"
                )
            )
        return load_checkpoint(path)

    def __call__(self, report: Any) -> None:
        """Save if it is time, and when the run ends: done, stopped by a callback, or by Ctrl-C."""
        report.at_end(self._save_last)
        if time.monotonic() - self._saved >= self.seconds:
            self.save(report.brain)

    def _save_last(self, report: Any) -> None:
        self.save(report.brain)

    def _paths(self) -> list[Path]:
        """The checkpoints in the order in which they were saved."""
        return sorted(self.folder.glob("step-*.safetensors"), key=lambda path: (_saved_at(path), path.name))


def _saved_at(path: Path) -> int:
    """When a file was written, ns; 0 if it is gone."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
