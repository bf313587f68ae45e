"""A rule whose changes would all be lost in rounding is refused, and one that is taken moves weights."""

import jax.numpy as jnp
import numpy as np
import pytest

import spark
from spark import ConfigError
from spark.nn import Pool, plasticity, receptors


def built(dtype, weight, rate, **rule):
    """A pool that fires by itself and is connected with itself, by a rule that only adds, `rate` a spike."""
    net = spark.Network(dt=1.0, seed=1)
    current = {"r": receptors.ExponentialCurrentConfig()}
    pool = net.pool("p", 3, Pool, dtype=dtype, soma__background=600.0, receptors=current)
    given = {"a_plus": 1.0, "a_minus": 0.0, "maximum": 1e4, "weight_unit": 1.0, "nearest": True, **rule}
    net.connect(pool, pool.r, name="own", weights=weight, rule=plasticity.PairRuleConfig(rate=rate, **given))
    brain = net.build()
    spark.run(brain, 1)
    return brain


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("weight", [1.0, 1.9, 20.0, 0.003])
def test_the_least_change_that_moves_a_weight_is_the_bound(dtype, weight):
    """The oracle: a sum in that dtype."""
    held = np.asarray(weight, np.float32).astype(jnp.dtype(dtype))

    def moves(change):
        return (np.float32(held) + np.float32(change)).astype(held.dtype) != held

    spacing = float(jnp.finfo(dtype).eps) * 2.0 ** np.floor(np.log2(weight))
    for change in (0.2 * spacing, 0.49 * spacing, 0.51 * spacing, 3 * spacing):
        if moves(change):
            brain = built(dtype, weight, change)
        else:
            with pytest.raises(ConfigError, match=rf"^p\.own_rule\.config\.rate: moves no weight in {dtype}, got"):
                built(dtype, weight, change)
    before = brain.connections("p.own").weights.copy()
    spark.run(brain, 300)
    assert (brain.connections("p.own").weights > before).any()


def test_the_error_says_how_small_a_change_is_and_what_to_do():
    with pytest.raises(ConfigError) as error:
        built("float16", 20.0, 0.001)
    assert str(error.value) == (
        "p.own_rule.config.rate: moves no weight in float16, got changes of at most 0.001 by a spike; expected at "
        "least 0.00781, half of what lies between its numbers around a weight of 20. Learn faster, or give the pool "
        "`dtype='float32'`"
    )


def test_what_may_move_weights_is_not_refused():
    assert built("float32", 20.0, 1e-9)
    assert built("float16", 20.0, 0.0), "a rule that is off"
    assert built("float16", 0.0, 1e-6), "weights that grow from 0"
    with_soft_bounds = built("float16", 20.0, 0.01, soft_bounds=True)
    assert with_soft_bounds.connections("p.own").weights.any()
