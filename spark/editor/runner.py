"""The editor's side of a running brain: starts the worker, sends it commands, passes on what it says."""

import asyncio
import json
import signal
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from spark.core.errors import Problem, RunError
from spark.core.registry import modules as registry
from spark.editor.protocol import HEAD, header_of, to_json

Replies = dict[int, asyncio.Future[dict[str, Any]]]
# What is kept of each probe, for pages that come later and for files that replay a run.
MOST_KEPT_BYTES = 16 << 20
START_SECONDS = 60.0


class Runner:
    """One worker process and its brain.

    Args:
        tell: Called with each status (plain data).
        show: Called with each frame.

    Attributes:
        kept: Frames of what follows a run in time, the oldest first.
        newest: The last frame of each matrix and histogram, by probe.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None], show: Callable[[bytes], None]) -> None:
        self._tell, self._show = tell, show
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._replies: Replies = {}
        self._number = 0
        self.kept: deque[bytes] = deque()
        self.newest: dict[str, bytes] = {}
        self._kept_bytes = 0
        self.status: dict[str, Any] = {"phase": "none"}

    @property
    def alive(self) -> bool:
        """Whether there is a worker."""
        return self._process is not None and self._process.returncode is None

    async def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and wait until it is done; returns the status then.

        Raises:
            RunError: It failed: what the worker said.
        """
        if do == "load":
            self.forget()
        if not self.alive:
            await self._start()
        self._number += 1
        number = self._number
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[number] = answer
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(to_json({"do": do, "reply": number, **arguments}))
        await self._process.stdin.drain()
        found = await answer
        if "failed" in found:
            raise RunError(Problem(p["address"], p["message"], p["fix"], p["kind"]) for p in found["failed"])
        return found

    async def _start(self) -> None:
        own = own_modules()
        if "__main__" in own:
            raise RunError(
                Problem(
                    "run",
                    "a module class stands in the program that started the editor, where no other process finds it",
                    "Put your modules into a file of their own, and import it",
                    "main",
                )
            )
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "spark.editor.worker", json.dumps(own),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._replies = {}
        self._reader = asyncio.create_task(self._read(self._process, self._replies))

    async def _read(self, process: asyncio.subprocess.Process, replies: Replies) -> None:
        stream = process.stdout
        assert stream is not None
        try:
            while True:
                kind, length = HEAD.unpack(await stream.readexactly(HEAD.size))
                body = await stream.readexactly(length)
                if kind == b"B":
                    self._keep(body)
                    self._show(body)
                else:
                    self._take(json.loads(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        code = await process.wait()
        meant = process is not self._process
        why = None if meant else end_in_words(code)
        if self._process is None or not meant:
            self._take({"phase": "none", "why": why, "step": None, "activity": {}, "environment": None})
        for answer in replies.values():
            if not answer.done():
                gone = {"address": "run", "message": why or "it was stopped", "fix": "Run it again", "kind": "gone"}
                answer.set_result({"failed": [gone]})
        replies.clear()

    def _take(self, said: dict[str, Any]) -> None:
        reply = said.pop("reply", None)
        self.status = {**self.status, **said}
        if "failed" not in said:
            self.status.pop("failed", None)
        answer = self._replies.pop(reply, None) if reply is not None else None
        if answer is not None and not answer.done():
            answer.set_result(said)
        self._tell(said)

    def _keep(self, data: bytes) -> None:
        header = header_of(data)
        if header.get("view") in ("matrix", "histogram"):
            self.newest[header["probe"]] = data
        if header.get("view") not in ("raster", "rate", "trace", "world"):
            return
        self.kept.append(data)
        self._kept_bytes += len(data)
        while self._kept_bytes > MOST_KEPT_BYTES:
            self._kept_bytes -= len(self.kept.popleft())

    def forget(self) -> None:
        """Forget the frames that are kept: the brain went back to step 0."""
        self.kept.clear()
        self.newest.clear()
        self._kept_bytes = 0

    def forget_all(self) -> None:
        """Forget the run: the next one is of another document."""
        self.forget()
        self.status = {"phase": "none"}

    async def stop(self) -> None:
        """End the worker, whatever it does."""
        process, reader, self._process, self._reader = self._process, self._reader, None, None
        if process is not None and process.returncode is None:
            process.kill()
        if reader is not None:
            await reader


def own_modules() -> list[str]:
    """Where the classes of the user's own are that the catalogue has: a worker imports these modules."""
    return sorted({c.__module__ for c in (registry[n] for n in registry) if not c.__module__.startswith("spark.")})


def end_in_words(code: int) -> str:
    """Why a worker ended that nobody told to, from its exit status."""
    if code == -signal.SIGKILL:
        return "the brain's process was killed (signal 9): out of memory?"
    if code < 0:
        return f"the brain's process was ended by signal {-code}"
    return f"the brain's process ended by itself (status {code})"
