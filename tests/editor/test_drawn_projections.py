"""Pools in the editor: their ports follow from their receptors, and a wire into a receptor has settings."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from drawing import some
from pool_commands import configured, into, one
from pools import INPUTS, pooled_document

import spark
from spark.core.errors import Problem
from spark.editor import catalogue_view
from spark.editor.commands import CommandError
from spark.editor.fields import fields_of
from spark.editor.fixes import fixes_of
from spark.editor.history import History
from spark.editor.live import Live
from spark.editor.ports import configured_ports, inputs, means_defaults, why_not
from spark.editor.shapes import deep_check, locate
from spark.editor.wires import copied
from spark.io.code import python_code
from spark.io.graph_config import brain_config
from spark.io.model_file import new_document
from spark.nn import Brain, interfaces, receptors, somas
from spark.nn.projections import Rewiring, TsodyksMarkramConfig


def test_the_ports_of_a_pool_are_its_receptors():
    document = pooled_document()
    assert {n: t.__name__ for n, t in inputs(document, "n4").items()} == {
        "ampa": "SpikeArray",
        "nmda": "SpikeArray",
        "stimulus": "CurrentArray",
    }
    assert why_not(document, ["n4", "out_spikes"], ["n4", "nmda"]) is None
    assert why_not(document, ["n2", "value"], ["n4", "ampa"]) == (
        "pool.ampa takes SpikeArray, and stim.value gives CurrentArray"
    )
    assert why_not(document, ["n3", "spikes"], ["n4", "excitation"]) == "pool has no input 'excitation'"


def test_a_new_pool_has_the_port_of_its_usual_receptor_and_can_be_wired():
    history, made = one(new_document(), do="add", type="Pool")
    assert list(inputs(history.document, made["id"])) == ["excitation"]
    history.apply([{"do": "connect", "begin": [made["id"], "out_spikes"], "end": [made["id"], "excitation"]}])
    assert brain_config(history.document)[1] == []


def test_a_wrong_number_takes_no_port_and_no_wire_away():
    document = pooled_document()
    before = into(document)
    history = configured(document, ["receptors", "ampa", "tau"], -1.0)
    assert (
        list(inputs(document, "n4")) == ["ampa", "nmda", "stimulus"]
        and not configured_ports(document["nodes"]["n4"])[1]
    )
    history.apply([{"do": "configure", "ids": ["n4"], "path": ["units"], "value": "many"}])
    assert list(inputs(document, "n4")) == ["ampa", "nmda", "stimulus"] and into(document) == before


def test_settings_of_a_projection_are_set_reset_and_undone():
    document = pooled_document()
    before = copy.deepcopy(document)
    history = configured(document, ["rule"], {"rule": "PairRuleConfig"}, ["e2", "e4"])
    history.apply([{"do": "configure", "ids": ["e2"], "path": ["rule", "rate"], "value": 0.5}])
    config, problems = brain_config(document)
    assert problems == [] and config.modules_map["pool"].inputs["ampa"][0].settings.rule.rate == 0.5
    history.undo()
    history.undo()
    assert document == before
    for name in ("pattern", "weights", "delay"):
        history.apply([{"do": "configure", "ids": ["e2"], "path": [name], "reset": True}])
    assert "projection" not in document["edges"]["e2"]


def test_rewiring_is_used_set_and_left_out_field_by_field():
    document = pooled_document()
    before = copy.deepcopy(document)
    history = configured(document, ["rewiring"], {}, ["e3"])

    def settings():
        config, problems = brain_config(document)
        wires = config.modules_map["pool"].inputs["ampa"] if not problems else []
        return [w.settings.rewiring for w in wires], [(p.edge, p.field, p.problem.message) for p in problems]

    missing = "is missing, got prune='below'; expected a number"
    assert settings() == ([], [("e3", "rewiring.threshold", missing)])
    history.apply([{"do": "configure", "ids": ["e3"], "path": ["rewiring", "threshold"], "value": 0.4}])
    assert settings() == ([None, Rewiring(threshold=0.4)], [])
    assert "rewiring=Rewiring(threshold=0.4)" in python_code(brain_config(document)[0])
    history.apply([{"do": "configure", "ids": ["e3"], "path": ["rewiring", "threshold"], "reset": True}])
    # Not one of defaults alone, and so none: what is in use stays in use until it is left out.
    assert document["edges"]["e3"]["projection"]["rewiring"] == {}
    history.apply([{"do": "configure", "ids": ["e3"], "path": ["rewiring", "interval"], "value": -1.0}])
    assert [(e, f) for e, f, _ in settings()[1]] == [("e3", "rewiring.interval")]
    (fixes, *_) = fixes_of(document, brain_config(document)[1], {})
    assert fixes[0]["label"] == "Back to the default"
    history.apply([{"do": "configure", "ids": ["e3"], "path": ["rewiring"], "reset": True}])
    assert document == before


def test_rewiring_without_a_rule_is_said_at_its_wire():
    document = pooled_document()
    configured(document, ["rewiring"], {"threshold": 0.4}, ["e2"])
    (problem,) = brain_config(document)[1]
    assert (problem.edge, problem.field) == ("e2", "rewiring")
    assert problem.problem.message == "is for weights that change, got no rule"


def preset_document():
    """A wire of spikes into a preset, which says by its fields what a bare wire is."""
    document = pooled_document()
    config = {"units": [4], "excitatory": {"connections": {"connectivity": "AllToAll"}}}
    document["nodes"]["n8"] = {"type": "CurrentLIFNeuron", "name": "preset", "parent": None, "config": config}
    document["edges"]["e8"] = {"from": ["n3", "spikes"], "to": ["n8", "excitation"], "order": 0}
    return document


def test_at_a_further_receptor_of_a_preset_a_bare_wire_has_the_defaults():
    kinds = {"in_spikes": {"receptor": "PulseCurrentConfig"}, "slow": {"receptor": "ExponentialCurrentConfig"}}
    config = {"units": [3], "async_spikes": False, "receptors": kinds}
    node = {"type": "LIFNeuron", "name": "preset", "parent": None, "config": config}
    assert [means_defaults(node, port) for port in ("in_spikes", "slow")] == [False, True]
    assert configured_ports(node)[0].projected == ("in_spikes", "slow")


def test_a_wire_into_a_preset_means_what_the_preset_says_until_it_is_given_settings_of_its_own():
    document = preset_document()
    with pytest.raises(CommandError, match="the wire means what the fields of its end say"):
        configured(document, ["delay"], 2.0, ["e8"])
    history = one(document, do="put_projection", id="e8", own=True)[0]
    assert document["edges"]["e8"]["projection"] == {}
    history.apply([{"do": "configure", "ids": ["e8"], "path": ["delay"], "value": 2.0}])
    history.apply([{"do": "configure", "ids": ["e8"], "path": ["delay"], "reset": True}])
    assert document["edges"]["e8"]["projection"] == {}
    (wire,) = brain_config(document)[0].modules_map["preset"].inputs["excitation"]
    assert type(wire) is spark.Projection
    history.apply([{"do": "put_projection", "id": "e8", "own": False}])
    assert document == preset_document()


def test_copies_have_the_settings():
    document = pooled_document()
    history, made = one(document, do="paste", data=copied(document, ["n3", "n4"]))
    (pool,) = [key for key in made["ids"] if document["nodes"][key]["type"] == "Pool"]
    wires = [e for e in document["edges"].values() if e["to"][0] == pool]
    assert [e.get("projection") for e in wires] == [document["edges"][k]["projection"] for k in ("e2", "e3", "e4")]


def spikes(document, path):
    config, problems = brain_config(document)
    assert problems == []
    return spark.run(Brain(config), 100, INPUTS, record=path, progress=False)[path]


@pytest.mark.parametrize("chosen", some([["n4"], ["n3"], ["n3", "n4"]], 3, 2, thorough=1))
def test_a_brain_made_of_pools_and_unpacked_again_keeps_projections_and_changes_no_result(chosen):
    document = pooled_document()
    # A projection without a name of its own, and with a rule: its draws follow from the name.
    document["edges"]["e2"]["projection"]["rule"] = {"rule": "PairRuleConfig"}
    document["edges"]["e3"]["projection"].pop("name")
    expected = spikes(document, "pool.out_spikes")
    assert expected.sum() > 20
    history, made = one(document, do="encapsulate", ids=chosen)
    path = "inner.pool.out_spikes" if "n4" in chosen else "pool.out_spikes"
    np.testing.assert_array_equal(spikes(document, path), expected)
    history.apply([{"do": "unpack", "id": made["id"]}])
    np.testing.assert_array_equal(spikes(document, "pool.out_spikes"), expected)


def test_a_port_of_a_pool_inside_a_brain_can_be_promoted():
    document = pooled_document()
    history, made = one(document, do="encapsulate", ids=["n4"])
    shapes = deep_check(document)[0]
    (done,) = history.apply([{"do": "promote", "id": "n4", "port": "nmda", "output": False}], shapes=shapes)[0]
    assert document["nodes"][done["id"]]["config"]["payload_type"] == "SpikeArray"
    assert "nmda" in inputs(document, made["id"])


def test_what_only_arrays_can_tell_is_said_at_the_wire():
    document = pooled_document()
    configured(document, ["weights"], {"initializer": "ArrayInitializer", "array": [1.0, 2.0]}, ["e4"])
    (problem,) = deep_check(document)[1]
    assert (problem.edge, problem.field) == ("e4", "weights.array")
    assert locate(document, Problem("pool.own.delay", "is wrong")).edge == "e3"


BUILT = {
    "weights that no float holds": (
        {"weights": 1e300},
        "weights.value",
        "expected a number that float32 holds, of at most 3.40282e+38 in size, got 1e+300",
    ),
    "weights that half a float does not hold": (
        {"weights": 1e6, "weight_dtype": "float16"},
        "weight_dtype",
        "cannot hold the weights, got 1e+06 in float16",
    ),
    "a delay below zero": ({"delay": -3.0}, "delay", "must be at least dt"),
    "a delay without end": ({"delay": 1e12}, "delay", "at most 65535 steps"),
    "a rule of another step": ({"rule": {"rule": "PairRuleConfig", "dt": 7.0}}, "rule.dt", "differs from its owner's"),
    "a modulator that is not there": (
        {"rule": {"rule": "PairRuleConfig", "eligibility_tau": 5.0}, "modulator": "reward"},
        "modulator",
        "is no wired modulator of the pool, got 'reward'",
    ),
}


@pytest.mark.parametrize("name", BUILT)
def test_settings_that_cannot_be_built_are_refused_at_their_wire_by_name(name):
    settings, field, said = BUILT[name]
    document = pooled_document()
    document["edges"]["e4"]["projection"] = settings
    (problem,) = deep_check(document)[1]
    assert (problem.edge, problem.field) == ("e4", field) and said in str(problem.problem)


def test_connections_beyond_memory_are_refused_by_name_before_they_are_drawn():
    document = pooled_document()
    document["edges"]["e4"]["projection"] = {"pattern": {"connectivity": "FixedTotalNumber", "number": 10**13}}
    # A check does not build what is large; a run says so.
    assert deep_check(document) == ({}, [])
    with pytest.raises(spark.ConfigError, match=r"pool\.noise_nmda\.pattern: needs too much memory"):
        spikes(document, "pool.out_spikes")


def test_a_wrong_setting_can_be_put_back_by_a_fix():
    document = pooled_document()
    history = configured(document, ["delay"], {"initializer": "UniformInitializer", "lo": 1}, ["e2"])
    problems = brain_config(document)[1]
    (fixes,) = fixes_of(document, problems, {})
    assert [f["label"] for f in fixes] == ["Back to the default", "Delete the wire"]
    history.apply(fixes[0]["commands"])
    assert brain_config(document)[1] == []


def test_the_catalogue_tells_the_page_the_settings_of_projections_and_the_kinds_of_components():
    view = catalogue_view.view()
    fields = {f["name"]: f for f in view["projection"]}
    kinds = {n: (f["kind"], f.get("tag")) for n, f in fields.items()}
    assert kinds["pattern"] == ("kinds", "connectivity") and kinds["weights"] == ("kinds", "initializer")
    assert kinds["rule"] == ("kinds", "rule") and fields["rule"]["nullable"] and fields["delay"]["tag"] == "initializer"
    assert {"NMDAConfig", "JumpConfig"} <= set(view["kinds"]["receptor"]) and "ReceptorConfig" not in view["kinds"][
        "receptor"
    ]
    assert "LeakySomaConfig" in view["kinds"]["soma"] and "SomaConfig" not in view["kinds"]["soma"]
    rewiring = fields["rewiring"]
    assert (rewiring["kind"], rewiring["nullable"], rewiring["default"]) == ("config", True, None)
    inner = {f["name"]: f for f in rewiring["fields"]}
    assert list(inner) == list(Rewiring.model_fields)
    assert {n: f["kind"] for n, f in inner.items()} == {
        "interval": "number",
        "prune": "choice",
        "threshold": "number",
        "share": "number",
        "weight": "number",
        "self_connections": "boolean",
    }
    assert (inner["interval"]["unit"], inner["interval"]["bounds"]) == ("ms", {"exclusiveMinimum": 0})
    assert inner["prune"]["choices"] == ["below", "weakest", "random"]
    pool = {f["name"]: f for f in view["modules"]["Pool"]["fields"]}
    assert (pool["soma"]["kind"], pool["soma"]["tag"]) == ("kinds", "soma")
    assert (pool["receptors"]["kind"], pool["receptors"]["tag"]) == ("named", "receptor")
    assert pool["receptors"]["default"] == {"excitation": {"receptor": "ExponentialCurrentConfig"}}
    assert pool["modulators"]["kind"] == "names"
    # A neuron of one soma takes no other.
    assert all(f["kind"] == "config" for f in view["modules"]["LIFNeuron"]["fields"] if f["name"] == "soma")
    assert [p["name"] for p in view["modules"]["Pool"]["inputs"]] == ["excitation"]


def test_the_components_of_a_plastic_preset_are_shown_with_what_its_bare_wires_are_together():
    found = catalogue_view.components("ALIFNeuron", {"units": [3], "async_spikes": True})
    assert [(p["name"], p["type"]) for p in found["parts"]] == [
        ("synapses", "PlasticProjection"),
        ("in_spikes", "PulseCurrent"),
        ("total", "Total"),
        ("soma", "AdaptiveLeakySoma"),
        ("learning_rule", "ZenkeRule"),
    ]
    assert found["effects"] == [{"from": ["learning_rule", "weights"], "to": ["synapses", "weights"]}]


def test_the_inside_of_a_pool_can_be_looked_at():
    found = catalogue_view.components("Pool", {"units": [3]})
    assert [p["type"] for p in found["parts"]] == ["Total", "IntegrateAndFireSoma"]


def test_a_page_is_told_of_ports_with_the_change_that_makes_them_and_of_none_when_a_node_moves():
    document = pooled_document()
    live = SimpleNamespace(session=SimpleNamespace(document=document), _configured=Live._configured)
    live._ports = lambda: Live._ports(live)  # type: ignore[arg-type]
    history = History(document)
    (_, moved) = history.apply([{"do": "move", "places": {"n4": [1, 2]}}])
    assert Live._changed_ports(live, moved) == {}  # type: ignore[arg-type]
    (_, made) = history.apply([{"do": "put_receptor", "id": "n4", "name": "gaba", "receptor": "JumpConfig"}])
    told = Live._changed_ports(live, made)["ports"]["n4"]["inputs"]  # type: ignore[arg-type]
    assert {p["name"]: p.get("projected", False) for p in told} == {
        "ampa": True,
        "gaba": True,
        "nmda": True,
        "stimulus": False,
    }


def test_a_draw_is_offered_where_the_number_of_units_is_known():
    def offered(cls):
        return {field["name"] for field in fields_of(cls) if "draws" in field}

    assert {"threshold", "cooldown"} <= offered(somas.LeakySomaConfig)
    assert "tau" in offered(receptors.ExponentialCurrentConfig) and "utilization" in offered(TsodyksMarkramConfig)
    for cls, names in (
        (interfaces.GainConfig, {"gain"}),
        (interfaces.PopulationEncoderConfig, {"spans", "centers"}),
        (interfaces.DeltaSpikerConfig, {"threshold"}),
    ):
        assert names <= {field["name"] for field in fields_of(cls) if field["kind"] == "quantity"}
        assert not offered(cls)
