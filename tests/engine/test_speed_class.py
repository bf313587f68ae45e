"""Whatever is built in runs as native code, with one parameter for all units or one for each."""

from typing import Any

import numpy as np
import pytest
from builders import usual_step

import spark
from spark import InputSpec, Module, ModuleSpecs, PortMap, Projection, SpikeArray, catalogue, kernels
from spark.core.check_examples import example_config
from spark.core.config import Config
from spark.kernels import llvm
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, plasticity
from spark.nn.connections import FixedProbability
from spark.sim.run import build

pytestmark = [
    pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not()),
    pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine"),
]
UNITS = 9
SOMAS = {soma.__name__: soma.config_class() for soma in catalogue.BUILT_IN["soma"]}
RULES = {rule.__name__: rule.config_class() for rule in catalogue.BUILT_IN["plasticity"]}
RECEPTORS = {
    receptor.__name__.lower(): receptor.config_class()()
    for receptor in catalogue.BUILT_IN["receptor"]
    if receptor.takes is SpikeArray
}


def ways(pool: PoolConfig, rule: object = None) -> set[str]:
    """How the parts of a pool run, at its soma's usual step; the first of its receptors learns, if there is a rule."""
    inputs = {"s": InputSpec(SpikeArray, (5,), "int8")}
    pattern = FixedProbability(probability=0.5)
    wires = {
        name: Projection("__call__", "s", pattern=pattern, delay=2.0, rule=None if number else rule)
        for number, name in enumerate(pool.receptors)
    }
    specs = [ModuleSpecs("pool", Pool, wires, pool)]
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=specs, dt=usual_step(pool.soma)))
    build(brain)
    explained = spark.explain(brain)
    assert explained.one_call, str(explained)
    return {module.runs_as for module in explained.modules}


def _marks(number: int, name: str, each: bool) -> Any:
    """Numbers for all units are as in every other test of these somas; of the others every fourth in the quick run."""
    if name == "LeakySoma" or (each and number % 4 == 0):
        return []
    return pytest.mark.thorough if each and number % 2 == 0 else pytest.mark.slow


EACH = [
    pytest.param(name, each, marks=_marks(number, name, each))
    for number, name in enumerate(SOMAS)
    for each in (False, True)
]


@pytest.mark.parametrize(("soma", "each"), EACH)
def test_every_soma_with_every_receptor_is_native(soma: str, each: bool) -> None:
    config: Any = SOMAS[soma]()
    spread = {name: value * np.linspace(1.0, 0.95, UNITS) for name, value in config.quantities().items()}
    made = config.updated(**spread) if each else config
    # A soma without a potential takes only what brings currents.
    exposed = "potential" in config.made().exposes
    taken = {n: r for n, r in RECEPTORS.items() if exposed or "current" in r.made().ports().outputs}
    assert ways(PoolConfig(units=(UNITS,), soma=made, receptors=taken)) == {"op", "compiled"}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_native_in_a_pool(rule: str) -> None:
    receptors = {"excitation": RECEPTORS["exponentialcurrent"]}
    assert ways(PoolConfig(units=(UNITS,), receptors=receptors), RULES[rule]()) == {"op", "compiled"}


def spread_out(config: Config, shape: tuple[int, ...]) -> Config:
    """The same config with one number for each element wherever it may be so."""
    ramp = np.linspace(0, 0.5, int(np.prod(shape))).reshape(shape)
    return config.updated(**{name: value + ramp for name, value in config.quantities().items()})


def unchanged(cls: type[Module]) -> type[Module]:
    """A subclass that changes nothing."""
    return type(
        f"Own{cls.__name__}", (cls,), {"__module__": __name__, "__annotations__": {"config": cls.config_class()}}
    )


INTERFACES = {interface.__name__: interface for interface in catalogue.BUILT_IN["interface"]}


@pytest.mark.parametrize("each", [False, True], ids=["one parameter for all", "one for each number"])
@pytest.mark.parametrize("interface", INTERFACES)
def test_every_interface_is_native_as_it_is_subclassed_and_in_a_brain_in_a_brain(interface: str, each: bool) -> None:
    cls = INTERFACES[interface]
    ports = cls.ports().inputs
    config = example_config(cls)
    config = spread_out(config, (6,)) if each else config
    wires = {port: [PortMap("__call__", port)] for port in ports}
    specs = [ModuleSpecs("plain", cls, wires, config), ModuleSpecs("own", unchanged(cls), wires, config)]
    inputs = {port: InputSpec(payload, (6,), payload.default_dtype) for port, payload in ports.items()}
    inner = BrainConfig(input_map=inputs, output_map={}, modules_map=specs)
    brain = Brain(
        BrainConfig(
            input_map=inputs,
            output_map={},
            modules_map=[*specs, ModuleSpecs("inner", Brain, wires, inner)],
        )
    )
    build(brain)
    explained = spark.explain(brain)
    assert explained.one_call, str(explained)
    assert explained["own"].runs_as == explained["plain"].runs_as == explained["inner.own"].runs_as


class ReadsVariableConfig(plasticity.ConnectionRuleConfig):
    """As for any rule."""


class ReadsVariable(plasticity.ConnectionRule):
    """A rule whose change reads a variable: a loop over connections alone has none."""

    config: ReadsVariableConfig

    def build(self, pre_spikes: spark.PortSpec, post_spikes: spark.PortSpec, weights: spark.PortSpec) -> None:
        """A gain beside what all rules need."""
        super().build(pre_spikes, post_spikes, weights)
        self.gain = spark.Variable(np.full(1, 0.1, np.float32))

    def units(self, pre: Any, post: Any) -> plasticity.UnitValues:
        """Nothing is kept of a unit."""
        return plasticity.UnitValues({}, {})

    def at_pre(self, weight: Any, **values: Any) -> Any:
        """Every spike that arrives adds the gain."""
        return 0.0 * weight + self.gain.value


def test_explain_says_why_a_rule_of_ones_own_is_not_compiled() -> None:
    wires = {"r": [Projection("__call__", "s", name="p", weights=1.0, delay=2.0, rule=ReadsVariableConfig())]}
    specs = [ModuleSpecs("pool", Pool, wires, PoolConfig(units=(UNITS,), receptors={"r": RECEPTORS["jump"]}))]
    inputs = {"s": InputSpec(SpikeArray, (5,), "int8")}
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=specs, dt=0.1))
    build(brain)
    (rule,) = [module for module in spark.explain(brain).modules if module.path == "pool.p_rule"]
    assert rule.runs_as == "XLA" and rule.reason.startswith("p_rule: it cannot be traced apart: Tracer"), rule.reason
