"""A brain that runs in the editor's worker: chunks of steps, what drives it, what is watched, when it stops."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from spark.core.errors import InputError, NumericsError, Problem
from spark.core.ports import PortSpec
from spark.core.transform import STEP
from spark.editor.drive import Drive
from spark.editor.fed import Fed
from spark.editor.protocol import frame
from spark.editor.run_problems import observed_input
from spark.editor.watch import Watch
from spark.editor.world import World
from spark.io import load_checkpoint
from spark.nn import Brain, BrainConfig
from spark.nn.successor import carried
from spark.sim.run import build, run

CHUNK_SECONDS = 0.03
MATRIX_SECONDS = 0.25
PICTURE_SECONDS = 0.05
BUDGET_MB = 256


class Simulation:
    """A brain, what drives it, and what is watched of it.

    Args:
        config: The brain's.
        settings: The document's `run`: `environment`, `observation`, `action`, `scale`, `steps_per_action`, `inputs`,
            `speed` (simulated ms in each ms; 0 as fast as it goes), `stop`.
        probes: The document's probes.
        checkpoint: File of a brain whose state to begin with, as far as it fits.

    Attributes:
        compiled: Whether the next chunk is compiled already, so that it begins at once.
    """

    def __init__(
        self, config: BrainConfig, settings: dict[str, Any], probes: dict[str, Any], checkpoint: str | None = None
    ) -> None:
        self.config = config
        self.brain = _built(config, settings)
        if checkpoint is not None:
            self.brain.load_state(carried(load_checkpoint(checkpoint), self.brain))
        self.stopped: str | None = None
        self.compiled = False
        self.world: World | None = None
        self.drives: dict[str, Drive] = {}
        self.activity: dict[str, float] = {}
        self._since_action = 0
        self._silent_since = 0
        self._per_step = 1e-3
        self._shown = {"matrix": 0.0, "picture": 0.0}
        self._take_settings(settings)
        self._look_at(probes)

    @property
    def step(self) -> int:
        """Steps that were done."""
        return int(self.brain.state[STEP])

    @property
    def dt(self) -> float:
        """Length of a step, ms."""
        return self.brain.config.step_length

    def _take_settings(self, settings: dict[str, Any], *, anew: bool = False) -> None:
        """Take settings, or raise and leave all as it was: what is refused is refused again until it is mended."""
        given, seed = settings.get("inputs") or {}, int(self.brain.config.seed or 0)
        specs = self.brain.declared_inputs()
        # What the environment shows itself to is driven by nothing else.
        observed = observed_input(settings, list(specs))
        before, old = ({}, None) if anew else (self.drives, self.world)
        drives = {
            n: self._drive(before.get(n), n, s, {} if n == observed else given.get(n) or {}, seed + i)
            for i, (n, s) in enumerate(sorted(specs.items()))
        }
        name, scale = settings.get("environment") or None, settings.get("scale")
        if old is not None and (name, scale) != (old.name, old.scale):
            old = None
        world = World(name, seed, scale) if name and old is None else old
        try:
            ports = {"observation": list(specs), "action": list(self.brain.config.output_map)} if world else {}
            chosen = {kind: _port(settings, kind, known) for kind, known in ports.items()}
        except InputError:
            if world is not None and world is not self.world:
                world.close()
            raise
        if self.world is not None and world is not self.world:
            self.world.close()
        self.settings, self.drives, self.world = settings, drives, world
        self._observed, self._acting = chosen.get("observation"), chosen.get("action")

    def _drive(self, old: Drive | None, name: str, spec: PortSpec, source: dict[str, Any], seed: int) -> Drive:
        """What drives an input: what drove it until now, at the row or the draw where it is, if it is the same."""
        if old is not None and (old.spec, old.source, old.dt) == (spec, source, self.dt):
            return old
        return Drive(name, spec, source, self.dt, seed)

    def change(self, settings: dict[str, Any], probes: dict[str, Any]) -> None:
        """Take other settings and probes; the brain goes on."""
        before = self.watch.record
        if settings != self.settings:
            if _checks(self.config, settings) != self.brain.config.looks_at_numbers:
                self.swap(self.config, settings)
            else:
                self._take_settings(settings)
        self._look_at(probes)
        # What is recorded is part of what is compiled.
        self.compiled = self.compiled and self.watch.record == before

    def _look_at(self, probes: dict[str, Any]) -> None:
        self.watch, self.fed = Watch(self.brain, probes), Fed(self.brain.declared_inputs(), probes)

    def watchable(self) -> dict[str, Any]:
        """Everything that can be watched, and what is wrong with the probes."""
        return {
            "watchable": self.watch.describe() + self.fed.describe(),
            "probe_problems": self.watch.problems + self.fed.problems,
        }

    def swap(self, config: BrainConfig, settings: dict[str, object] | None = None) -> None:
        """Go on with another config, and other settings: what fits keeps its value, see `Brain.with_config`."""
        settings = self.settings if settings is None else settings
        brain = _built(config, settings)
        brain.load_state(carried(self.brain, brain))
        before, self.brain = self.brain, brain
        try:
            self._take_settings(settings)
        except Exception:  # Whatever it is, it goes on; only what was there before must be there again.
            self.brain = before
            raise
        self.config = config
        self.compiled = False

    def reset(self) -> None:
        """Back to step 0, the environment to its first episode."""
        self._take_settings(self.settings, anew=True)
        self.brain.reset()
        self.stopped, self.activity = None, {}
        self._silent_since = self._since_action = 0

    def go_on(self) -> None:
        """Forget why it stopped: silence is counted from here."""
        self.stopped = None
        self._silent_since = self.step

    def advance(self, most: int | None = None) -> list[bytes]:
        """Run a chunk of steps of about 30 ms, or exactly `most` steps; returns frames.

        `stopped` says whether a condition was met.
        """
        steps = most or max(1, min(20_000, int(CHUNK_SECONDS / self._per_step)))
        speed = float(self.settings.get("speed", 1) or 0)
        if most is None and speed > 0:
            steps = max(1, min(steps, round(speed * CHUNK_SECONDS * 1000 / self.dt)))
        target = (self.settings.get("stop") or {}).get("step")
        if target and self.step < int(target):
            steps = min(steps, int(target) - self.step)
        begin = time.perf_counter()
        self.fed.forget()
        try:
            recordings = self._in_world(steps) if self.world else [self._run(steps)]
        except NumericsError as error:
            self.stopped = str(error)
            return []
        took = (time.perf_counter() - begin) / steps
        self.compiled = True
        self._per_step = took if most else 0.7 * self._per_step + 0.3 * took
        self.activity = self.watch.activity(recordings)
        self._look_for_an_end(recordings)
        now = time.monotonic()
        matrices = most is not None or now - self._shown["matrix"] > MATRIX_SECONDS
        if matrices:
            self._shown["matrix"] = now
        frames = self.watch.frames(self.brain, recordings, matrices)
        frames += self.fed.frames(recordings[0].first, self.dt)
        if self.world is not None:
            frames.append(self._world_frame(recordings))
        if self.world is not None and now - self._shown["picture"] > PICTURE_SECONDS:
            self._shown["picture"] = now
            picture = self.world.picture()
            if picture is not None:
                frames.append(frame({"view": "picture", "shape": list(picture.shape)}, [picture]))
        return frames

    def _world_frame(self, recordings: list[Any]) -> bytes:
        """The environment after a chunk, so that its past can be looked at beside that of the brain."""
        assert self.world is not None
        told = self.world.describe()
        first, until = recordings[0].first, recordings[-1].first + recordings[-1].steps
        about = {"probe": "world", "view": "world", "first": first, "until": until, "dt": recordings[0].dt}
        about["environment"] = {k: told[k] for k in ("name", "episode", "steps", "total")}
        return frame(about, [np.asarray(told[k], np.float64) for k in ("observation", "action")])

    def _run(self, steps: int, inputs: dict[str, Any] | None = None, record: list[Any] | None = None) -> Any:
        given = {**{n: d.payload(steps) for n, d in self.drives.items()}, **(inputs or {})}
        self.fed.note(steps, given)
        return run(
            self.brain,
            steps,
            given,
            record=[*self.watch.record, *(record or [])],
            budget_mb=BUDGET_MB,
            progress=False,
        )

    def _in_world(self, steps: int) -> list[Any]:
        """Environment steps with some brain steps each, until at least one or as many as asked for are done."""
        assert self.world is not None and self._observed is not None and self._acting is not None
        each = max(1, int(self.settings.get("steps_per_action") or 16))
        recordings = []
        done = 0
        while done < steps:
            count = min(each - self._since_action, steps - done)
            inputs = {self._observed: self.drives[self._observed].show(self.world.encoded())}
            recording = self._run(count, inputs, [self._acting])
            recordings.append(recording)
            done += count
            self._since_action += count
            if self._since_action >= each:
                self._since_action = 0
                self.world.act(np.asarray(recording.trace(self._acting)[1][-1], np.float64))
        return recordings

    def _look_for_an_end(self, recordings: list[Any]) -> None:
        stop = self.settings.get("stop") or {}
        if stop.get("step") and self.step == int(stop["step"]):
            self.stopped = f"step {self.step} is reached"
        if any(rate > 0 for rate in self.activity.values()):
            self._silent_since = self.step
        silence = stop.get("silence")
        if silence and (self.step - self._silent_since) * self.dt >= float(silence):
            self.stopped = f"no unit has fired for {float(silence):g} ms"
        greatest = stop.get("rate")
        if greatest:
            above = [f"{p} fires at {r:.0f} Hz" for p, r in self.activity.items() if r > float(greatest)]
            if above:
                self.stopped = f"{above[0]}, more than {float(greatest):g} Hz"

    def status(self) -> dict[str, Any]:
        """What the page shows beside the frames."""
        # That there is no environment any more is something to show too.
        environment = None if self.world is None else self.world.describe()
        return {
            "step": self.step,
            "time": self.step * self.dt,
            "activity": self.activity,
            "environment": environment,
        }


def _port(settings: Mapping[str, object], kind: str, known: list[str]) -> str:
    name = settings.get(kind) or (known[0] if len(known) == 1 else None)
    if name not in known:
        raise InputError(
            Problem(
                f"environment.{kind}", f"needs one of the brain's ports {known}, got {name!r}", "Choose one", "port"
            )
        )
    return str(name)


def _checks(config: BrainConfig, settings: dict[str, Any]) -> bool:
    """Whether every step looks for numbers that are not finite: if the config says so, or the run is to stop there."""
    return config.looks_at_numbers or (settings.get("stop") or {}).get("nan", True) is not False


def _built(config: BrainConfig, settings: dict[str, Any]) -> Brain:
    brain = Brain(config.updated(check_numbers=_checks(config, settings)))
    build(brain)
    return brain
