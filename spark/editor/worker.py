"""The process in which the editor's brains are built: commands come in by standard input, frames go out by the output.

A process of its own: the page stays alive while the brain compiles or computes, and can end it whatever it does. Names
in commands are looked up in the catalogue; a module of the user's own is there if the editor was told of its file.
"""

import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO

from spark.core.errors import SparkError
from spark.editor.protocol import message, read, to_json

STATUS_SECONDS = 0.1


class Worker:
    """Obeys commands, and runs the brain between them."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.commands: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.simulation: Any = None
        self.running = False
        self.config: Any = None
        self._told = 0.0
        self._rate = 0.0

    def send(self, value: dict[str, Any]) -> None:
        """Send plain data."""
        self.out.write(to_json(value))
        self.out.flush()

    def loop(self) -> None:
        """Until the pipe ends."""
        while True:
            try:
                given = self.commands.get(block=not self.running)
            except queue.Empty:
                given = {}
            if given is None:
                return
            try:
                if given:
                    self.obey(given)
                elif self.running:
                    self.advance()
            except SparkError as error:
                self.fail([vars(p) for p in error.problems], given)
            except MemoryError as error:
                text = f"there is not enough memory: {error}" if str(error) else "there is not enough memory"
                self.fail([{"address": "", "message": text, "fix": "", "kind": "memory"}], given)
            except Exception as error:  # Whatever a module of the user's raises must reach the page, not end it.
                traceback.print_exc()
                text = f"{type(error).__name__}: {error}"
                self.fail(
                    [{"address": "", "message": text, "fix": "The editor's terminal shows where", "kind": "raised"}],
                    given,
                )

    def fail(self, problems: list[dict[str, Any]], given: dict[str, Any]) -> None:
        """Say what went wrong, and stop."""
        self.running = False
        self.send({"failed": problems, "phase": "failed", "reply": given.get("reply")})

    def obey(self, given: dict[str, Any]) -> None:
        """Do a command: check, load, run, pause, step, reset, settings, swap."""
        do = given["do"]
        if do == "check":
            self.check(given)
            return
        if do == "load":
            self.load(given)
        elif self.simulation is None:
            self.fail([{"address": "", "message": "no brain is loaded", "fix": "Press Run", "kind": "run"}], given)
            return
        elif do == "run":
            self.running = True
            self.simulation.go_on()
        elif do == "pause":
            self.running = False
        elif do == "step":
            self.running = False
            self.show(self.simulation.advance(int(given["steps"])))
        elif do == "reset":
            self.simulation.reset()
        elif do == "settings":
            self.simulation.change(given["settings"], given["probes"])
            self.send(self.simulation.watchable())
        elif do == "swap":
            self.swap(given)
        self.tell(given.get("reply"))

    def check(self, given: dict[str, Any]) -> None:
        """Say what is wrong with a document's brain when it is built, and what is at its ports."""
        from spark.editor.shapes import deep_check

        shapes, found = deep_check(given["document"])
        problems = [(vars(f.problem), {"node": f.node, "edge": f.edge, "field": f.field}) for f in found]
        listed = [(*port, *about) for port, about in shapes.items()]
        self.send({"shapes": listed, "problems": problems, "reply": given.get("reply")})

    def load(self, given: dict[str, Any]) -> None:
        """Build a brain."""
        from spark.editor.simulation import Simulation
        from spark.nn import BrainConfig

        self.running = False
        self.send({"phase": "building"})
        begin = time.perf_counter()
        config = BrainConfig.from_dict(given["config"])
        self.simulation = Simulation(config, given["settings"], given["probes"], given.get("checkpoint"))
        # Not before it is built: of a brain that was refused nothing is there to go on with.
        self.config = given["config"]
        self.send({**self.simulation.watchable(), "built_seconds": time.perf_counter() - begin})

    def swap(self, given: dict[str, Any]) -> None:
        """Go on with a changed config, if it is changed."""
        from spark.nn import BrainConfig

        if given["config"] != self.config:
            self.send({"phase": "building"})
            self.simulation.swap(BrainConfig.from_dict(given["config"]), given["settings"])
            self.config = given["config"]
        self.simulation.change(given["settings"], given["probes"])
        self.send(self.simulation.watchable())

    def advance(self) -> None:
        """A chunk of steps, and the pause that the speed asks for."""
        begin, before, fresh = time.perf_counter(), self.simulation.step, not self.simulation.compiled
        self.show(self.simulation.advance())
        steps = self.simulation.step - before
        if self.simulation.stopped:
            self.running = False
            self.tell()
            return
        speed = float(self.simulation.settings.get("speed", 1) or 0)
        took = time.perf_counter() - begin
        if speed > 0:
            rest = steps * self.simulation.dt / 1000 / speed - took
            if rest > 0:
                # A command that comes meanwhile is not kept waiting.
                deadline = time.perf_counter() + min(rest, 1.0)
                while time.perf_counter() < deadline and self.commands.empty():
                    time.sleep(0.002)
        elapsed = time.perf_counter() - begin
        now = steps / elapsed
        self._rate = 0.8 * self._rate + 0.2 * now if self._rate else now
        if fresh or time.perf_counter() - self._told > STATUS_SECONDS:
            self.tell()

    def show(self, frames: list[bytes]) -> None:
        """Send frames."""
        for data in frames:
            self.out.write(message(b"B", data))
        self.out.flush()

    def tell(self, reply: Any = None) -> None:
        """Send how it stands."""
        self._told = time.perf_counter()
        phase = "running" if self.running else "stopped" if self.simulation.stopped else "paused"
        if self.running and not self.simulation.compiled:
            phase = "building"
        status = {**self.simulation.status(), "phase": phase, "why": self.simulation.stopped}
        self.send({**status, "steps_per_second": self._rate if self.running else 0.0, "reply": reply})


def main() -> None:
    """Run until the parent closes the pipe."""
    # Ctrl-C in a terminal reaches every process there; the editor says by its pipe when this one is to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Only messages may go out on the pipe: what modules print goes to the terminal.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = os.fdopen(os.dup(0), "rb")
    for name in json.loads(sys.argv[1] if len(sys.argv) > 1 else "[]"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            # A brain that needs it is told that its module is not there; the others run.
            print(f"spark edit: {name} cannot be imported in the brain's process: {error}", file=sys.stderr)
    worker = Worker(out)

    def listen() -> None:
        while True:
            got = read(source)
            if got is None:
                worker.commands.put(None)
                # A brain that computes for long must not outlive its editor.
                time.sleep(5)
                os._exit(0)
            worker.commands.put(json.loads(got[1]))

    threading.Thread(target=listen, daemon=True).start()
    worker.loop()


if __name__ == "__main__":
    main()
