"""The default rule on a dense kernel, as plain array code."""

from typing import Any

import jax.numpy as jnp


def zenke_dense(
    weights: Any,
    baseline: Any,
    arrived: Any,
    pre_trace: Any,
    post_spikes: Any,
    post_trace: Any,
    slow_trace: Any,
    parameters: Any,
) -> Any:
    """One update of a kernel stored as (pre, post); the formulas stand in `ZenkeRule`.

    Args:
        weights: float32 (pre, post), pA.
        baseline: First weights, the same shape.
        arrived: Presynaptic spikes, (pre,); nonzero fired.
        pre_trace: float32 (pre,), without this step's spikes.
        post_spikes: (post,); nonzero fired.
        post_trace: float32 (post,), fast.
        slow_trace: float32 (post,), slow.
        parameters: float32 (7,): a, b, c, d, gamma, minimum, maximum.
    """
    a, b, c, d, rate, minimum, maximum = jnp.asarray(parameters)
    grown = jnp.clip(weights + rate * (d - b * post_trace)[None, :], minimum, maximum)
    after_pre = jnp.where((arrived != 0)[:, None], grown, weights)
    hebbian = (rate * a) * pre_trace[:, None] * slow_trace[None, :]
    # At a fast burst the pull goes all the way to the first weight, never beyond it.
    pull = jnp.minimum((rate * c) * post_trace * post_trace * post_trace, 1.0)[None, :]
    after_post = after_pre + hebbian - pull * (after_pre - jnp.asarray(baseline))
    after_post = jnp.clip(after_post, minimum, maximum)
    return jnp.where((post_spikes != 0)[None, :], after_post, after_pre)
