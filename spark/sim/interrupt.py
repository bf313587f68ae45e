"""Ctrl-C during a run: noticed between two chunks, so that no step is half done."""

import signal
import threading
from types import FrameType
from typing import Any


class Interrupt:
    """A context in which Ctrl-C sets `asked`; a second one raises KeyboardInterrupt at once, as usual.

    Outside of the main thread Python hands no signals over, and nothing changes.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None
        self._mine = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "Interrupt":
        if self._mine:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
