"""Data of a run in memory, bounded."""

import numpy as np

from spark.core.errors import Problem, RecordError
from spark.sim.records.channel import Described


class MemoryStore:
    """Keeps chunks in memory up to a budget."""

    def __init__(self, channels: list[Described], budget_mb: float, first: int) -> None:
        """Begin with nothing.

        Args:
            channels: What is to be kept.
            budget_mb: Most megabytes, infinity for any.
            first: The step that is kept first.

        Raises:
            RecordError: The budget is no number, or below 0.
        """
        if not budget_mb >= 0:
            text = f"must be at least 0 MB, got {budget_mb!r}"
            raise RecordError(Problem("budget_mb", text, "Leave it out for 1024 MB", "bounds"))
        self.first = first
        self._chunks: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {c["name"]: [] for c in channels}
        self._empty = {c["name"]: np.empty((0, *c["row"]), c["dtype"]) for c in channels}
        self._budget = budget_mb * 1e6
        self._bytes = 0

    def add(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Keep a chunk of a channel."""
        self._chunks[name].append((steps, values))
        self._bytes += steps.nbytes + values.nbytes

    def commit(self, until: int) -> None:
        """Look at the budget.

        Raises:
            RecordError: It is spent. What was recorded stays.
        """
        if self._bytes > self._budget:
            raise RecordError(
                Problem(
                    "record",
                    f"the memory for recording was used up at step {until}, "
                    f"got {self._bytes / 1e6:.0f} MB; expected at most {self._budget / 1e6:.0f} MB",
                    "Stream to disk with `to='folder'`, raise `budget_mb`, or keep less with `every`, `units` or "
                    "`reduce`. What was recorded is in this error's `recording`, and the brain stands at that step",
                    "budget",
                )
            )

    def close(self, stopped: str | None = None) -> None:
        """Nothing is left to do."""

    def release(self) -> None:
        """Nothing is left to do."""

    def read(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and rows of a channel."""
        chunks = self._chunks[name]
        if len(chunks) > 1:
            chunks = [(np.concatenate([s for s, _ in chunks]), np.concatenate([v for _, v in chunks]))]
            self._chunks[name] = chunks
        return chunks[0] if chunks else (np.empty(0, np.int64), self._empty[name])
