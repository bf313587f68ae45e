"""Pauses: what changes a state between two steps, outside of all that is compiled."""

from collections.abc import Callable
from dataclasses import dataclass

from spark.core.errors import Problem, RunError
from spark.core.state import State


@dataclass(frozen=True)
class Pauses:
    """After which steps an outermost module pauses, and what happens then.

    Attributes:
        every: After each multiple of one of these numbers of steps.
        act: From the state after a step, and how many steps are done, to the state before the next one.
    """

    every: tuple[int, ...]
    act: Callable[[State, int], State]

    def until(self, done: int) -> int:
        """Steps from the one after `done` steps up to the next pause."""
        return min(every - done % every for every in self.every)

    def settled(self, name: str, before: int, done: int, state: State) -> State:
        """The state with which the module `name` goes on that advanced from `before` to `done` steps.

        Raises:
            RunError: There was a pause to make in between.
        """
        first = before + self.until(before)
        if first < done:
            text = (
                f"changes its connections after step {first}, got {done - before} steps at once from step {before} on"
            )
            mend = "Choose an interval of whole rounds of steps, or run it by `spark.run`"
            raise RunError(Problem(name, text, mend, "pause"))
        return self.act(state, done) if first == done else state
