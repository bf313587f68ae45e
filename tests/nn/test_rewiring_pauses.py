"""Where a brain that rewires is advanced, and what stays of it where that fails."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import gymnasium as gym
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused
from pool_brains import DT
from rewired_brains import SOURCES, UNITS, WEAKEST, given_for, same, shown, taught

import spark
from spark import SpikeArray, learn
from spark.core.keeper import COPIED_BYTES, Keeper
from spark.core.pauses import Pauses
from spark.envs import Loop
from spark.nn import Brain
from spark.sim.run import build

# A step is half a millisecond: every 13 steps.
OFTEN = WEAKEST.updated(interval=6.5)


class Large:
    """A keeper of a state above `COPIED_BYTES`, which nobody else holds, with a pause after every third step."""

    def __init__(self, act: Any) -> None:
        brain = taught()
        spark.run(brain, 1, given_for(slice(0, 1)), progress=False)
        self.graph, state = spark.split(brain)
        wide = jnp.zeros(COPIED_BYTES, jnp.uint8)
        self.state = spark.State((*state.leaves, wide), state.about)
        self.keeper = Keeper("Brain", self.state, pauses=Pauses((3,), act))
        # Whatever was lent at the begin is not any more after a step.
        self.advance(1)

    def advance(self, steps: int) -> None:
        @jax.jit
        def used(state: spark.State) -> spark.State:
            silent = {"s": SpikeArray(np.zeros(SOURCES, np.int8))}
            slim = spark.State(state.leaves[:-1], state.about)
            _, _, after = spark.sim.advance(self.graph, slim, silent, steps=steps)
            return spark.State((*after.leaves, state.leaves[-1]), state.about)

        def call(state: spark.State) -> tuple[spark.State, None]:
            after = used(state)
            jax.block_until_ready(after)
            for leaf in state.leaves:
                leaf.delete()
            return after, None

        self.keeper.advance(call, steps)

    @property
    def step(self) -> int:
        return int(self.keeper.peek()["step"])


def test_a_large_state_stays_where_steps_would_run_over_a_pause() -> None:
    large = Large(lambda state, done: state)
    assert large.step == 2
    text = (
        "Brain: changes its connections after step 3, got 2 steps at once from step 2 on. "
        "Choose an interval of whole rounds of steps, or run it by `spark.run`"
    )
    with refused(spark.RunError, text):
        large.advance(2)
    assert large.step == 2
    large.advance(1)
    assert large.step == 3


def test_a_large_state_whose_pause_fails_is_the_one_after_the_step() -> None:
    def fail(state: spark.State, done: int) -> spark.State:
        raise ArithmeticError(done)

    large = Large(fail)
    with pytest.raises(ArithmeticError, match="3"):
        large.advance(1)
    assert large.step == 3
    large.advance(2)
    assert large.step == 5


def test_a_small_state_whose_pause_fails_is_the_one_before_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    brain = taught(rewiring=OFTEN)
    spark.run(brain, 10, given_for(slice(0, 10)), progress=False)
    before = shown(brain)

    def fail(*_: Any) -> None:
        raise ArithmeticError

    with monkeypatch.context() as patched:
        patched.setattr("spark.nn.projections.plastic.rewire", fail)
        with pytest.raises(ArithmeticError):
            spark.run(brain, 10, given_for(slice(10, 20)), progress=False)
    for one, other in zip(before, shown(brain), strict=True):
        np.testing.assert_array_equal(one, other)
    spark.run(brain, 10, given_for(slice(10, 20)), progress=False)
    whole = taught(rewiring=OFTEN)
    spark.run(whole, 20, given_for(slice(0, 20)), progress=False)
    same(brain, whole)


def test_connections_may_change_after_every_step() -> None:
    often = WEAKEST.updated(interval=DT)
    whole, called = taught(rewiring=often), taught(rewiring=often)
    spark.run(whole, 12, given_for(slice(0, 12)), progress=False)
    build(called)
    sources = [called.connections("pool.learns").sources]
    for row in given_for(slice(0, 12))["s"].value:
        called(s=SpikeArray(row))
        sources.append(called.connections("pool.learns").sources)
    same(whole, called)
    assert all((before != after).any() for before, after in pairwise(sources))


def test_a_pause_knows_nothing_of_the_pauses_before_it() -> None:
    brain, whole = taught(rewiring=OFTEN), taught(rewiring=OFTEN)
    spark.run(brain, 30, given_for(slice(0, 30)), progress=False)
    early = brain.state
    spark.run(brain, 200, given_for(slice(30, 230)), progress=False)
    brain.load_state(early)
    spark.run(brain, 60, given_for(slice(30, 90)), progress=False)
    spark.run(whole, 90, given_for(slice(0, 90)), progress=False)
    same(brain, whole)


def test_no_array_outlives_a_pause() -> None:
    brain = taught(rewiring=OFTEN)
    spark.run(brain, 13, given_for(slice(0, 13)), progress=False)
    given = jax.tree.map(jnp.copy, brain.state)
    assert brain._keeper is not None and brain._keeper._pauses is not None
    made = brain._keeper._pauses.act(given, 26)
    leaves = [weakref.ref(leaf) for leaf in (*given.leaves, *made.leaves)]
    del given, made
    gc.collect()
    assert [leaf() for leaf in leaves] == [None] * len(leaves)


@pytest.mark.parametrize("every", [(1,), (3,), (16,), (5, 7)])
@pytest.mark.parametrize(("done", "steps"), [(0, 1), (0, 16), (2, 64), (14, 33)])
def test_pieces_are_all_of_the_steps_and_none_runs_over_a_pause(every: tuple[int, ...], done: int, steps: int) -> None:
    pieces = Pauses(every, lambda state, done: state).pieces(done, steps)
    ends = done + np.cumsum(pieces)
    assert sum(pieces) == steps and min(pieces) >= 1
    due = [step for step in range(done + 1, done + steps) if any(step % number == 0 for number in every)]
    assert set(due) <= set(ends.tolist())
    assert not due or all(piece.bit_count() == 1 for piece in pieces)
    assert due or pieces == [steps]


class Showing(gym.Env):
    """Shows the spikes of one step after the other; episodes of five actions."""

    observation_space = gym.spaces.Box(-1.0, 1.0, (SOURCES,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self) -> None:
        self.age = 0

    def shown(self) -> np.ndarray:
        return np.asarray(given_for(slice(self.age, self.age + 1))["s"].value[0], np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return self.shown(), {}

    def step(self, action: Any) -> Any:
        self.age += 1
        return self.shown(), 0.0, self.age % 5 == 0, False, {}


def arriving(seen: np.ndarray) -> dict[str, SpikeArray]:
    """What the environment shows, as spikes of the sources."""
    return {"s": SpikeArray(jnp.asarray(seen, jnp.int8))}


def test_a_loop_rewires_as_a_run_does_whose_rounds_do_not_fall_on_the_interval() -> None:
    looped, alone = taught(rewiring=OFTEN), taught(rewiring=OFTEN)
    loop = Loop(looped, Showing(), observe=arriving, act=lambda _: 0, steps_per_action=6, rest_steps=5)
    log = loop.run(12, seed=0, spikes=True)
    rows = []
    for number, seen in enumerate(log.observations):
        rows += [seen] * 6 + ([np.zeros(SOURCES)] * 5 if number % 5 == 4 else [])
    found = spark.run(
        alone, len(rows), {"s": SpikeArray(np.array(rows, np.int8))}, record=["pool"], progress=False
    )  # fmt: skip
    same(looped, alone)
    assert (
        looped.connections("pool.learns").sources != taught(rewiring=OFTEN).connections("pool.learns").sources
    ).any()
    fired = np.zeros((len(rows), UNITS), bool)
    steps, units = found.spikes("pool")
    fired[np.rint(np.asarray(steps) / DT).astype(int), units] = True
    acting = np.concatenate([np.arange(6) + 6 * n + 5 * (n // 5) for n in range(12)])
    np.testing.assert_array_equal(log.raster() != 0, fired[acting])
    assert log.raster().shape == (72, UNITS) and fired.any()


def test_a_loop_without_learning_keeps_its_connections() -> None:
    brain = taught(rewiring=OFTEN)
    before = brain.connections("pool.learns").sources
    Loop(brain, Showing(), observe=arriving, act=lambda _: 0, steps_per_action=30).run(3, seed=0, learning=False)
    np.testing.assert_array_equal(brain.connections("pool.learns").sources, before)


def test_an_input_that_loads_another_state_runs_over_no_pause() -> None:
    """Of an iterator no row is lost where a chunk becomes shorter by it."""
    brain, whole = taught(rewiring=OFTEN), taught(rewiring=OFTEN)
    spark.run(brain, 10, given_for(slice(0, 10)), progress=False)
    rewound = brain.state
    spark.run(brain, 10, given_for(slice(10, 20)), progress=False)

    def rows() -> Iterator[SpikeArray]:
        for step in range(10, 40):
            if step == 10:
                brain.load_state(rewound)
            yield SpikeArray(given_for(slice(step, step + 1))["s"].value[0])

    # Six steps are left to the next pause when the chunk's length is chosen, and three from the state that is loaded.
    spark.run(brain, 30, {"s": rows()}, progress=False)
    spark.run(whole, 40, given_for(slice(0, 40)), progress=False)
    same(brain, whole)


def test_chunks_have_no_more_room_than_there_are_steps_between_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    chunk = spark.sim.run.run_chunk
    monkeypatch.setattr(spark.sim.run, "run_chunk", lambda *given, **more: seen.append(more) or chunk(*given, **more))
    brain = taught(rewiring=OFTEN)
    for learning in (True, False):
        spark.run(brain, 30, given_for(slice(0, 30)), learning=learning, progress=False)
    assert {more["most"] for more in seen} == {16}


def _where_no_pause_is_made() -> Iterator[Any]:
    def head(who: str) -> str:
        return (
            "pool: changes between steps as it learns, such as by a `rewiring`, and "
            f"{who} does not pause for that, got a pause every 40 steps. "
        )

    def unrolled() -> Any:
        graph, state = spark.split(built())
        return spark.unroll(graph, state, 3, given_for(slice(0, 3)))

    gradients = learn.SurrogateGradients(weights=("pool.learns",), readout="pool", steps=3)
    shown = learn.Examples(given_for(slice(0, 2)), np.zeros(2, np.int32))
    yield unrolled, head("`spark.unroll`") + "Give `learning=False`, or leave that out"
    yield lambda: spark.shard(built()), head("`spark.shard`") + "Run it on one device, or leave that out"
    for act in (
        lambda: gradients.fit(built(), shown, episodes=1),
        lambda: gradients.answers(built(), shown.inputs),
    ):
        yield act, head("`SurrogateGradients`") + "Leave that out"


def built() -> Brain:
    brain = taught()
    spark.run(brain, 1, given_for(slice(0, 1)), progress=False)
    return brain


@pytest.mark.parametrize(("make", "text"), [*_where_no_pause_is_made()])
def test_who_makes_no_pauses_refuses_a_brain_that_does(make: Any, text: str) -> None:
    with refused(spark.ModuleError, text):
        make()


def test_without_learning_a_rewired_brain_is_unrolled() -> None:
    brain = taught()
    spark.run(brain, 1, given_for(slice(0, 1)), progress=False)
    graph, state = spark.split(brain)
    found = spark.unroll(graph, state, 60, given_for(slice(1, 61)), record="pool", learning=False)
    recorded = spark.run(brain, 60, given_for(slice(1, 61)), record="pool", learning=False, progress=False)
    np.testing.assert_array_equal(np.asarray(found.recorded["pool"]) != 0, np.asarray(recorded["pool"]) != 0)


@pytest.mark.parametrize("every", [0, -3, 2.5])
def test_a_pause_that_is_no_number_of_steps_is_named(every: Any) -> None:
    class Restless(spark.nn.Pool):
        def pauses(self) -> tuple[int, ...]:
            return (every,)

    config = taught().config
    specs = config.modules_map["pool"]
    brain = Brain(config.updated(modules_map=[replace(specs, module_cls=Restless)]))
    text = (
        f"pool.pauses: must be whole numbers of steps, at least 1, got {every}. Round an interval to at least one step"
    )
    with refused(spark.ModuleError, text):
        spark.run(brain, 1, given_for(slice(0, 1)), progress=False)
