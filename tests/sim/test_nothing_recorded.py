"""What a recording says where nothing was recorded, and what other libraries are told of what was."""

import numpy as np
import pytest

import spark
from spark import InputSpec, ModuleSpecs, PortMap, Probe, SpikeArray
from spark.nn import Brain, BrainConfig, Pool, PoolConfig
from spark.nn.receptors import ExponentialConductanceConfig


def recorded(*probes):
    """Ten steps of five units that a conductance reaches."""
    config = PoolConfig(units=(5,), receptors={"ampa": ExponentialConductanceConfig()})
    modules = [ModuleSpecs("pool", Pool, {"ampa": [PortMap("__call__", "s")]}, config)]
    brain = Brain(BrainConfig(input_map={"s": InputSpec(SpikeArray, (3,), "int8")}, modules_map=modules))
    return spark.run(brain, 10, {"s": SpikeArray(np.ones((10, 3), np.int8))}, record=probes)


def test_where_no_step_was_recorded_there_is_no_rate_instead_of_silence():
    found = recorded(Probe("pool", window=(50, 60)), Probe("pool", name="here", window=(5, 60)))
    assert np.isnan(found.rates("pool")).all() and found.rates("pool").shape == (5,)
    assert np.isfinite(found.rates("here")).all()


def test_other_libraries_are_told_which_units_were_recorded():
    found = recorded(Probe("pool.soma.potential", units=[3, 1]), Probe("pool.ampa.conductance"))
    data = found.to_xarray()
    assert data["pool.soma.potential axis 0"].values.tolist() == [3, 1]
    assert list(found.to_pandas("pool.soma.potential").columns) == [3, 1]
    assert "pool.ampa.conductance axis 0" not in data.coords


@pytest.mark.parametrize(("path", "unit"), [("pool.ampa.conductance", "nS"), ("pool.soma.potential", "mV")])
def test_signals_of_neo_have_the_unit_of_what_was_recorded(path, unit):
    (signal,) = recorded(path).to_neo().segments[0].analogsignals
    assert str(signal.units.dimensionality) == unit
