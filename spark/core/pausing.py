"""Which parts of a module pause between steps, and who knows no pauses."""

from spark.core.errors import ModuleError, Problem
from spark.core.part import Part
from spark.core.tree import walk


def intervals(module: Part) -> tuple[int, ...]:
    """Numbers of steps after whose multiples a part of a built module pauses, ascending.

    Raises:
        ModuleError: One is no whole number of at least 1.
    """
    every = {number: path for path, part in walk(module) for number in part.pauses()}
    problems = [
        Problem(
            f"{path or type(module).__name__}.pauses",
            f"must be whole numbers of steps, at least 1, got {number!r}",
            "Round an interval to at least one step",
            "bounds",
        )
        for number, path in every.items()
        if not isinstance(number, int) or number < 1
    ]
    if problems:
        raise ModuleError(problems)
    return tuple(sorted(every))


def require_no_pauses(module: Part, who: str, mend: str) -> None:
    """Refuse a built module with parts that pause between steps.

    Args:
        module: The module.
        who: Does not pause, for errors.
        mend: What to do instead.

    Raises:
        ModuleError: A part pauses.
    """
    problems = [
        Problem(
            path or type(module).__name__,
            f"changes between steps as it learns, such as by a `rewiring`, and {who} does not pause for that, "
            f"got a pause every {min(part.pauses())} steps",
            mend,
            "pause",
        )
        for path, part in walk(module)
        if part.pauses()
    ]
    if problems:
        raise ModuleError(problems)
