"""How many steps go into a chunk: enough to make calls cheap, few enough to show progress and to stop soon."""

import time

SECONDS = 0.2
FIRST = 64
MOST = 1 << 16
MOST_BYTES = 1 << 25


def most_steps(row_bytes: int) -> int:
    """Greatest number of steps in a chunk, a power of two: what a chunk holds for each step takes so many bytes."""
    return max(1, min(MOST, 1 << max((MOST_BYTES // max(row_bytes, 1)).bit_length() - 1, 0)))


class Pace:
    """Chooses the next chunk's length from the speed of the last one, which may be that of a run before.

    Args:
        most: Most steps in a chunk.
        steps_per_second: How fast the last chunk was, 0 if that is not known.

    Attributes:
        steps_per_second: How fast the last whole chunk was.
    """

    def __init__(self, most: int, steps_per_second: float = 0.0) -> None:
        self.steps_per_second = steps_per_second
        self._most = most
        self._next = min(max(FIRST, int(steps_per_second * SECONDS)), most)
        self._began = 0.0
        self._cut = False

    def begin(self, left: int) -> int:
        """Steps of the chunk that begins now."""
        self._began = time.perf_counter()
        self._cut = left < self._next
        return min(self._next, left)

    def end(self, done: int) -> None:
        """Take note of a chunk that is over; growth is bounded, for the first chunk includes compilation."""
        speed = done / max(time.perf_counter() - self._began, 1e-6)
        fitting = int(speed * SECONDS)
        # What a run has left may be so little that it tells of the call and not of the steps.
        if not (self._cut and self.steps_per_second):
            self.steps_per_second = speed
        self._next = max(1, min(fitting, 32 * max(self._next, 1), self._most))
