"""Who keeps the state of an outermost module: any thread may read it, one advances it, and it is always a whole one."""

import threading
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.compiled import forgetful
from spark.core.counter import STEP
from spark.core.errors import Problem, RunError, StateError
from spark.core.held_signals import HeldSignals
from spark.core.packing import on_host
from spark.core.pauses import Pauses
from spark.core.state import State

Result = TypeVar("Result")

# Up to this size a state is copied before a step or chunk, so that an error inside of it leaves the last one. Copying a
# larger one would cost more than a few percent: its arrays are changed in place.
COPIED_BYTES = 1 << 20
_PATIENCE_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.001


class Keeper:
    """The state of one outermost module.

    It is replaced only by a whole one, after a step or chunk of steps succeeded. Whatever interrupts a step (an error,
    Ctrl-C), and wherever, the state is the one before it or the one after it.

    Args:
        name: How errors name the module.
        state: Its state.
        may_fail: Whether a step may raise on its way, as what it calls back to in Python may: then a state is copied
            before a chunk whatever its size, which costs little beside the callbacks.
        pauses: What changes the state between steps; None for nothing.

    Attributes:
        steps_per_second: How fast the last chunk of a run was that asked no function for its inputs; first 0.
    """

    def __init__(self, name: str, state: State, may_fail: bool = False, pauses: Pauses | None = None) -> None:
        self._name = name
        self._may_fail = may_fail
        self._pauses = pauses
        self._state: State | None = state
        # Whether somebody else may hold the state's arrays, so that they must not be used up.
        self._lent = True
        self._lost = False
        self._lock = threading.Lock()
        self._claim: weakref.ref[Claim] | None = None
        self.steps_per_second = 0.0

    def read(self) -> State:
        """The state, for anybody: its arrays stay good.

        While a chunk changes a large state in place, this waits for the chunk's end.

        Raises:
            StateError: The state was lost in a step that failed, or a chunk takes longer than a minute.
        """
        return self._read(lend=True)

    def peek(self) -> State:
        """The state, for whoever advances it: not to be kept beyond the next `advance`."""
        return self._read(lend=False)

    def _read(self, lend: bool) -> State:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with self._lock:
                if self._state is not None:
                    self._state.require_whole()
                    self._lent = self._lent or lend
                    return self._state
                lost = self._lost
            if lost:
                raise StateError(
                    Problem(
                        self._name,
                        "its state is gone: a step failed while it changed the state in place",
                        "Mend what failed, then `reset()` it, or load a state or a checkpoint",
                        "lost",
                    )
                )
            if time.monotonic() > until:
                raise StateError(
                    Problem(
                        self._name,
                        f"its state is being changed by a chunk that takes longer than {_PATIENCE_SECONDS:.0f} s",
                        "Read it again later, outside of the step",
                        "busy",
                    )
                )
            time.sleep(_LOOK_AGAIN_SECONDS)

    def replace(self, state: State) -> None:
        """Make this the state; whoever gave it may keep its arrays.

        Raises:
            RunError: Another thread runs the module.
        """
        with Claim(self):
            self._put(state, lent=True)

    def most_steps(self, steps: int, learning: bool = True) -> int:
        """How many of the next `steps` may be done at once: up to the next pause, if anything is learned."""
        pauses = self._pauses if learning else None
        return steps if pauses is None else min(steps, pauses.until(int(self.peek()[STEP])))

    def most_in_a_chunk(self, most: int) -> int:
        """Room that chunks need which may be of `most` steps, a power of two: fewer where pauses are closer."""
        return most if self._pauses is None else min(most, 1 << (self._pauses.longest - 1).bit_length())

    def advance(
        self, call: Callable[[State], tuple[State, Result]], steps: int = 1, learning: bool = True, lends: bool = False
    ) -> Result:
        """Make the state what `call` makes of it, once that is there, and what a pause after it makes of that.

        A pause that fails leaves the state before `call` if that was copied, or else the one after it.

        Args:
            call: From a state, whose arrays it may use up, to the next one and something else.
            steps: Most steps that it does.
            learning: Whether anything is learned; without it there is no pause.
            lends: Whether `call` leaves the arrays of its state alone.

        Returns:
            The something else.

        Raises:
            RunError: `call` would run over a pause; nothing was done.
        """
        if learning and self._pauses is not None:
            self._pauses.require_none_within(self._name, int(self.peek()[STEP]), steps)
        return self._advance([call], learning, lends)[0]

    def advance_in_pieces(
        self, call: Callable[[State, int], tuple[State, Result]], steps: int, learning: bool = True
    ) -> list[Result]:
        """As `advance`, over pauses too: all of the steps are done, or none where the state is copied.

        Args:
            call: As for `advance`, of a state and how many steps to do at once.
            steps: How many steps.
            learning: As for `advance`.

        Returns:
            The something else of each piece; without a pause in between it is one.
        """
        pauses = self._pauses if learning else None
        pieces = [steps] if pauses is None else pauses.pieces(int(self.peek()[STEP]), steps)

        def of(piece: int) -> Callable[[State], tuple[State, Result]]:
            return lambda state: call(state, piece)

        return self._advance([of(piece) for piece in pieces], learning, lends=False)

    def take(self, call: Callable[[State], tuple[State, Result]]) -> Result:
        """As `advance` of one step, for a call that leaves the arrays of its state alone, and learns."""
        return self.advance(call, lends=True)

    def _advance(
        self, calls: list[Callable[[State], tuple[State, Result]]], learning: bool, lends: bool
    ) -> list[Result]:
        state = self.peek()
        large = sum(leaf.nbytes for leaf in state.leaves) > COPIED_BYTES
        if large and not lends and not self._lent and not self._may_fail:
            with HeldSignals():
                if self._given_away():
                    return self._one_by_one(state, calls, learning, in_place=True)
        return self._one_by_one(state if lends else _copied(state, large), calls, learning, in_place=False)

    def _given_away(self) -> bool:
        with self._lock:
            if not self._lent:
                self._state = None
            return self._state is None

    def _one_by_one(
        self, state: State, calls: list[Callable[[State], tuple[State, Result]]], learning: bool, in_place: bool
    ) -> list[Result]:
        pauses = self._pauses if learning else None
        results: list[Result] = []
        try:
            for call in calls:
                after, result = call(state)
                jax.block_until_ready(after)
                state = after
                if pauses is not None:
                    state = pauses.after(state, int(state[STEP]))
                results.append(result)
        except BaseException:
            if in_place:
                # What fails before it begins, such as compiling, leaves the arrays, and so does a pause.
                whole = not any(leaf.is_deleted() for leaf in state.leaves)
                self._put(state if whole else None, lent=False)
            raise
        self._put(state, lent=False)
        return results

    def _put(self, state: State | None, lent: bool) -> None:
        with self._lock:
            self._state, self._lent, self._lost = state, lent, state is None


class Claim:
    """A context in which only this thread may advance or replace a state.

    Raises:
        RunError: Another thread is in such a context.
    """

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self._thread = threading.get_ident()
        self._before: weakref.ref[Claim] | None = None

    def __enter__(self) -> "Claim":
        keeper = self.keeper
        with keeper._lock:
            # Weak, so that a claim that is never given back ends with the call that made it.
            other = keeper._claim() if keeper._claim is not None else None
            refused = other is not None and other._thread != self._thread
            if not refused:
                self._before, keeper._claim = keeper._claim, weakref.ref(self)
        if refused:
            raise RunError(
                Problem(
                    keeper._name,
                    "is being run by another thread, and has one state",
                    "Wait until that run is over, change the state in a callback of it, or run a copy of the brain",
                    "busy",
                )
            )
        return self

    def __exit__(self, *_: object) -> None:
        with self.keeper._lock:
            self.keeper._claim = self._before


def _copied(state: State, large: bool) -> State:
    if not large and all(map(on_host, state.leaves)):
        # Nothing is compiled for it, as it would be for each structure anew. A call that uses arrays up copies those
        # of NumPy once more: large ones are not.
        return State(tuple(np.array(leaf) for leaf in state.leaves), state.about)
    return _copied_there(state)


@forgetful
@jax.jit
def _copied_there(state: State) -> State:
    return jax.tree.map(jnp.copy, state)
