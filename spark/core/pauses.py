"""Pauses: what changes a state between two steps, outside of all that is compiled."""

from collections.abc import Callable
from dataclasses import dataclass

from spark.core.errors import Problem, RunError
from spark.core.state import State


@dataclass(frozen=True)
class Pauses:
    """After which steps an outermost module pauses, and what happens then.

    Attributes:
        every: After each multiple of one of these numbers of steps, each at least 1.
        act: From the state after a step, and how many steps are done, to the state before the next one.
    """

    every: tuple[int, ...]
    act: Callable[[State, int], State]

    @property
    def longest(self) -> int:
        """Most steps between two pauses."""
        return min(self.every)

    def until(self, done: int) -> int:
        """Steps from the one after `done` steps up to the next pause."""
        return min(every - done % every for every in self.every)

    def pieces(self, done: int, steps: int) -> list[int]:
        """How to do the `steps` after `done` ones so that none runs over a pause.

        Where there is a pause in between, pieces are powers of two: each length of a piece is compiled once, and so
        only a few are.
        """
        if steps <= self.until(done):
            return [steps]
        found = []
        while steps:
            piece = min(steps, self.until(done))
            piece = 1 << (piece.bit_length() - 1)
            found.append(piece)
            done, steps = done + piece, steps - piece
        return found

    def require_none_within(self, name: str, done: int, steps: int) -> None:
        """Refuse that the module `name` does so many steps at once after `done` ones.

        Raises:
            RunError: There is a pause to make in between.
        """
        first = done + self.until(done)
        if first < done + steps:
            text = f"changes its connections after step {first}, got {steps} steps at once from step {done} on"
            mend = "Choose an interval of whole rounds of steps, or run it by `spark.run`"
            raise RunError(Problem(name, text, mend, "pause"))

    def after(self, state: State, done: int) -> State:
        """The state with which a module goes on that has done so many steps."""
        return self.act(state, done) if any(done % every == 0 for every in self.every) else state
