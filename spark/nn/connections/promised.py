"""What a connectivity draws, held to its promise: kernels read and write at its numbers unchecked."""

import inspect

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.nn.connections.base import ConnectionList, Connectivity


def require_draw(connectivity: Connectivity) -> None:
    """See that a connectivity says which connections there are, and takes what it is given.

    Raises:
        ConfigError: It does not.
    """
    cls, fix = type(connectivity), "Write `draw(self, generator, pre_shape, post_shape)`"
    text = "" if cls.draw is not Connectivity.draw else "does not say which connections there are, got no `draw`"
    try:
        inspect.signature(connectivity.draw).bind(None, None, None)
    except TypeError:
        got = [*inspect.signature(connectivity.draw).parameters]
        text = f"does not take what it is given, got {got}; expected ['generator', 'pre_shape', 'post_shape']"
    if text:
        raise ConfigError(Problem("connections", f"{cls.__name__} {text}", fix, "connections"))


def as_list(address: str, connectivity: Connectivity, found: object, pre: int, post: int) -> ConnectionList:
    """What a connectivity drew, with arrays where it gave lists.

    Args:
        address: Of the connectivity, for errors.
        connectivity: That.
        found: What it drew.
        pre: How many units there are before the connections.
        post: And behind them.

    Raises:
        ConfigError: It is no list of connections from `pre` units onto `post`; everything that is wrong.
    """
    mend = f"Mend `draw` of {type(connectivity).__name__}"
    if not isinstance(found, ConnectionList):
        text = f"drew no ConnectionList, got {type(found).__name__}; expected ConnectionList(starts, post, values)"
        if isinstance(found, np.ndarray) and found.ndim == 2:
            mend += ": return `FromMatrix(matrix=...).draw(generator, pre_shape, post_shape)`"
        raise ConfigError(Problem(address, text, mend, "connections"))
    values = None if found.values is None else np.asarray(found.values)
    listed = ConnectionList(np.asarray(found.starts), np.asarray(found.post), values)
    wrong = _wrong(listed, pre, post)
    if wrong:
        raise ConfigError([Problem(address, f"drew {text}", mend, "connections") for text in wrong])
    return listed


def _wrong(found: ConnectionList, pre: int, post: int) -> list[str]:
    starts, targets, values = found
    edges = targets.size
    wrong = []
    if starts.shape != (pre + 1,) or starts.dtype.kind not in "iu":
        wrong.append(
            f"starts of rows that do not fit, got {starts.dtype} of shape {starts.shape}; "
            f"expected {pre + 1} whole numbers, one more than there are origins"
        )
    elif starts[0] != 0 or starts[-1] != edges:
        wrong.append(
            f"starts of rows from {starts[0]} to {starts[-1]}; "
            f"expected them to go from 0 to {edges}, the number of connections"
        )
    elif (starts[1:] < starts[:-1]).any():
        row = int(np.argmax(starts[1:] < starts[:-1])) + 1
        wrong.append(f"starts of rows that descend, got {starts[row]} after {starts[row - 1]}; expected ascending ones")
    if targets.ndim != 1 or targets.dtype.kind not in "iu":
        wrong.append(
            f"targets that are no list, got {targets.dtype} of shape {targets.shape}; expected a row of whole numbers"
        )
    elif edges and (targets.min() < 0 or targets.max() >= post):
        worst = targets.min() if targets.min() < 0 else targets.max()
        wrong.append(f"a target that there is not, got unit {worst}; expected units from 0 to {post - 1}")
    if values is not None:
        if values.shape != (edges,) or values.dtype.kind not in "iuf":
            wrong.append(
                f"weights that do not fit, got {values.dtype} of shape {values.shape}; "
                f"expected {edges} numbers, one for each connection"
            )
        elif not np.isfinite(values).all():
            wrong.append(f"a weight that is no number, got {values[~np.isfinite(values)][0]}; expected finite ones")
    return wrong
