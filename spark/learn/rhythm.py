"""In which step of a round each part of a learning brain does what it does once a round.

A round begins when the world moves, in step 0; its observation is read one step later. A wire costs a step, so at the
end of the round the critic says what the observation is worth (`VALUE`), the error follows one step later (`ERROR`),
actor and critic learn from it and the actor chooses one step after that (`CHOICE`): the last step, so that the world
reads the choice when it moves.

Example: with rounds of 20 steps these are steps 17, 18 and 19.
"""

from typing import Any

BEGIN, VALUE, ERROR, CHOICE = 1, -3, -2, -1


def decides(phase: Any, every: int, moment: int) -> Any:
    """Whether `phase`, 0 to `every` - 1, is that moment of a round; negative moments count from its end."""
    return phase == moment % every
