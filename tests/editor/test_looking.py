"""What the page is shown of a run: rates, true matrices, the environment's past; no eye on spikes compiles anew."""

import logging

import numpy as np
import pytest

from spark import InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.editor import gallery
from spark.editor.protocol import arrays_of, header_of
from spark.editor.simulation import Simulation
from spark.io.graph_config import brain_config
from spark.nn import BrainConfig
from spark.nn.neurons import LIFNeuron, LIFNeuronConfig
from spark.nn.receptors import ExponentialConductanceConfig

RASTER = {"path": "pool.out_spikes", "view": "raster"}


def simulation(name, probes=None):
    document = gallery.document(name)
    chosen = document["probes"] if probes is None else probes
    return Simulation(brain_config(document)[0], document["run"], chosen), document["run"]


@pytest.fixture
def compiled(caplog):
    """Counts what JAX compiles from here on."""
    import jax

    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        yield lambda: sum("Compiling" in r.getMessage() for r in caplog.records)


def test_an_eye_on_spikes_compiles_nothing(compiled):
    running, settings = simulation("noise", {})
    running.advance(40)
    running.advance(40)
    before = compiled()
    assert before > 0
    running.change(settings, {"p1": RASTER, "p2": {"path": "noise.spikes", "view": "rate"}})
    assert running.compiled
    frames = running.advance(40)
    assert {header_of(f)["view"] for f in frames} == {"raster", "rate"}
    assert compiled() == before


def test_an_eye_that_must_be_compiled_says_so_until_it_is():
    running, settings = simulation("noise", {})
    running.advance(20)
    running.change(settings, {"p1": {"path": "pool.soma.potential", "view": "trace"}})
    assert not running.compiled
    running.advance(20)
    assert running.compiled


def test_rates_are_those_of_the_spikes_that_are_shown():
    probes = {"p1": {"path": "noise.spikes", "view": "raster"}, "p2": {"path": "noise.spikes", "view": "rate"}}
    running, _ = simulation("noise", probes)
    raster, rate = running.advance(50)
    steps, _ = arrays_of(raster)
    (values,) = arrays_of(rate)
    counts = np.bincount(steps, minlength=50)
    assert counts.sum() > 10
    np.testing.assert_allclose(values, counts * 1000 / 50)
    assert running.activity["noise.spikes"] == pytest.approx(values.mean())


def test_weights_are_shown_where_they_stand_in_the_matrix_with_its_true_shape():
    paths = ("neurons_pool.synapses.kernel", "neurons_pool.synapses.weights")
    running, _ = simulation("cartpole", {f"p{i}": {"path": p, "view": "matrix"} for i, p in enumerate(paths)})
    for frame in running.advance(16)[:2]:
        header = header_of(frame)
        assert (header["shape"], header["every"], header["axes"]) == ([256, 768], [1, 3], ["post", "pre"])
        assert header["unit"] == "pA"
        assert arrays_of(frame)[0].shape == (256, 256)


def test_a_row_of_units_that_is_wrapped_says_how_many_they_are():
    running, _ = simulation("noise", {"p1": {"path": "pool.soma.potential", "view": "matrix"}})
    header = header_of(running.advance(5)[0])
    assert header["wrapped"] == 50 and header["shape"] == [7, 8]


def test_the_environment_is_told_with_every_chunk_at_its_step():
    running, _ = simulation("cartpole", {})
    told = [header_of(f) for _ in range(3) for f in running.advance(32) if header_of(f)["view"] == "world"]
    assert [(h["first"], h["until"]) for h in told] == [(0, 32), (32, 64), (64, 96)]
    assert told[-1]["environment"]["name"] == "CartPole-v1" and told[-1]["environment"]["steps"] > 0


def test_weights_of_a_conductance_are_shown_in_its_unit():
    pool = LIFNeuronConfig(units=(8,), async_spikes=False, receptors={"in_spikes": ExponentialConductanceConfig()})
    wires = {"in_spikes": PortMap("__call__", "s")}
    config = BrainConfig(
        input_map={"s": InputSpec(SpikeArray, (5,), "int8")}, modules_map=[ModuleSpecs("pool", LIFNeuron, wires, pool)]
    )
    paths = ("pool.synapses.kernel", "pool.synapses.weights")
    running = Simulation(config, {}, {path: {"path": path, "view": "matrix"} for path in paths})
    assert {e["unit"] for e in running.watchable()["watchable"] if e["path"] in paths} == {"nS"}
    assert [header_of(frame)["unit"] for frame in running.advance(5)] == ["nS", "nS"]
