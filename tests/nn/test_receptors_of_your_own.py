"""A receptor of somebody's own: no spike makes its conductance negative, and it says where its current reverses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import refused
from pool_brains import DT, SOURCES, UNITS, brain_of

import spark
from spark import ModuleError, PortSpec, SpikeArray
from spark.nn import Projection, initializers, plasticity, receptors
from spark.nn.neurons import LIFNeuron
from spark.nn.receptors import ConductanceOutput, Receptor, ReceptorConfig


class OpensConfig(ReceptorConfig):
    """How fast it closes, and where its current reverses."""

    tau: spark.Quantity = spark.field(5.0, unit="ms", above=0, time_constant="exact", description="Decay.")
    reversal: spark.Quantity = spark.field(-80.0, unit="mV", description="Reversal potential.")


class Opens(Receptor):
    """A conductance that says nothing of signs."""

    config: OpensConfig
    unit_ports = ("arrivals", "conductance")

    def build(self, arrivals: PortSpec) -> None:
        """A conductance for each unit."""
        self.factor = self.make("tau", spark.decay(self.config.dt, self.config.tau), arrivals.shape)
        self.conductance = spark.Variable(np.zeros(arrivals.shape, np.float32), unit="nS")

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        reverses = receptors.Reverses(self.config.reversal)
        return {name: replace(spec, traits=(reverses,)) for name, spec in outputs.items()}

    def __call__(self, arrivals: spark.FloatArray) -> ConductanceOutput:
        """Advance one step."""
        conductance = self.conductance.value + arrivals.value
        self.conductance.value = conductance * self.factor.value
        return {"conductance": spark.ConductanceArray(conductance)}


class NowhereConfig(OpensConfig):
    """Of one that says nothing of its reversal."""

    tau: spark.Quantity = spark.field(5.0, unit="ms", above=0, time_constant="exact", description="Decay.")


class Nowhere(Opens):
    """A conductance that does not say where its current reverses."""

    config: NowhereConfig

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Nothing of them."""
        return outputs


def opened(sign: int, config: ReceptorConfig, **settings: Any) -> np.ndarray:
    """The conductance of every unit, nS, while every source fires in every step with this sign."""
    made = brain_of({"r": Projection("__call__", "s", name="a", **settings)}, {"r": config})
    given = {"s": SpikeArray(np.full((60, SOURCES), sign, np.int8))}
    return spark.run(made, 60, given, record=["pool.r.conductance"], progress=False)["pool.r.conductance"]


RULE = plasticity.PairRuleConfig(maximum=5.0, weight_unit=1.0)
TAUS = np.linspace(2.0, 9.0, UNITS)
SETTINGS: dict[str, dict[str, Any]] = {
    "weights that stay": {"weights": 2.0},
    "a rule": {"weights": 2.0, "rule": RULE},
    "delays": {"weights": 2.0, "delay": initializers.UniformInitializer(low=1.0, high=4.0)},
    "a rule with delays": {"weights": 2.0, "rule": RULE, "delay": initializers.UniformInitializer(low=1.0, high=4.0)},
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    "tau", [5.0, TAUS, initializers.UniformInitializer(low=2.0, high=9.0)], ids=["one", "each", "drawn"]
)
def test_spikes_of_inhibitory_units_open_a_conductance_of_your_own_as_any_other(name, tau):
    found = {sign: opened(sign, OpensConfig(tau=tau), **SETTINGS[name]) for sign in (1, -1)}
    assert found[1].max() > 1
    np.testing.assert_array_equal(found[-1], found[1])


def test_bare_wires_of_a_preset_open_a_conductance_of_your_own_too():
    for asynchronous in (False, True):
        net = spark.Network(dt=1.0, seed=1)
        given = {"receptors": {"in_spikes": OpensConfig()}, "async_spikes": asynchronous}
        pool = net.pool("pool", UNITS, LIFNeuron, **given)
        net.connect(net.input("s", SOURCES, SpikeArray), pool.in_spikes)
        given = {"s": SpikeArray(np.full((30, SOURCES), -1, np.int8))}
        found = spark.run(net.build(), 30, given, record=["pool.in_spikes.conductance"], progress=False)
        assert found["pool.in_spikes.conductance"].min() >= 0 < found["pool.in_spikes.conductance"].max()


def test_time_constants_of_each_unit_are_kept_apart():
    found = opened(1, OpensConfig(tau=TAUS), weights=2.0)
    factor = np.exp(-DT / TAUS)
    np.testing.assert_allclose(found[-1], 2.0 * SOURCES * factor * (1 - factor**60) / (1 - factor), rtol=1e-5)


def test_a_conductance_that_does_not_say_where_its_current_reverses_is_refused():
    text = (
        "pool.r: opens a conductance, and does not say where its current reverses; expected the trait `Reverses`. "
        "Write `describe_outputs(self, outputs)`: it returns `{name: dataclasses.replace(spec, "
        "traits=(receptors.Reverses(self.config.reversal),)) for name, spec in outputs.items()}`"
    )
    with refused(ModuleError, text):
        brain_of({"r": Projection("__call__", "s")}, {"r": NowhereConfig()})
