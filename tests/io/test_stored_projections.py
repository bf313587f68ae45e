"""Projections and receptors in files and in code: nothing of them is lost, and what is wrong has its place."""

import json

import numpy as np
import pytest
from drawing import some
from fuzz.random_brains import random_case
from hypothesis import HealthCheck, given, settings
from pools import pooled, pooled_brains, pooled_document, spikes_of
from test_code import built_by, config_of

import spark
from spark import ModuleSpecs, PortMap, Projection
from spark.io.code import python_code
from spark.io.graph_config import brain_config
from spark.io.graph_of import document_of
from spark.io.model_file import check_document, read_document, write_document
from spark.io.sizes import connections
from spark.io.sparse import from_sparse, sparse
from spark.nn import BrainConfig
from spark.nn.connections import FixedInDegree
from spark.nn.interfaces import ExponentialIntegrator, ExponentialIntegratorConfig
from spark.nn.plasticity import PairRuleConfig, RuleConfig
from spark.nn.pools import Pool, PoolConfig
from spark.nn.projections import ProjectionConfig
from spark.nn.receptors import ExponentialCurrentConfig, JumpConfig
from spark.nn.somas import IntegrateAndFireSomaConfig, LeakySomaConfig, SomaConfig
from spark.nn.synapses import PoissonBackgroundConfig


def through_file(config):
    made, problems = brain_config(read_document("file", write_document(document_of(config))))
    assert problems == []
    return made


def through_code(config):
    return built_by(python_code(config))["config"]


def through_json(config):
    return BrainConfig.from_json(config.to_json())


@pytest.mark.parametrize("way", [through_file, through_code, through_json])
def test_a_brain_of_projections_comes_back_equal_and_fires_the_same_spikes(way):
    config = pooled()
    back = way(config)
    assert back == config
    expected = spikes_of(config)
    assert expected.sum() > 20
    np.testing.assert_array_equal(spikes_of(back), expected)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20)
@given(pooled_brains())
def test_any_brain_of_pools_comes_back_equal_from_files_code_and_plain_data(config):
    assert through_file(config) == config
    assert config_of(python_code(config)) == config
    assert through_json(config) == config


@pytest.mark.parametrize("seed", some(range(60), 3))
def test_a_random_brain_that_runs_comes_back_equal_from_files_code_and_plain_data(seed):
    config = random_case(seed).config
    assert through_file(config) == config
    assert config_of(python_code(config)) == config
    assert through_json(config) == config


def test_a_bare_wire_stays_bare_and_a_projection_of_defaults_one():
    modules = [*pooled().modules_map.values()][:1]
    wires = {"excitation": [PortMap("noise", "spikes"), Projection("noise", "spikes")]}
    config = pooled(modules_map=[*modules, ModuleSpecs("pool", Pool, wires, PoolConfig(units=(8,)))])
    document = document_of(config)
    assert [e.get("projection") for e in document["edges"].values()] == [None, None, {}, None]
    first, second = brain_config(document)[0].modules_map["pool"].inputs["excitation"]
    assert (type(first), type(second)) == (PortMap, Projection)


def test_an_edge_holds_what_differs_from_the_defaults_alone():
    assert pooled_document()["edges"]["e3"]["projection"] == {
        "name": "own",
        "pattern": {"connectivity": "FixedInDegree", "degree": 3},
        "weights": {"initializer": "ConstantInitializer", "value": 0.5},
        "delay": {"initializer": "UniformInitializer", "low": 0.5, "high": 3.0},
        "rule": {"rule": "PairRuleConfig", "rate": 2.0},
    }


def test_a_step_that_the_brain_hands_down_is_no_setting_of_a_receptor_or_a_rule_that_was_read():
    config = pooled(dt=0.25)
    np.testing.assert_array_equal(spikes_of(through_json(config), 20), spikes_of(config, 20))


def test_receptors_written_in_another_order_are_the_same():
    listed = {"b": ExponentialCurrentConfig(), "a": JumpConfig()}
    one, other = (PoolConfig(units=(3,), receptors=r) for r in (listed, dict(reversed(listed.items()))))
    assert one == other and list(one.receptors) == ["a", "b"]


KINDS = {
    "another soma": PoolConfig(units=(3,), soma=LeakySomaConfig(threshold=3.0)),
    "the usual soma changed": PoolConfig(units=(3,), soma__potential_tau=7.0),
    "the usual soma": PoolConfig(units=(3,), soma=IntegrateAndFireSomaConfig()),
    "a receptor with a value": PoolConfig(units=(3,), receptors={"a": ExponentialCurrentConfig(tau=3.0)}),
    "the usual receptor under another name": PoolConfig(units=(3,), receptors={"a": ExponentialCurrentConfig()}),
    "a step of a receptor's own": PoolConfig(units=(3,), receptors={"a": ExponentialCurrentConfig(dt=1.0)}),
    "a background": PoolConfig(units=(3,), dt=0.5, background={"excitation": PoissonBackgroundConfig(rate=9.0)}),
    "a rule": ProjectionConfig(rule=PairRuleConfig(rate=2.0)),
    "a rule with a step of its own": ProjectionConfig(rule=PairRuleConfig(dt=1.0)),
    "weights": ProjectionConfig(weights=np.array([1.0, 2.0])),
}


@pytest.mark.parametrize("name", KINDS)
def test_components_of_every_family_come_back_from_sparse_data(name):
    config = KINDS[name]
    assert from_sparse(type(config), json.loads(json.dumps(sparse(config)))) == config
    assert type(config).from_json(config.to_json()) == config


def test_a_file_with_projections_states_a_version_that_older_readers_refuse_and_one_without_the_older():
    document = pooled_document()
    assert json.loads(write_document(document))["version"] == 2
    for edge in document["edges"].values():
        edge.pop("projection", None)
    old = json.loads(write_document(document))
    assert old["version"] == 1
    assert check_document("file", old) == document


def edge(key, **projection):
    def change(document):
        document["edges"][key]["projection"] = projection

    return change


def into(port, node="n4", begin=("n3", "spikes")):
    def change(document):
        document["edges"]["e9"] = {"from": list(begin), "to": [node, port], "order": 9, "projection": {"weights": 2.0}}

    return change


def config(**changes):
    return lambda document: document["nodes"]["n4"]["config"].update(changes)


# What is changed in the brain; kind, node, edge and field of the one problem; a part of its text.
DEFECTS = {
    "an unknown field": (edge("e2", weigths=2.0), "unknown", None, "e2", "weigths", "Did you mean 'weights'"),
    "a nested field": (
        edge("e2", delay={"initializer": "UniformInitializer", "lo": 1}),
        "unknown",
        None,
        "e2",
        "delay.lo",
        "pool.ampa[0].delay.lo: is unknown",
    ),
    "a wrong type": (edge("e2", pattern=3), "type", None, "e2", "pattern", "expected a connectivity"),
    "text for a number": (edge("e2", weights="many"), "type", None, "e2", "weights", "expected an initializer"),
    "an unknown pattern": (edge("e2", pattern={"connectivity": "os.system"}), "type", None, "e2", "pattern", "no conn"),
    "an unknown rule": (edge("e2", rule={"rule": "Popen"}), "unknown", None, "e2", "rule", "'Popen' is no rule"),
    "the base of rules": (edge("e2", rule={"rule": "RuleConfig"}), "unknown", None, "e2", "rule", "is no rule"),
    "an illegal name": (edge("e2", name="a b"), "name", None, "e2", "name", "a b"),
    "a name that is a number": (edge("e2", name=5), "type", None, "e2", "name", "expected a string"),
    "numbers that no type holds": (
        edge("e2", weights={"initializer": "ArrayInitializer", "array": {"array": [1e300], "dtype": "float32"}}),
        "type",
        None,
        "e2",
        "weights.array",
        "finite",
    ),
    "a setting without effect": (edge("e2", modulator="m"), "setting", None, "e2", "modulator", "has no effect"),
    "settings at an injected current": (
        into("stimulus", begin=("n2", "value")),
        "projection",
        "n4",
        "e9",
        None,
        "no receptor 'stimulus' that takes them",
    ),
    "settings at a port of another module": (
        into("signal", "n3", ("n1", "value")),
        "projection",
        "n3",
        "e9",
        None,
        "has the settings of a projection",
    ),
    "settings at an output": (
        lambda d: d["edges"]["e6"].update(projection={}),
        "projection",
        "n5",
        "e6",
        None,
        "ends at an output",
    ),
    "an unknown receptor": (
        config(receptors={"ampa": {"receptor": "Popen"}, "nmda": {"receptor": "NMDAConfig"}}),
        "unknown",
        "n4",
        None,
        "receptors.ampa.receptor",
        "'Popen' is no receptor",
    ),
    "a wrong value of a receptor": (
        config(receptors={"ampa": {"receptor": "NMDAConfig", "tau": -1.0}}),
        "bounds",
        "n4",
        None,
        "receptors.ampa.tau",
        "must be >",
    ),
    "a wrong value of a background": (
        config(background={"ampa": {"rate": -1.0}}),
        "bounds",
        "n4",
        None,
        "background.ampa.rate",
        "must be >=",
    ),
    "a background of no receptor": (
        config(background={"amp": {"rate": 1.0}}),
        "unknown",
        "n4",
        None,
        "background",
        "names no receptor, got 'amp'",
    ),
    "receptors that are a list": (config(receptors=[]), "type", "n4", None, "receptors", "expected a dict"),
    "the base of somas": (config(soma={"soma": "SomaConfig"}), "unknown", "n4", None, "soma.soma", "is no soma"),
    "another family's kind": (
        config(soma={"soma": "PairRuleConfig"}),
        "unknown",
        "n4",
        None,
        "soma.soma",
        "is no soma",
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_the_one_defect_is_found_at_its_wire_and_field(name):
    change, kind, node, at, field, text = DEFECTS[name]
    document = pooled_document()
    change(document)
    made, problems = brain_config(check_document("file", json.loads(json.dumps(document))))
    assert made is None
    assert [(p.problem.kind, p.node, p.edge, p.field) for p in problems] == [(kind, node, at, field)], problems
    assert text in str(problems[0].problem)


@pytest.mark.parametrize("value", [3, None, [], "x"])
def test_settings_that_are_no_object_are_no_document(value):
    document = pooled_document()
    document["edges"]["e2"]["projection"] = value
    with pytest.raises(spark.FormatError, match=r"edges\.e2\.projection: must be an object, got"):
        check_document("file", document)


def test_settings_of_a_projection_have_no_effect_but_at_a_receptor_and_are_refused():
    lone = ModuleSpecs("lone", ExponentialIntegrator, {"spikes": Projection("noise", "spikes", delay=2.0)},
                       ExponentialIntegratorConfig(num_outputs=2))  # fmt: skip
    made = pooled().updated(modules_map=[*pooled().modules_map.values(), lone])
    (problem,) = made.check()
    assert str(problem) == (
        "lone.spikes[0]: has the settings of a projection, got Projection('noise', 'spikes', "
        "delay=ConstantInitializer(density=1.0, total=None, minimum=None, maximum=None, value=2.0)); "
        "ExponentialIntegrator has no receptor 'spikes' that takes them. Write spark.PortMap('noise', 'spikes')"
    )
    output = {"input": Projection("pool", "out_spikes"), "spec": pooled().output_map["out"].spec}
    with pytest.raises(spark.ConfigError, match=r"'out.input' must be a bare spark.PortMap: an output is no receptor"):
        pooled(output_map={"out": output})


def test_bases_of_families_are_no_components():
    with pytest.raises(spark.ConfigError, match=r"PoolConfig\.soma: is the config of no module"):
        PoolConfig(units=(3,), soma=SomaConfig())
    with pytest.raises(spark.ConfigError, match=r"\.rule: is the config of no module"):
        Projection("a", "b", rule=RuleConfig())


def test_connections_of_projections_are_counted_before_anything_is_built():
    # 5 * 8 * 0.5 by chance, 8 * 3 onto itself, 5 * 8 of all pairs.
    assert connections(pooled()) == 20 + 24 + 40
    huge = Projection("noise", "spikes", pattern=FixedInDegree(degree=10**7))
    wires = {"excitation": huge}
    modules = [*pooled().modules_map.values()][:1]
    assert (
        connections(pooled(modules_map=[*modules, ModuleSpecs("pool", Pool, wires, PoolConfig(units=(8,)))])) >= 10**7
    )


def test_what_is_wrong_in_the_data_of_a_brain_is_named_by_module_port_and_wire():
    def read(config, wire):
        ends = [{"origin": "p", "port": "out_spikes"}, {"origin": "p", "port": "out_spikes", "projection": wire}]
        specs = {"name": "p", "module": "Pool", "inputs": {"excitation": ends}, "config": {"units": [3], **config}}
        return BrainConfig.from_dict({"modules_map": {"p": specs}})

    read({}, {"weights": 2.0})
    for config, wire, text in (
        ({}, {"pattrn": 1}, "p.inputs.excitation.1.projection.pattrn: is unknown. Did you mean 'pattern'?"),
        ({}, {"pattern": "al_to_all"}, "p.inputs.excitation.1.projection.pattern: 'al_to_all' is no connectivity"),
        ({}, 3, "p.inputs.excitation.1.projection: its data must be a JSON object, got int"),
        ({"units": 0}, {}, "p.config.units: "),
        ({"soma": {"threshold": "x"}}, {}, "p.config.soma.threshold: "),
        ({"receptors": {"excitation": {"receptor": "X"}}}, {}, "p.config.receptors.excitation.receptor: 'X' is no"),
    ):
        with pytest.raises(spark.ConfigError) as error:
            read(config, wire)
        assert str(error.value).startswith(f"BrainConfig.modules_map.{text}")
