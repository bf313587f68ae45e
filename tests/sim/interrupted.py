"""Interrupts a brain at random moments, and compares its state with that of one that was left alone.

Run as `python interrupted.py <moments>`, in a process of its own, since the signals are real. Prints, as JSON, for
runs, loops and saves how many moments there were, how many calls ended by KeyboardInterrupt, and what was wrong.
"""

import hashlib
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

import gymnasium as gym
import jax.numpy as jnp
import numpy as np

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.envs import Loop
from spark.io.checkpoint import checkpoint_step
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig

# The state of the first is small, and copied before a step; that of the second is changed in place.
UNITS = (16, 1300)
SECONDS = 0.15
# Python drops what a handler raises inside of a destructor or a callback of a weak reference: then the user presses
# Ctrl-C again.
AGAIN_SECONDS = 5.0
DRIVE = {"drive": FloatArray(jnp.array([0.3, 0.9, 0.6, 0.1], jnp.float16))}


class Pacing(gym.Env):
    """Episodes of 7 steps; `watch` is called at every step."""

    observation_space = gym.spaces.Box(-1.0, 1.0, (4,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, watch=lambda: None):
        self.watch, self.age = watch, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.age = 0
        return np.zeros(4, np.float32), {}

    def step(self, action):
        self.watch()
        self.age += 1
        return np.full(4, self.age / 7, np.float32), 1.0, self.age >= 7, False, {}


def made(units):
    """A plastic brain that was built."""
    spiker = LinearSpikerConfig(max_freq=300.0)
    pool = LIFNeuronConfig(units=(units,), async_spikes=False)
    modules = [
        ModuleSpecs("spiker", LinearSpiker, {"signal": PortMap("__call__", "drive")}, spiker),
        ModuleSpecs(
            "pool", LIFNeuron, {"in_spikes": [PortMap("spiker", "spikes"), PortMap("pool", "out_spikes")]}, pool
        ),
    ]
    inputs = {"drive": InputSpec(FloatArray, (4,), "float16")}
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, seed=1))
    brain(**DRIVE)
    brain.reset()
    return brain


def digest(brain):
    """A number for all bits of the state."""
    state = brain.state
    return hashlib.sha256(b"".join(np.asarray(state[path]).tobytes() for path in state)).hexdigest()


def step_of(brain):
    """Steps that were done."""
    return int(brain.state["step"])


class Alarm:
    """Interrupts in three ways in turn: one Ctrl-C, two at once, or a handler of the user's that raises."""

    def __init__(self):
        self.random, self.number, self.raised = random.Random(1), 0, 0

    def listen(self):
        """Be the one that rings."""
        signal.signal(signal.SIGALRM, self.ring)

    def ring(self, *_):
        if self.number % 3 == 2:
            raise KeyboardInterrupt
        for _ in range(1 + self.number % 3):
            os.kill(os.getpid(), signal.SIGINT)

    def during(self, seconds, call):
        """Call, and interrupt it at a moment within so many seconds."""
        self.number += 1
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, self.random.uniform(1e-5, seconds), AGAIN_SECONDS)
                call()
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except (KeyboardInterrupt, SystemError):
            # NumPy calls Python functions of JAX, and makes a SystemError of what a signal handler raises in there.
            self.raised += 1


def interrupt_runs(brain, alarm, moments, folder):
    """Runs: with or without something recorded, and with checkpoints."""
    found = []
    for number in range(moments):
        brain.reset()
        more = [{}, {"record": "pool"}, {"callbacks": [spark.Checkpoints(folder, seconds=0.0)]}][number // 3 % 3]
        alarm.during(SECONDS, lambda more=more: spark.run(brain, 10**9, DRIVE, progress=False, **more))
        found.append((step_of(brain), digest(brain)))
        spark.run(brain, 16, DRIVE, progress=False)
        found.append((step_of(brain), digest(brain)))
    other, wrong = made(brain.pool.output_specs["out_spikes"].size), []
    for step, seen in sorted(found):
        if step > step_of(other):
            spark.run(other, step - step_of(other), DRIVE, progress=False)
        if digest(other) != seen:
            wrong.append(f"the state at step {step}")
    return wrong


def looped(brain, environment):
    """A loop over the brain."""
    observe = lambda seen: {"drive": FloatArray(jnp.asarray(seen, jnp.float16))}  # noqa: E731
    return Loop(brain, environment, observe=observe, act=lambda _: 0, steps_per_action=4, rest_steps=8)


def interrupt_loops(brain, alarm, moments, folder):
    """Loops with an environment."""
    found = []
    for _ in range(moments):
        brain.reset()
        loop = looped(brain, Pacing())
        alarm.during(SECONDS, lambda loop=loop: loop.run(10**6, seed=0))
        found.append((step_of(brain), digest(brain)))
        loop.run(2)
        if step_of(brain) < found[-1][0] + 8:
            found.append((-1, "a loop did not go on"))
    other = made(brain.pool.output_specs["out_spikes"].size)
    expected = {0: digest(other)}
    note = lambda *_: expected.setdefault(step_of(other), digest(other))  # noqa: E731
    loop = looped(other, Pacing(note))
    while max(expected) < max(step for step, _ in found):
        loop.run(1, seed=0 if len(expected) == 1 else None, each=note)
    return [f"the state at step {step}: {seen}" for step, seen in found if expected.get(step) != seen]


def interrupt_saves(brain, alarm, moments, folder):
    """Saving, while an older checkpoint lies there."""
    path, wrong = Path(folder) / "brain.safetensors", []
    spark.save_checkpoint(brain, path)
    for _ in range(moments):
        spark.run(brain, 1, DRIVE, progress=False)
        kept, before = checkpoint_step(path), digest(brain)
        alarm.during(0.012, lambda: spark.save_checkpoint(brain, path))
        if digest(brain) != before:
            wrong.append("saving changed the state")
        if checkpoint_step(path) not in (kept, step_of(brain)):
            wrong.append(f"the file has step {checkpoint_step(path)}, not {kept} or {step_of(brain)}")
    return wrong


INTERRUPT = {"runs": interrupt_runs, "loops": interrupt_loops, "saves": interrupt_saves}


def main(moments):
    """All of these, with each brain."""
    alarms, wrong = {what: Alarm() for what in INTERRUPT}, {what: [] for what in INTERRUPT}
    for units in UNITS:
        brain = made(units)
        spark.run(brain, 100, DRIVE, progress=False)
        spark.run(brain, 100, DRIVE, record="pool", progress=False)
        looped(brain, Pacing()).run(8, seed=0)
        for what, interrupt in INTERRUPT.items():
            alarms[what].listen()
            with tempfile.TemporaryDirectory() as folder:
                found = interrupt(brain, alarms[what], moments // len(UNITS), folder)
            wrong[what] += [f"{units} units: {text}" for text in found]
    return {what: {"moments": a.number, "raised": a.raised, "wrong": wrong[what]} for what, a in alarms.items()}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
