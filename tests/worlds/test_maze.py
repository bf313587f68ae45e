"""The maze, against a search of its plan by another way: the matrix of neighbours, raised to powers."""

import jax
import jax.numpy as jnp
import numpy as np

from spark import IntegerArray
from spark.worlds import Maze
from spark.worlds.maze import MOVES, PLAN

SIZE = len(PLAN)
OPEN = [(r, c) for r in range(SIZE) for c in range(SIZE) if PLAN[r][c] == "."]
FOOD = (SIZE - 1, SIZE - 1)


def moves_to_the_food() -> dict:
    """The least power of the matrix of neighbours that joins each cell to the food."""
    near = np.array([[abs(a - c) + abs(b - d) <= 1 for c, d in OPEN] for a, b in OPEN], int)
    reached, found = np.eye(len(OPEN), dtype=int)[OPEN.index(FOOD)], {FOOD: 0}
    for moves in range(1, len(OPEN)):
        reached = np.minimum(near @ reached, 1)
        for n in np.flatnonzero(reached):
            found.setdefault(OPEN[n], moves)
    return found


AWAY = moves_to_the_food()


def test_every_cell_can_be_begun_in_and_knows_how_far_the_food_is() -> None:
    drawn = jnp.asarray(np.random.default_rng(0).random((3000, 2)), jnp.float32)
    first = np.asarray(jax.vmap(Maze.first)(drawn)).astype(int)
    assert {divmod(cell, SIZE): away for cell, away in first} == {c: a for c, a in AWAY.items() if a}
    counts = np.bincount(first[:, 0])
    assert counts[counts > 0].min() > 0.5 * 3000 / (len(OPEN) - 1)


def test_a_move_leads_to_the_next_cell_or_nowhere() -> None:
    cells = [c for c in OPEN if c != FOOD]
    for move, (down, right) in enumerate(MOVES):
        physical = jnp.asarray([[r * SIZE + c, 7.0] for r, c in cells], jnp.float32)
        after, reward, ended = jax.vmap(lambda p, a=move: Maze.after(p, jnp.int32(a)))(physical)
        expected = [(r + down, c + right) if (r + down, c + right) in OPEN else (r, c) for r, c in cells]
        assert [divmod(int(p), SIZE) for p in np.asarray(after)[:, 0]] == expected
        np.testing.assert_array_equal(ended, [cell == FOOD for cell in expected])
        assert np.all(np.asarray(reward) == -1) and np.all(np.asarray(after)[:, 1] == 6)


def test_it_shows_row_and_column_from_minus_1_to_1() -> None:
    for cell in OPEN:
        shown = np.asarray(Maze.observed(jnp.asarray([cell[0] * SIZE + cell[1], 0.0], jnp.float32)))
        np.testing.assert_allclose(shown, np.array(cell) / 3.5 - 1.0, atol=1e-6)


def test_an_episode_counts_1_where_no_move_was_wasted_else_0() -> None:
    """The written policy walks from the farthest cell; once straight on, once after a bump into the wall of the rim."""
    start = max(AWAY, key=lambda cell: AWAY[cell])
    for wasted in (0, 1):
        world, moves = Maze(every=4), 0
        world(action=IntegerArray(jnp.zeros(1, jnp.int32)))
        world.replace_state(
            {"physical": np.array([start[0] * SIZE + start[1], AWAY[start]], np.float32), "phase": np.int32(0)}
        )
        while world.state["episodes"] == 0:
            action = int(Maze.skilled(Maze.observed(jnp.asarray(world.state["physical"]))))
            if moves == 0 and wasted:
                blocked = [m for m, (d, r) in enumerate(MOVES) if (start[0] + d, start[1] + r) not in OPEN]
                action = blocked[0]
            for _ in range(4):
                found = world(action=IntegerArray(jnp.full(1, action, jnp.int32)))
            moves += 1
            assert float(found["reward"].value[0]) == -1
        assert moves == AWAY[start] + wasted
        assert float(world.state["last_return"]) == float(found["episode_return"].value[0]) == 1 - wasted


def test_it_is_drawn_with_the_animal_in_its_cell() -> None:
    rows = Maze.drawn(np.array([9.0, 0.0], np.float32)).split(" ")
    assert rows[1] == ".@#####." and rows[0] == PLAN[0]
