"""Which components of a pool are computed in one loop over its units."""

import numpy as np
import pytest

import spark
from spark import CurrentArray, InputSpec, ModuleSpecs, PortMap, Projection, SpikeArray
from spark.core.tree import part_named
from spark.engine.fusion import Fused, stages_of
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, connections, projections, receptors, somas

UNITS, SOURCES, STEPS = 30, 7, 200
GIVEN = {
    "spikes": SpikeArray((np.random.default_rng(5).random((STEPS, SOURCES)) < 0.1).astype(np.int8)),
    "current": CurrentArray(np.full((STEPS, 1), 300.0, np.float32)),
}


def brain(**settings):
    """A pool that hears sources through one wire, and a current."""
    wire = Projection(
        "__call__", "spikes", name="wire", pattern=connections.FixedInDegree(degree=3), weights=90.0, **settings
    )
    pool = PoolConfig(
        units=(UNITS,),
        soma=somas.LeakySomaConfig(),
        receptors={"stimulus": receptors.CurrentConfig(), "excitation": receptors.ExponentialCurrentConfig()},
    )
    wires = {"stimulus": PortMap("__call__", "current"), "excitation": wire}
    return Brain(
        BrainConfig(
            input_map={
                "spikes": InputSpec(SpikeArray, (SOURCES,), "int8"),
                "current": InputSpec(CurrentArray, (1,), "float32"),
            },
            output_map={},
            modules_map=[ModuleSpecs("pool", Pool, wires, pool)],
            dt=0.1,
            seed=3,
        )
    )


def test_what_only_the_soma_reads_is_computed_in_its_loop_beside_short_term_plasticity():
    made = brain(short_term=projections.TsodyksMarkramConfig())
    spark.run(made, STEPS, GIVEN)
    (loop,) = [stage for stage in stages_of(part_named(made, "pool")) if isinstance(stage, Fused)]
    assert set(loop.names) == {"stimulus_sum", "stimulus", "excitation", "total", "soma"}


@pytest.mark.parametrize("settings", [{}, {"short_term": projections.TsodyksMarkramConfig()}], ids=["static", "short"])
def test_a_pool_in_few_loops_is_the_pool_step_by_step(settings):
    made = brain(**settings)
    whole = spark.run(made, STEPS, GIVEN, record="pool")["pool"]
    assert whole.any() and spark.explain(made).one_call
    apart = brain(**settings)
    fired = []
    for step in range(STEPS):
        apart(spikes=SpikeArray(GIVEN["spikes"].value[step]), current=CurrentArray(GIVEN["current"].value[step]))
        fired.append(np.asarray(apart.get_spikes_from_cache()["pool"].value))
    assert np.array_equal(whole, np.array(fired))
