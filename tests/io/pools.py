"""Brains of pools and projections that tests share, and random ones."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from builders import usual_step
from configs import RECEPTORS, SOMAS, configs
from hypothesis import reject
from hypothesis import strategies as st

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, PotentialArray, Projection, SpikeArray
from spark.core.errors import ConfigError
from spark.core.payloads import CurrentArray
from spark.io.graph_of import document_of
from spark.nn import Brain, BrainConfig
from spark.nn.connections import FixedInDegree, FixedProbability
from spark.nn.initializers import UniformInitializer
from spark.nn.interfaces import PoissonSpiker, PoissonSpikerConfig
from spark.nn.plasticity import PairRuleConfig
from spark.nn.pools import Pool, PoolConfig
from spark.nn.projections import ProjectionConfig
from spark.nn.receptors import CurrentConfig, ExponentialConductanceConfig, NMDAConfig

INPUTS = {
    "level": FloatArray(jnp.full(5, 0.8, jnp.float32)),
    "stim": CurrentArray(jnp.full(1, 60.0, jnp.float32)),
}
_INPUT_MAP = {"level": InputSpec(FloatArray, (5,), "float32"), "stim": InputSpec(CurrentArray, (1,), "float32")}
_NOISE = ModuleSpecs(
    "noise", PoissonSpiker, {"signal": PortMap("__call__", "level")}, PoissonSpikerConfig(max_freq=400.0)
)


def pooled(**changes: Any) -> BrainConfig:
    """A quick brain: 5 random spikers onto a pool of 8 with three receptors, onto itself too, with a rule."""
    receptors = {
        "stimulus": CurrentConfig(),
        "nmda": NMDAConfig(),
        "ampa": ExponentialConductanceConfig(tau=4.0),
    }
    ampa = [
        Projection("noise", "spikes", pattern=FixedProbability(probability=0.5), weights=2.0, delay=1.5),
        Projection(
            "pool",
            "out_spikes",
            name="own",
            pattern=FixedInDegree(degree=3),
            weights=0.5,
            delay=UniformInitializer(low=0.5, high=3.0),
            rule=PairRuleConfig(rate=2.0),
        ),
    ]
    nmda = [Projection("noise", "spikes", weights=np.linspace(0.1, 2.0, 40).reshape(8, 5))]
    wires = {"ampa": ampa, "nmda": nmda, "stimulus": PortMap("__call__", "stim")}
    modules = [_NOISE, ModuleSpecs("pool", Pool, wires, PoolConfig(units=(8,), receptors=receptors))]
    output = {"input": PortMap("pool", "out_spikes"), "spec": OutputSpec(SpikeArray, (8,), "int8")}
    given = {"input_map": _INPUT_MAP, "output_map": {"out": output}, "modules_map": modules, "dt": 0.5, "seed": 3}
    return BrainConfig(**{**given, **changes})


def pooled_document() -> dict[str, Any]:
    """Its document: n1 level, n2 stim, n3 noise, n4 pool, n5 out; e2, e3 into `ampa`, e4 into `nmda`, e5 of stim."""
    return document_of(pooled(), "pooled")


def dendritic_document() -> dict[str, Any]:
    """The same with two dendrites: `ampa` lies on `apical`, nothing on `basal`."""
    document = pooled_document()
    dendrites = {
        "apical": {"dendrite": "LeakyDendriteConfig", "coupling": 5.0},
        "basal": {"dendrite": "PlateauDendriteConfig"},
    }
    document["nodes"]["n4"]["config"] |= {"dendrites": dendrites, "onto": {"ampa": "apical"}}
    return document


def spikes_of(config: BrainConfig, steps: int = 100) -> np.ndarray:
    """Spikes of `pool` in a run of a brain that `pooled` made, or of one that came back from a file."""
    return spark.run(Brain(config), steps, INPUTS, record="pool.out_spikes", progress=False)["pool.out_spikes"]


def components(kinds: list[Any]) -> st.SearchStrategy[Any]:
    """Configs of some kinds whose time constants a brain can follow."""
    return st.sampled_from(kinds).flatmap(configs).filter(lambda config: not config.all_step_problems())


@st.composite
def pooled_brains(draw: Any) -> BrainConfig:
    """Brains of some pools of any soma with any receptors, and wires with any settings; most could not be built."""
    names = [f"p{i}" for i in range(draw(st.integers(1, 3)))]
    modules = [_NOISE]
    for name in names:
        receptors = draw(
            st.dictionaries(
                st.sampled_from(["ampa", "nmda", "gaba", "z"]),
                components(RECEPTORS),
                min_size=1,
                max_size=3,
            )
        )
        soma = draw(components(SOMAS))
        exposes = ("potential",) if "potential" in soma.made().exposes else ()
        try:
            config = PoolConfig(units=(4,), receptors=receptors, soma=soma, exposes=exposes)
        except ConfigError:
            # A soma may have been drawn with units of its own.
            exposes = ("potential",)
            config = PoolConfig(units=(4,), receptors=receptors, exposes=exposes)
        ports = Pool.ports_from(config)
        wires: dict[str, list[PortMap]] = {}
        for port in receptors:
            if ports.input_type(port) is PotentialArray:
                wires[port] = [_wire(draw, name, property_) for property_ in exposes]
                continue
            origins = ["noise", *names] if port in ports.projected else []
            drawn = draw(st.lists(st.sampled_from(origins), max_size=3)) if origins else []
            wires[port] = [_wire(draw, origin) for origin in drawn]
        if not any(wires.values()):
            port = next((p for p in ports.projected if ports.input_type(p) is not PotentialArray), None)
            injected = [p for p in receptors if p not in ports.projected]
            if port is None and not injected:
                reject()
            wires = {port: [_wire(draw, "noise")]} if port else {injected[0]: [PortMap("__call__", "stim")]}
        modules.append(ModuleSpecs(name, Pool, {port: listed for port, listed in wires.items() if listed}, config))
    # Some somas follow the course of a spike, for which a millisecond is too long.
    dt = min(1.0, *(usual_step(specs.config.soma) for specs in modules[1:]))
    try:
        return BrainConfig(input_map=_INPUT_MAP, modules_map=modules, seed=draw(st.integers(0, 99)), dt=dt)
    except ConfigError:
        # A refractory period may be more steps of the brain than are counted.
        reject()


def _wire(draw: Any, origin: str, port: str = "out_spikes") -> PortMap:
    port = "spikes" if origin == "noise" else port
    if draw(st.booleans()):
        return PortMap(origin, port)
    return Projection(origin, port, **draw(configs(ProjectionConfig)).explicit())
