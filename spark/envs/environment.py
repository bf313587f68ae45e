"""An environment of Gymnasium in the place of the world that is wired to a brain, to teach and judge it there."""

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np

from spark.core.arguments import checked
from spark.core.errors import LoopError, Problem
from spark.core.keeper import Claim
from spark.core.numerics import raise_faults
from spark.core.part import graph_of, keeper_of
from spark.core.payloads import BooleanMask, FloatArray, Payload
from spark.core.state import State
from spark.core.tree import part_named
from spark.envs import received
from spark.envs.acting import check_bounds
from spark.graph.specs import InputSpec, OutputSpec, PortMap
from spark.learn.keeping import EPISODES, Curve, Kept
from spark.learn.placing import the_only
from spark.nn import Brain
from spark.sim import advance
from spark.sim.run import MOST_STEPS, build
from spark.worlds import World

_CALL = "__call__"
_FLAGS = ("terminated", "truncated", "started")
_KEPT = "What was learned before is kept"


class Environment:
    """Where a brain is taught and judged as in its world: `Plasticity().fit(brain, Environment(gym.make(...)))`.

    What the brain would read from its world it reads from the environment, in the same steps, so that the same
    observations and rewards teach the same weights, to the bit; an episode's last observation stays for a round, as a
    world's does. An environment without a limit of its own has the world's.

    Args:
        environment: With as many discrete actions and numbers of an observation as the brain's world has.
        seed: The environment is reset with it at the begin of each lesson, and whenever a brain is judged; left out,
            its chance goes on, or begins as Gymnasium chooses. A lesson's own seed counts more.

    Raises:
        LoopError: The seed is below 0.
    """

    @checked
    def __init__(self, environment: gym.Env, *, seed: int | None = None) -> None:
        check_bounds("Environment.seed", seed or 0, 0, MOST_STEPS)
        self.environment, self.seed = environment, seed

    def enter(self, brain: Brain, learning: bool, seed: int | None) -> "Pupil":
        """Episodes of a brain in it; what learning and judging call.

        Args:
            brain: Who acts.
            learning: Whether its plasticity goes on.
            seed: Of chance in the environment; None for its own.

        Raises:
            RunError: The brain has no world, or several.
            LoopError: The environment does not fit the world.
        """
        return Pupil(brain, self.environment, learning, self.seed if seed is None else seed)


class Pupil:
    """A brain whose world is replaced by an environment of Gymnasium, which moves as often as the world did.

    It goes on from the begin of an episode, where the brain stands: a round that the brain is in, it finishes on what
    was shown last. What it knows goes to the brain that it was made from after each episode, and also when the
    environment ends one with an error; so does what is on its way between modules, and what was shown last, for the
    next episode's first step reads it. So several lessons are one longer one.

    Args:
        brain: A brain with one world, as `spark.learn.actor_critic` makes.
        environment: As of `Environment`.
        learning: Whether something is learned.
        seed: The environment is reset with it first.
    """

    columns: tuple[str, ...] = ("return",)

    def __init__(self, brain: Brain, environment: gym.Env, learning: bool, seed: int | None) -> None:
        build(brain)
        self.taught, self.environment, self.learning, self.seed = brain, environment, learning, seed
        self.world = the_only(brain, World)
        specs = brain.config.modules_map[self.world]
        self.kind: Any = specs.module_cls
        self.config: Any = specs.config
        self.solved_return: float | None = self.kind.solved_return
        self._check_spaces()
        self.acting = self._without_world(specs.inputs["action"][0])
        self.done = 0
        self._take_on()

    def _check_spaces(self) -> None:
        actions, seen = self.environment.action_space, self.environment.observation_space
        problems = []
        if not isinstance(actions, gym.spaces.Discrete) or actions.n != self.kind.actions:
            text = f"does not fit the brain, got {actions}; expected Discrete({self.kind.actions})"
            problems.append(
                Problem("environment.action_space", text, f"The brain acts in {self.kind.__name__}", "space")
            )
        if not isinstance(seen, gym.spaces.Box) or seen.shape != (self.kind.observations,):
            text = f"does not fit the brain, got {seen}; expected {self.kind.observations} numbers"
            fix = f"The brain sees {self.kind.__name__}: wrap the environment so that it shows the same numbers"
            problems.append(Problem("environment.observation_space", text, fix, "space"))
        if problems:
            raise LoopError(problems)

    def _without_world(self, action: PortMap) -> Brain:
        """The same modules, fed by the brain's own inputs."""
        config = self.taught.config

        def rewired(wire: PortMap) -> PortMap:
            return wire.moved(_CALL, wire.port) if wire.origin == self.world else wire

        modules = [
            replace(specs, inputs={port: [rewired(wire) for wire in wires] for port, wires in specs.inputs.items()})
            for name, specs in config.modules_map.items()
            if name != self.world
        ]
        ports = {
            "observation": InputSpec(FloatArray, (self.kind.observations,), "float32"),
            **{name: InputSpec(FloatArray, (1,), "float32") for name in ("reward", "episode_return")},
            **{name: InputSpec(BooleanMask, (1,), "bool") for name in _FLAGS},
        }
        read = {w.port for specs in modules for wires in specs.inputs.values() for w in wires if w.origin == _CALL}
        output = part_named(self.taught, action.origin).output_specs[action.port]
        spec = OutputSpec(output.payload_type, output.shape, output.dtype)
        made = Brain(
            config.updated(
                input_map={name: ports[name] for name in ports if name in read},
                output_map={"action": {"input": action, "spec": spec}},
                modules_map=modules,
            )
        )
        build(made)
        return made

    def _take_on(self) -> None:
        """Let the acting brain go on where the taught one stands."""
        state = self.taught.state
        self.acting.replace_state({p: state[p] for p in self.acting.state if p in state})
        # Steps since the world moved last, and what its modules still read of it in a round's first step.
        self._phase = int(state[f"{self.world}.phase"])
        self._shown: dict[str, Payload] = {
            name: spec.payload_type(
                np.asarray(state[kept]) if (kept := self._of_the_world(name)) in state else spec.zeros()
            )
            for name, spec in self.acting.declared_inputs().items()
        }

    def _of_the_world(self, name: str) -> str:
        """Path in the taught brain of what its world put out last."""
        return f"cache.{self.world}.{name}"

    def brain(self) -> Brain:
        """The brain that it was made from."""
        return self.taught

    def memory(self) -> dict[str, np.ndarray]:
        """All that the acting brain knows and the taught one besides, so that it goes on from this file alone."""
        acting, known = self.acting.state, self.taught.state
        taught = {p: known[p] for p in known if p not in acting} | self._of_the_world_now()
        return {
            EPISODES: np.array(self.done, np.int64),
            "chance": drawn_from(self.environment),
            **{f"acting.{p}": np.asarray(acting[p]) for p in acting},
            **{f"taught.{p}": np.asarray(taught[p]) for p in taught},
        }

    def recall(self, kept: Kept) -> int:
        """Take over what was remembered; the brain beside it must be of the same config."""
        found = kept.read_memory(self.memory())
        kept.read_brain_like(self.taught)
        for name, brain in (("acting.", self.acting), ("taught.", self.taught)):
            brain.replace_state({p.removeprefix(name): found[p] for p in found if p.startswith(name)})
        self.done = int(found[EPISODES])
        # Chance that could not be kept begins again by the seed: the rest is at least the same each time.
        if self.done and draw_from(self.environment, found["chance"]):
            self.seed = None
        state = self.acting.state
        self.taught.replace_state({p: state[p] for p in state if p in self.taught.state})
        self._take_on()
        return self.done

    def go_on(self, most: int) -> tuple[Curve, str | None]:
        """One episode; one that Ctrl-C interrupts is as if it had never begun."""
        before, chance = self.acting.state, drawn_from(self.environment)
        phase, shown = self._phase, self._shown
        try:
            with Claim(keeper_of(self.acting)):
                total = self._episode(self.seed, self.learning)
        except KeyboardInterrupt:
            self.acting.load_state(before)
            self._phase, self._shown = phase, shown
            draw_from(self.environment, chance)
            raise
        finally:
            if self.learning:
                self._hand_back()
        self.seed = None
        self.done += 1
        return {"return": np.full(1, total, np.float32)}, None

    def leave(self) -> None:
        """The environment is whoever's gave it."""

    def _episode(self, seed: int | None, learning: bool) -> float:
        begun = self.environment.reset(seed=seed)
        received.require_reset(begun, _KEPT)
        observation = self._checked_observation(begun[0])
        reward, total, moves = 0.0, 0.0, 0
        terminated = truncated = False
        started = True
        # What a world puts out is read a step later: a round's first step reads what was shown before.
        if steps := (1 - self._phase) % self.config.every:
            self._run(self._shown, steps, learning)
        while True:
            action = self._round(learning, observation, reward, total, terminated, truncated, started)
            if terminated or truncated:
                return total
            observation, reward, terminated, truncated = self._move(action)
            started, moves, total = False, moves + 1, total + reward
            # An environment without a limit of its own has the world's.
            truncated = truncated or (moves >= self.config.limit and not terminated)

    def _move(self, action: int) -> tuple[np.ndarray, float, bool, bool]:
        space: Any = self.environment.action_space
        given = self.environment.step(action + int(space.start))
        received.require_step(given, _KEPT)
        seen, gained, *flags, _ = given
        reward = received.reward(gained, _KEPT)
        terminated, truncated = (received.ends(name, flag, _KEPT) for name, flag in zip(_FLAGS[:2], flags, strict=True))
        return self._checked_observation(seen), reward, terminated, truncated

    def _checked_observation(self, seen: Any) -> np.ndarray:
        return received.single(received.OBSERVATION, seen, (self.kind.observations,), _KEPT)

    def _round(self, learning: bool, observation: np.ndarray, reward: float, total: float, *flags: bool) -> int:
        """Run the brain for a round of what it reads; the action that it chose."""
        given = {
            "observation": FloatArray(observation),
            "reward": FloatArray(np.array([reward], np.float32)),
            "episode_return": FloatArray(np.array([total], np.float32)),
            **{name: BooleanMask(np.array([flag])) for name, flag in zip(_FLAGS, flags, strict=True)},
        }
        inputs = {name: given[name] for name in self.acting.config.input_map}
        self._shown = inputs
        # The last round of an episode ends with itself; the others with the next one's first step, in one call.
        every, ended = self.config.every, flags[0] or flags[1]
        found = self._run(inputs, every - 1 if ended else every, learning)
        if self.acting.config.looks_at_numbers:
            raise_faults(graph_of(self.acting), keeper_of(self.acting).peek())
        return int(np.asarray(found["action"].value)[-1].reshape(()))

    def _run(self, inputs: dict[str, Payload], steps: int, learning: bool) -> Any:
        """Outputs of these steps; of the last of them alone where the brain pauses in between."""
        graph = graph_of(self.acting)

        def call(state: State, steps: int) -> tuple[State, Any]:
            outputs, _, after = advance(graph, state, inputs, learning, steps=steps)
            return after, outputs

        found = keeper_of(self.acting).advance_in_pieces(call, steps, learning)[-1]
        self._phase = (self._phase + steps) % self.config.every
        return found

    def _hand_back(self) -> None:
        """Give what the acting brain knows to the taught one; its world stands still, before an episode as it did."""
        state, taught = self.acting.state, self.taught.state
        self.taught.replace_state({**{p: state[p] for p in state if p in taught}, **self._of_the_world_now()})

    def _of_the_world_now(self) -> dict[str, Any]:
        """What the taught brain knows of the rounds, by path: how far this one is, and what was shown in it."""
        shown = {self._of_the_world(name): payload.value for name, payload in self._shown.items()}
        found = {**shown, f"{self.world}.phase": np.array(self._phase, np.int32)}
        return {path: value for path, value in found.items() if path in self.taught.state}


def drawn_from(environment: gym.Env) -> np.ndarray:
    """Where the chance of an environment stands: its PCG64 generator as six uint64; zeros where it has no such one."""
    generator = _generator(environment)
    if generator is None:
        return np.zeros(6, np.uint64)
    state: Any = generator.state
    halves = [part for name in ("state", "inc") for part in divmod(state["state"][name], 2**64)]
    return np.array([*halves, state["has_uint32"], state["uinteger"]], np.uint64)


def draw_from(environment: gym.Env, numbers: np.ndarray) -> bool:
    """Let the chance of an environment go on from where `drawn_from` said that it stood; whether that could be done."""
    generator, found = _generator(environment), [int(number) for number in numbers]
    if generator is None or not any(found):
        return False
    halves = {"state": found[0] * 2**64 + found[1], "inc": found[2] * 2**64 + found[3]}
    state: Any = {"bit_generator": "PCG64", "state": halves, "has_uint32": found[4], "uinteger": found[5]}
    generator.state = state
    return True


def _generator(environment: gym.Env) -> np.random.PCG64 | None:
    """Gymnasium's own kind of chance; None where an environment has another (an old `RandomState`) or none."""
    chance: Any = environment.unwrapped.np_random
    bits = chance.bit_generator if isinstance(chance, np.random.Generator) else None
    return bits if isinstance(bits, np.random.PCG64) else None
