"""The check that builds a document's brain, in a worker: whatever a module does when it is built, pages get answers."""

import asyncio
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from spark.core.errors import Problem
from spark.core.registry import modules as registry
from spark.editor.draft import Shapes
from spark.editor.protocol import read, to_json
from spark.editor.runner import end_in_words, own_modules
from spark.io.graph_config import Located
from spark.io.model_file import Document

Found = tuple[Shapes, list[Located]]
# Longer than any brain takes that is small enough to be built for a check.
PATIENCE_SECONDS = 60.0
IDLE_SECONDS = 600.0


class Checker:
    """A worker that checks documents, one after the other. It starts when it is needed, and ends when it is not.

    Args:
        patience: Seconds after which a check is given up.
        idle: Seconds without a check after which the worker is ended.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS, idle: float = IDLE_SECONDS) -> None:
        self._patience, self._idle = patience, idle
        self._asked: queue.Queue[tuple[Document, Callable[[Found], None]]] = queue.Queue()
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._own: list[str] = []

    async def check(self, document: Document) -> Found:
        """What `spark.editor.shapes.deep_check` finds; meanwhile other requests are answered."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found] = loop.create_future()

        def take(found: Found) -> None:
            # A loop that was closed meanwhile waits for nothing.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: answer.done() or answer.set_result(found))

        with self._turn:
            self._asked.put((document, take))
            if self._thread is None:
                # A daemon: a program does not wait at its end for a check that hangs.
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
        return await answer

    def _work(self) -> None:
        while True:
            try:
                document, take = self._asked.get(timeout=self._idle)
            except queue.Empty:
                with self._turn:
                    if self._asked.empty():
                        self._end()
                        self._thread = None
                        return
            else:
                try:
                    found = self._found(document)
                except Exception as error:  # Whatever it is, who asked gets an answer.
                    found = _failed(f"it cannot be checked: {type(error).__name__}: {error}")
                take(found)

    def _found(self, document: Document) -> Found:
        types = {node["type"] for node in document["nodes"].values()}
        own = own_modules()
        if any(registry[name].__module__ == "__main__" for name in types & set(registry)):
            # No other process finds the class; Run says so.
            return {}, []
        if own != self._own:
            self._end()
        # A worker that was killed says nothing about the brain; one that is killed again does.
        for _ in range(2):
            late = threading.Event()
            try:
                said = self._ask(document, own, late)
            except OSError as error:
                return _failed(f"no process could be started to check it: {error.strerror or error}")
            if late.is_set():
                return _failed(f"building it for a check took more than {self._patience:g} s")
            if said is not None:
                break
        else:
            assert self._process is not None
            return _failed(f"building it for a check failed twice: {end_in_words(self._process.wait())}")
        if "failed" in said:
            return {}, [Located(Problem(**p)) for p in said["failed"]]
        shapes = {(node, port): (tuple(shape), dtype, payload) for node, port, shape, dtype, payload in said["shapes"]}
        return shapes, [Located(Problem(**problem), **where) for problem, where in said["problems"]]

    def _ask(self, document: Document, own: list[str], late: threading.Event) -> dict[str, Any] | None:
        """The worker's answer, or None if it ended before; `late` is set if it was ended since it took too long."""
        process = self._process
        if process is None or process.poll() is not None:
            process = self._start(own)
        assert process.stdin is not None and process.stdout is not None
        patience = threading.Timer(self._patience, lambda: (late.set(), process.kill()))
        patience.daemon = True
        patience.start()
        try:
            process.stdin.write(to_json({"do": "check", "document": document}))
            process.stdin.flush()
            got = read(process.stdout)
        except OSError:
            got = None
        finally:
            patience.cancel()
        if got is None:
            process.kill()
            process.wait()
        return None if got is None else json.loads(got[1])

    def _start(self, own: list[str]) -> subprocess.Popen[bytes]:
        self._end()
        self._own = own
        known = json.dumps([name for name in own if name != "__main__"])
        # A check needs no accelerator, and would take memory there from the brain that runs.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "spark.editor.worker", known],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "JAX_PLATFORMS": "cpu"},
        )
        return self._process

    def _end(self) -> None:
        """End the worker, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _failed(text: str) -> Found:
    fix = "Run `spark.check_module` on your own modules, or make the brain smaller"
    return {}, [Located(Problem("", text, fix, "check"))]


# One for all editors of a program: what it does takes a second, and its start some more.
SHARED = Checker()
