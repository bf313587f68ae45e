"""A maze on a grid, with food in one corner."""

from collections import deque
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.values import Whole
from spark.worlds.world import ENDLESS, World, WorldConfig

# Walls are #; the food lies in the last cell.
PLAN = (
    "........",
    ".######.",
    "......#.",
    "####..#.",
    ".....##.",
    ".###....",
    ".#.####.",
    "...#....",
)
SIZE = len(PLAN)
# Up, down, left, right.
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each cell: where each move leads, by how many moves the food is away (-1 in walls), and the best move."""
    cells = SIZE * SIZE
    leads = np.zeros((cells, len(MOVES)), np.int64)
    for cell in range(cells):
        for move, (down, right) in enumerate(MOVES):
            row, column = cell // SIZE + down, cell % SIZE + right
            inside = 0 <= row < SIZE and 0 <= column < SIZE and PLAN[row][column] != "#"
            leads[cell, move] = row * SIZE + column if inside else cell
    away = np.full(cells, -1)
    away[cells - 1] = 0
    waiting = deque([cells - 1])
    while waiting:
        reached = waiting.popleft()
        for cell in np.flatnonzero((leads == reached).any(axis=1) & (away < 0)):
            if PLAN[cell // SIZE][cell % SIZE] != "#":
                away[cell] = away[reached] + 1
                waiting.append(int(cell))
    best = np.array([int(np.argmin(away[leads[cell]])) for cell in range(cells)])
    return leads, away, best


LEADS, AWAY, BEST = _tables()
# Where an episode may begin: anywhere but at the food.
OPEN = np.flatnonzero(AWAY > 0)


class MazeConfig(WorldConfig):
    """How often a move is made, and how many at most."""

    limit: Whole = field(
        200, least=1, most=ENDLESS, description="Steps of the world after which an episode is cut off."
    )


class Maze(World):
    """A maze of 8 x 8 cells: moves up (0), down (1), left (2) and right (3) are to lead to the food, from anywhere.

    It shows row and column, each from -1 to 1, and keeps the cell, and how many moves may still be made if the food is
    to be reached by a shortest way. A move into a wall leads nowhere. Each step costs 1; the episode ends at the food.

    The return of an episode is 1 where it took a shortest way, else 0: the mean of many is the share of shortest ways.
    Its rewards are the costs alone.
    """

    config: MazeConfig

    actions, numbers, observations = 4, 2, 2
    spans = (1.0, 1.0)
    best_return, worst_return = 1.0, 0.0
    solved_return, best_value = 0.95, 0.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """In any open cell but the food's, each as likely."""
        place = jnp.clip(jnp.floor(drawn[0] * len(OPEN)), 0, len(OPEN) - 1)
        cell = _looked_up(OPEN, place)
        return jnp.stack([cell, _looked_up(AWAY, cell)])

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """A move, or none where a wall is."""
        cell = _looked_up(LEADS.reshape(-1), physical[0] * len(MOVES) + action.astype(jnp.float32))
        return jnp.stack([cell, physical[1] - 1.0]), jnp.float32(-1.0), cell == SIZE * SIZE - 1

    @staticmethod
    def counted(physical: Any, reward: Any, terminated: Any) -> Any:
        """1 where the food is reached and no move was wasted."""
        return jnp.where(terminated & (physical[1] == 0), 1.0, 0.0)

    @staticmethod
    def observed(physical: Any) -> Any:
        """Row and column."""
        row = jnp.floor(physical[0] / SIZE)
        return jnp.stack([row, physical[0] - SIZE * row]) / ((SIZE - 1) / 2.0) - 1.0

    @staticmethod
    def skilled(observed: Any) -> Any:
        """The first move of a shortest way."""
        row, column = jnp.round((observed + 1.0) * ((SIZE - 1) / 2.0))
        return _looked_up(BEST, row * SIZE + column).astype(jnp.int32)

    @staticmethod
    def drawn(physical: np.ndarray) -> str:
        """All rows beside each other, with the animal in its cell."""
        cell = int(physical[0])
        shown = "".join(PLAN)
        shown = shown[:cell] + "@" + shown[cell + 1 :]
        return " ".join(shown[n : n + SIZE] for n in range(0, len(shown), SIZE))


def _looked_up(table: np.ndarray, place: Any) -> Any:
    """The entry of a table at a whole number, as a sum over all entries, which compiles to a loop."""
    entries = jnp.asarray(table, jnp.float32)
    return jnp.sum(jnp.where(jnp.arange(table.size, dtype=jnp.float32) == place, entries, 0.0))
