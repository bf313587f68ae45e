"""Connections in compressed rows."""

from typing import Any, NamedTuple

ONE_WEIGHT, WEIGHT_OF_UNIT, WEIGHT_OF_EDGE = range(3)


class Rows(NamedTuple):
    """Connections in compressed rows, one row for each presynaptic unit.

    Attributes:
        starts: int32 (pre + 1,): connections of unit j are elements starts[j] up to, not including, starts[j + 1].
        post: uint16 or int32 (connections,): postsynaptic unit of each.
        weights: float32, float16 or bfloat16: one for each connection, or for each presynaptic unit, or one element.
        delays: uint8 or uint16 (connections,): further steps until each arrives; None where all arrive together.
        middles: int32 (pre,): where each row ascends by half of the targets, delay, then target (see
            `spark.kernels.order`), its first connection onto the second half; None where targets ascend.
    """

    starts: Any
    post: Any
    weights: Any
    delays: Any
    middles: Any = None


def weight_layout(rows: Rows) -> int:
    """Whether there is one weight, one for each unit, or one for each connection."""
    size = rows.weights.shape[0]
    if size == rows.post.shape[0]:
        return WEIGHT_OF_EDGE
    return ONE_WEIGHT if size == 1 else WEIGHT_OF_UNIT
