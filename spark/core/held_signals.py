"""A block that no signal handler interrupts."""

import signal
import threading
from types import FrameType
from typing import Any

# Those of a platform never change, and asking for them takes as long as all else here.
_NUMBERS = tuple(int(number) for number in signal.valid_signals())


class HeldSignals:
    """A context in which signal handlers written in Python do not run; those that were called run at its end.

    Python runs them in the main thread, between any two of its instructions, and they may raise. In other threads
    nothing happens here.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._called: list[tuple[int, FrameType | None]] = []

    def __enter__(self) -> "HeldSignals":
        if threading.current_thread() is not threading.main_thread():
            return self
        try:
            for number in _NUMBERS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._note)
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._called.append((number, frame))

    def _give_back(self) -> None:
        raised: BaseException | None = None
        while True:
            try:
                for number, handler in self._handlers.items():
                    signal.signal(number, handler)
                break
            except BaseException as error:  # By a handler that is back already; the others follow.
                raised = error
        for number, frame in self._called:
            self._handlers[number](number, frame)
        if raised is not None:
            raise raised
