"""Whether a loop moves its environment as often as the brain's actors and critics expect."""

from spark.core.errors import LoopError, Problem
from spark.core.rounds import Rounds
from spark.core.tree import walk
from spark.nn import Brain
from spark.worlds.world import World


def rounds_of(brain: Brain) -> dict[str, int]:
    """Steps of a round of each module that keeps rounds, by its path; those that live by a brain's own world aside.

    Args:
        brain: A built brain.
    """
    parts = [(path, part) for path, part in walk(brain) if not isinstance(part, Brain)]
    # Where a world stands, the modules beside it, and all that these consist of, keep time with it.
    own = {path.rpartition(".")[0] for path, part in parts if isinstance(part, World)}
    found = {
        path: [rounds.every for spec in part.output_specs.values() if (rounds := spec.trait(Rounds))]
        for path, part in parts
        if not any(not owner or path.startswith(f"{owner}.") for owner in own)
    }
    return {path: every[0] for path, every in found.items() if every}


def require_rounds(brain: Brain, steps_per_action: int, rest_steps: int) -> None:
    """See that each action of a loop is one round of whatever in a brain keeps rounds.

    Args:
        brain: A built brain.
        steps_per_action: Steps of the brain for each action.
        rest_steps: Steps after the end of an episode: whole rounds.

    Raises:
        LoopError: It is not, or the brain stands within a round.
    """
    rounds = rounds_of(brain)
    if not rounds:
        return
    expected = ", ".join(f"{every} as {f'{path}.config.every'!r}" for path, every in rounds.items())
    numbers, problems = sorted(set(rounds.values())), []
    fix = "Give all of them the same `every`" if len(numbers) > 1 else f"Give the loop `steps_per_action={numbers[0]}`"
    if numbers != [steps_per_action]:
        text = f"is another time than the brain keeps, got {steps_per_action}; expected {expected}"
        problems.append(Problem("steps_per_action", text, fix, "clash"))
    if any(rest_steps % every for every in numbers):
        text = f"must be whole rounds of the brain, got {rest_steps}; expected 0 or a multiple of {expected}"
        fix = "" if len(numbers) > 1 else f"Give the loop `rest_steps=0` or `rest_steps={numbers[0]}`"
        problems.append(Problem("rest_steps", text, fix, "clash"))
    late = {path: int(brain.step) % every for path, every in rounds.items()}
    path = next((path for path in late if late[path]), None)
    if path is not None and not problems:
        text = f"is within a round of {path!r}, got {int(brain.step)}; expected a multiple of {rounds[path]}"
        fix = f"Run it for the {rounds[path] - late[path]} steps that are left, or `brain.reset()`"
        problems.append(Problem("brain.step", text, fix, "clash"))
    if problems:
        raise LoopError(problems)
