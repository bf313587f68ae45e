"""`spark.Network` writes the config that one would write by hand, and says what is wrong with it."""

import re
from pathlib import Path

import numpy as np
import pytest
from builders import refused

import spark
from spark import InputSpec, ModuleSpecs, OutputSpec, PortMap, Projection, SpikeArray
from spark.nn import BrainConfig, Pool, PoolConfig, interfaces, neurons
from spark.nn.connections import FixedInDegree, FixedProbability
from spark.nn.initializers import NormalInitializer
from spark.nn.plasticity import PairRuleConfig
from spark.nn.receptors import ExponentialConductanceConfig, ExponentialCurrentConfig

RECEPTORS = {"ampa": ExponentialConductanceConfig(), "slow": ExponentialCurrentConfig(tau=40.0)}


def written() -> spark.Network:
    net = spark.Network(dt=0.5, seed=3)
    drive = net.input("drive", 20)
    noise = net.module("noise", interfaces.PoissonSpiker, {"signal": drive}, max_freq=60.0)
    pool = net.pool("pool", 30, receptors=RECEPTORS)
    net.connect(noise, pool.ampa, FixedProbability(probability=0.5), weights=1.5, delay=1.0)
    net.connect(pool.out_spikes, pool.slow, FixedInDegree(degree=4), weights=20.0, rule=PairRuleConfig(), name="own")
    net.output("spikes", pool)
    return net


def test_a_network_writes_the_config_that_one_would_write_by_hand() -> None:
    ampa = Projection("noise", "spikes", pattern=FixedProbability(probability=0.5), weights=1.5, delay=1.0)
    own = Projection(
        "pool", "out_spikes", pattern=FixedInDegree(degree=4), weights=20.0, rule=PairRuleConfig(), name="own"
    )
    by_hand = BrainConfig(
        input_map={"drive": InputSpec(spark.FloatArray, (20,), "float32")},
        output_map={"spikes": {"input": PortMap("pool", "out_spikes"), "spec": OutputSpec(SpikeArray, (30,), "int8")}},
        modules_map=[
            ModuleSpecs(
                "noise",
                interfaces.PoissonSpiker,
                {"signal": PortMap("__call__", "drive")},
                interfaces.PoissonSpikerConfig(max_freq=60.0),
            ),
            ModuleSpecs("pool", Pool, {"ampa": ampa, "slow": own}, PoolConfig(units=(30,), receptors=RECEPTORS)),
        ],
        dt=0.5,
        seed=3,
    )
    assert written().config() == by_hand


def test_its_brain_runs_and_its_output_has_the_shape_of_the_pool() -> None:
    brain = written().build()
    recording = spark.run(brain, 100, {"drive": spark.FloatArray(np.ones(20, np.float32))}, record=["pool.out_spikes"])
    assert recording.spikes("pool.out_spikes")[0].size
    assert brain(drive=spark.FloatArray(np.ones(20, np.float32)))["spikes"].shape == (30,)


def test_presets_are_pools_too_and_a_bare_wire_means_what_they_say() -> None:
    net = spark.Network()
    pool = net.pool("pool", (4, 5), neurons.DeltaLIFNeuron, excitatory__connections="one_to_one")
    net.connect(net.input("events", (4, 5), SpikeArray), pool.excitation)
    brain = net.build()
    brain(events=SpikeArray(np.zeros((4, 5), np.int8)))
    assert len(brain.connections("pool.excitation")) == 20


def test_a_port_that_there_is_not_is_named_with_the_nearest() -> None:
    pool = spark.Network().pool("pool", 4, receptors=RECEPTORS)
    with pytest.raises(AttributeError, match=r"pool.amap: is no port. Did you mean 'ampa'\?"):
        pool.amap  # noqa: B018


def test_ends_of_another_network_and_inputs_as_targets_are_refused() -> None:
    net, other = spark.Network(), spark.Network()
    pool, foreign = net.pool("pool", 4), other.pool("foreign", 4)
    drive = net.input("drive", 4)
    fix = "Name a port of a module that this network made"
    with refused(spark.ConfigError, f"Port(foreign.out_spikes): is a port of no module of this network. {fix}"):
        net.connect(foreign, pool.excitation)
    with refused(spark.ConfigError, f"Port(foreign.excitation): is a port of no module of this network. {fix}"):
        net.connect(pool, foreign.excitation)
    with refused(spark.ConfigError, f"Port('drive'): is an input of the brain. {fix}"):
        net.connect(pool, drive)
    with refused(spark.ConfigError, f"Port('drive'): is an input of the brain. {fix}"):
        net.output("out", drive)


def test_a_module_of_the_same_name_in_another_network_is_not_taken_for_ones_own() -> None:
    net, other = spark.Network(), spark.Network()
    ours, theirs = net.pool("pool", 4), other.pool("pool", 4)
    net.input("drive", 4), other.input("drive", 4)
    text = "belongs to another network. Name a module or an input that this network made"
    for source, target, end in (
        (theirs, ours.excitation, "pool.out_spikes"),
        (ours, theirs.excitation, "pool.excitation"),
        (other.input("more", 4), ours.excitation, "'more'"),
    ):
        with refused(spark.ConfigError, f"Port({end}): {text}"):
            net.connect(source, target)
    with refused(spark.ConfigError, f"Port(pool.out_spikes): {text}"):
        net.output("out", theirs)
    assert not net.config().modules_map["pool"].inputs


# A preset, the port of its bare wires, and settings of these with what is said of each.
UNREAD = {
    "point": (
        neurons.CurrentLIFNeuron, "excitation",
        {"excitatory__kernel": 20.0, "excitatory__delay": 2.0, "excitatory__tau": 3.0},
        ["excitatory.kernel.value", "excitatory.delay.value"],
    ),
    "inhibition": (neurons.ConductanceLIFNeuron, "inhibition", {"inhibitory__signed": True}, ["inhibitory.signed"]),
    "plastic": (
        neurons.LIFNeuron, "in_spikes",
        {"async_spikes": False, "synapses__kernel": 20.0, "learning_rule": PairRuleConfig()},
        ["synapses.kernel", "learning_rule"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREAD)
def test_what_a_preset_says_of_bare_wires_is_refused_where_there_are_none(name) -> None:
    neuron, port, settings, said = UNREAD[name]

    def made(**wire):
        net = spark.Network()
        pool = net.pool("pool", 4, neuron, **settings)
        net.connect(pool, pool.port(port), **wire)
        return net.build()

    with pytest.raises(spark.ConfigError) as error:
        spark.run(made(delay=1.0), 1)
    problems = error.value.problems
    assert [p.address for p in problems] == [f"pool.config.{address}" for address in said]
    for problem in problems:
        assert str(problem).endswith(
            f": every wire into {port!r} has settings of its own. Give them to the wire, with all else that it is "
            "to be; or leave the wire bare"
        )
        assert "has no effect, got " in str(problem)
    if name != "inhibition":
        spark.run(made(), 1)


def test_a_receptor_may_be_called_like_something_that_every_node_has() -> None:
    net = spark.Network()
    pool = net.pool("pool", 4, receptors={"output": ExponentialCurrentConfig()})
    net.connect(pool, pool.port("output"))
    assert list(net.config().modules_map["pool"].inputs) == ["output"]


def test_names_that_are_taken_are_refused() -> None:
    net = spark.Network()
    net.pool("pool", 4)
    with refused(spark.ConfigError, "pool: is the name of two modules. Names must differ"):
        net.pool("pool", 5)
    net.input("x", 3)
    with refused(spark.ConfigError, "input.x: is the name of two inputs. Names must differ"):
        net.input("x", 3)


def test_settings_of_a_wire_into_no_receptor_are_refused() -> None:
    net = spark.Network()
    pool = net.pool("pool", 4)
    reader = net.module("reader", interfaces.ExponentialIntegrator, num_outputs=2)
    text = "reader.spikes: is no receptor of spikes, got settings of a projection: weights. Leave them out"
    with refused(spark.ConfigError, text):
        net.connect(pool, reader.spikes, weights=2.0)


def test_an_output_of_what_is_no_pool_needs_a_shape() -> None:
    net = spark.Network()
    reader = net.module("reader", interfaces.ExponentialIntegrator, {"spikes": net.pool("pool", 4)}, num_outputs=2)
    text = (
        "output.rates: has no shape, got an output of a module that is no pool; expected `shape=...`. "
        "Give the shape of one step's array"
    )
    with refused(spark.ConfigError, text):
        net.output("rates", reader)
    net.output("rates", reader, 2)
    assert net.config().output_map["rates"].spec.shape == (2,)


def test_the_two_pools_of_the_docs_take_ten_lines() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sparse_networks.md").read_text()
    block = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    lines = block[: block.index("print(")].splitlines()
    assert len([line for line in lines if not line.startswith(("import", "from")) and line.strip()]) <= 10


def test_a_pool_of_a_network_keeps_how_its_parameters_are_drawn() -> None:
    draw, net = NormalInitializer(mean=-50.0, deviation=2.0, maximum=-47.0), spark.Network(seed=1)
    net.pool("pool", (20, 30), soma__threshold=draw)
    assert net.config().modules_map["pool"].config.soma.threshold == draw


def test_units_and_seed_are_checked_at_once() -> None:
    net = spark.Network()
    assert net.pool("p", np.int64(4)).config.units == (4,)  # type: ignore[arg-type]
    fix = "Shape of the pool, such as (256,)."
    for units, text in {
        -4: "expected sizes of at least 1, got (-4,)",
        (4, 0): "expected sizes of at least 1, got (4, 0)",
        (4, 1.5): "expected sizes of at least 1, got (4, 1.5)",
    }.items():
        for more in ({"soma__threshold": NormalInitializer(mean=-50.0)}, {}):
            with refused(spark.ConfigError, f"PoolConfig.units: {text}. {fix}"):
                net.pool("q", units, **more)
    fix = "Seed that all draws follow from; 0 if none."
    for seed, text in {-1: "must be >= 0, got -1", "a": "expected a number, got 'a'"}.items():
        with refused(spark.ConfigError, f"BrainConfig.seed: {text}. {fix}"):
            spark.Network(seed=seed)  # type: ignore[arg-type]


def test_a_network_gives_its_modules_by_name() -> None:
    net = spark.Network()
    pool = net.pool("pool", 4)
    assert net["pool"] is pool
    with refused(spark.ConfigError, "pol: is no module of this network. Did you mean 'pool'?"):
        net["pol"]


def test_shapes_may_be_whole_numbers_of_numpy() -> None:
    made = []
    for number in (int, np.int64):
        net = spark.Network(dt=1.0)
        pool = net.pool("pool", number(3), receptors=RECEPTORS)
        net.connect(net.input("drive", number(4), SpikeArray), pool.ampa)
        net.output("spikes", pool, number(3))
        made.append(net.config())
    assert made[0] == made[1]
