"""Ctrl-C during a run: noticed between two chunks, so that no step is half done; and one that Python dropped."""

import signal
import threading
from types import FrameType, MethodType
from typing import Any

# How runs and lessons that Ctrl-C ended say so.
INTERRUPTED = "interrupted by Ctrl-C"


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


class NoneLost:
    """A context in which a Ctrl-C raises KeyboardInterrupt as usual, and one that Python dropped is known.

    Python drops what a handler raises while it collects garbage, at whose end it calls back JAX. Where Ctrl-C has a
    handler of the user's, or outside of the main thread, nothing changes.
    """

    def __init__(self) -> None:
        self._asked = False
        self._around: NoneLost | None = None
        before = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
        self._usual = before is signal.default_int_handler
        if isinstance(before, MethodType) and isinstance(before.__self__, NoneLost):
            self._around = before.__self__

    @property
    def asked(self) -> bool:
        """Whether there was a Ctrl-C, here or in such a context around this one."""
        return self._asked or (self._around is not None and self._around.asked)

    def __enter__(self) -> "NoneLost":
        try:
            if self._usual:
                signal.signal(signal.SIGINT, self._note)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # A handler that somebody has set in the meantime stays.
        if self._usual and signal.getsignal(signal.SIGINT) == self._note:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def again(self) -> None:
        """Call it between two pieces of work.

        Raises:
            KeyboardInterrupt: There was a Ctrl-C, and the work went on.
        """
        if self.asked:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        raise KeyboardInterrupt
