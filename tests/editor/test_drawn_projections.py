"""Pools in the editor: their ports follow from their receptors, and a wire into a receptor has settings."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from drawing import some
from pools import INPUTS, dendritic_document, pooled, pooled_document

import spark
from spark.core.errors import Problem
from spark.editor import catalogue_view
from spark.editor.commands import CommandError
from spark.editor.fields import fields_of, kinds
from spark.editor.fixes import fixes_of
from spark.editor.history import History
from spark.editor.live import Live
from spark.editor.ports import configured_ports, inputs, means_defaults, why_not
from spark.editor.shapes import deep_check, locate
from spark.editor.wires import copied
from spark.io.graph_config import brain_config
from spark.io.model_file import new_document
from spark.nn import Brain, PoolConfig


def one(document, **command):
    history = History(document)
    return history, history.apply([command], shapes=deep_check(document)[0])[0][0]


def configured(document, path, value, ids=("n4",)):
    return one(document, do="configure", ids=list(ids), path=path, value=value)[0]


def into(document, node="n4"):
    return {k: e["to"][1] for k, e in document["edges"].items() if e["to"][0] == node}


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


def test_wires_go_with_a_receptor_and_the_others_stay_and_undo_brings_them_back():
    document = pooled_document()
    before = copy.deepcopy(document)
    history = one(document, do="remove_receptor", id="n4", name="nmda")[0]
    assert into(document) == {"e2": "ampa", "e3": "ampa", "e5": "stimulus"} and brain_config(document)[1] == []
    history.undo()
    assert document == before
    kept = {"ampa": {"receptor": "JumpConfig"}}
    configured(document, ["receptors"], kept)
    assert into(document) == {"e2": "ampa", "e3": "ampa"} and document["edges"]["e2"] == before["edges"]["e2"]


def test_wires_follow_the_name_of_a_receptor():
    document = pooled_document()
    one(document, do="rename_receptor", id="n4", name="ampa", to="fast")
    assert into(document) == {"e2": "fast", "e3": "fast", "e4": "nmda", "e5": "stimulus"}
    config, problems = brain_config(document)
    assert problems == [] and config.modules_map["pool"].inputs["fast"] == pooled().modules_map["pool"].inputs["ampa"]


def test_what_is_watched_follows_the_name_of_a_receptor():
    document = pooled_document()
    paths = ["pool.ampa.conductance", "pool.ampa_projections.arriving", "pool.soma.potential", "pool.ampala"]
    document["probes"] = {f"p{i}": {"path": p, "view": "trace", "node": "n4"} for i, p in enumerate(paths)}
    one(document, do="rename_receptor", id="n4", name="ampa", to="fast")
    followed = ["pool.fast.conductance", "pool.fast_projections.arriving", "pool.soma.potential", "pool.ampala"]
    assert [p["path"] for p in document["probes"].values()] == followed


def plastic_document():
    """A pool of which every kind of part is watched; both plastic wires into `ampa` have the usual names."""
    document = dendritic_document()
    for edge, rule in (("e2", True), ("e3", True), ("e4", False)):
        settings = document["edges"][edge]["projection"]
        settings.pop("name", None)
        settings |= (
            {"rule": {"rule": "PairRuleConfig"}} if rule else {"short_term": {"short_term": "TsodyksMarkramConfig"}}
        )
    document["probes"] = {f"p{i}": {"path": p, "view": "trace", "node": "n4"} for i, p in enumerate(PARTS_WATCHED)}
    return document


PARTS_WATCHED = {
    "pool.ampa.conductance": "pool.fast.conductance",
    "pool.ampa_projections_2.arrivals": "pool.fast_projections_2.arrivals",
    "pool.ampa_background.arrivals": "pool.fast_background.arrivals",
    "pool.ampa_sum.arrivals": "pool.fast_sum.arrivals",
    "pool.noise_ampa.kernel": "pool.noise_fast.kernel",
    "pool.pool_ampa_rule.pre_trace": "pool.pool_fast_rule.pre_trace",
    "pool.noise_nmda_short_term.amplitudes": None,
    "pool.nmda_projections.arrivals": None,
    "pool.apical.potential": None,
    "pool.apical_total.current": None,
    "pool.soma.potential": None,
    "pool.ampa_projections_x": None,
}


def watched(document):
    return [probe["path"] for probe in document["probes"].values()]


def test_what_is_watched_of_all_parts_of_a_receptor_and_of_its_plastic_wires_follows_its_name():
    document = plastic_document()
    config, problems = brain_config(document)
    assert problems == []
    explained = spark.explain(Brain(config))
    for part in ("noise_ampa", "pool_ampa_rule", "noise_nmda_short_term", "apical_total"):
        assert explained[f"pool.{part}"].path == f"pool.{part}"
    before = copy.deepcopy(document)
    history = one(document, do="rename_receptor", id="n4", name="ampa", to="fast")[0]
    assert watched(document) == [to or path for path, to in PARTS_WATCHED.items()]
    history.undo()
    assert document == before


def test_what_is_watched_goes_with_its_receptor_or_dendrite_and_undo_brings_it_back():
    gone = {
        ("remove_receptor", "ampa"): {path for path, to in PARTS_WATCHED.items() if to},
        ("remove_receptor", "nmda"): {"pool.noise_nmda_short_term.amplitudes", "pool.nmda_projections.arrivals"},
        ("remove_dendrite", "apical"): {"pool.apical.potential", "pool.apical_total.current"},
    }
    for (do, name), lost in gone.items():
        document = plastic_document()
        before = copy.deepcopy(document)
        history = one(document, do=do, id="n4", name=name)[0]
        assert watched(document) == [path for path in PARTS_WATCHED if path not in lost]
        history.undo()
        assert document == before


def test_the_name_of_a_wire_whose_weights_stay_is_no_part_and_what_is_watched_of_another_part_stays():
    document = pooled_document()
    document["edges"]["e4"]["projection"]["name"] = "soma"
    document["probes"] = {"p1": {"path": "pool.soma.potential", "view": "trace", "node": "n4"}}
    one(document, do="remove_receptor", id="n4", name="nmda")
    assert watched(document) == ["pool.soma.potential"]


def test_a_name_by_which_a_plastic_wire_would_be_called_as_a_dendrite_is_refused():
    document = plastic_document()
    one(document, do="rename_dendrite", id="n4", name="apical", to="noise_fast")
    before = copy.deepcopy(document)
    with pytest.raises(CommandError, match="a part of a wire would be called as the dendrite 'noise_fast'"):
        one(document, do="rename_receptor", id="n4", name="ampa", to="fast")
    assert document == before


@pytest.mark.parametrize("wrong", [None, 3, "x", []])
def test_a_listing_that_is_none_in_a_file_counts_as_empty(wrong):
    document = pooled_document()
    document["nodes"]["n4"]["config"] |= {"dendrites": wrong, "modulators": wrong}
    one(document, do="put_receptor", id="n4", name="x", receptor="JumpConfig")
    assert document["nodes"]["n4"]["config"]["receptors"]["x"] == {"receptor": "JumpConfig"}
    one(document, do="put_dendrite", id="n4", name="tuft", dendrite="LeakyDendriteConfig")
    assert document["nodes"]["n4"]["config"]["dendrites"] == {"tuft": {"dendrite": "LeakyDendriteConfig"}}
    document["nodes"]["n4"]["config"]["receptors"] = wrong
    one(document, do="put_dendrite", id="n4", name="basal", dendrite="LeakyDendriteConfig")
    with pytest.raises(CommandError, match="there is no receptor 'ampa'"):
        one(document, do="remove_receptor", id="n4", name="ampa")


def test_a_receptor_of_another_kind_keeps_its_wires_and_says_which_do_not_fit():
    document = pooled_document()
    one(document, do="put_receptor", id="n4", name="ampa", receptor="JumpConfig")
    assert document["nodes"]["n4"]["config"]["receptors"]["ampa"] == {"receptor": "JumpConfig"}
    assert list(into(document)) == ["e2", "e3", "e4", "e5"]
    one(document, do="put_receptor", id="n4", name="ampa", receptor="CurrentConfig")
    assert {(p.edge, p.problem.kind) for p in brain_config(document)[1]} == {("e2", "payload"), ("e3", "payload")}


def test_the_usual_receptor_stays_when_another_is_added_or_one_of_its_fields_is_set():
    history, made = one(new_document(), do="add", type="Pool")
    history.apply([{"do": "put_receptor", "id": made["id"], "name": "inhibition", "receptor": "AlphaCurrentConfig"}])
    usual = {"receptor": "ExponentialCurrentConfig"}
    assert history.document["nodes"][made["id"]]["config"]["receptors"] == {
        "excitation": usual,
        "inhibition": {"receptor": "AlphaCurrentConfig"},
    }
    history.undo()
    history.apply([{"do": "configure", "ids": [made["id"]], "path": ["receptors", "excitation", "tau"], "value": 3.0}])
    assert history.document["nodes"][made["id"]]["config"]["receptors"] == {"excitation": {**usual, "tau": 3.0}}


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


REFUSED = {
    "settings of an injected current": (
        {"do": "configure", "ids": ["e5"], "path": ["delay"], "value": 2.0},
        "the wire has no settings: pool.stimulus is no receptor of spikes",
    ),
    "settings of a wire into another module": (
        {"do": "configure", "ids": ["e1"], "path": ["delay"], "value": 2.0},
        "the wire has no settings: noise.signal is no receptor of spikes",
    ),
    "settings that are none": ({"do": "configure", "ids": ["e77"], "path": ["delay"], "value": 1}, "no such node"),
    "a receptor of another family": (
        {"do": "put_receptor", "id": "n4", "name": "x", "receptor": "PairRuleConfig"},
        "'PairRuleConfig' is no receptor",
    ),
    "a receptor of an illegal name": (
        {"do": "put_receptor", "id": "n4", "name": "a b", "receptor": "JumpConfig"},
        "a b",
    ),
    "a receptor of a module without any": (
        {"do": "put_receptor", "id": "n3", "name": "x", "receptor": "JumpConfig"},
        "noise has no receptors that could be changed",
    ),
    "a name that is taken": (
        {"do": "rename_receptor", "id": "n4", "name": "ampa", "to": "nmda"},
        "is the name of another port of the pool",
    ),
    "a dendrite of another family": (
        {"do": "put_dendrite", "id": "n4", "name": "x", "dendrite": "JumpConfig"},
        "'JumpConfig' is no dendrite",
    ),
    "a dendrite of a receptor's name": (
        {"do": "put_dendrite", "id": "n4", "name": "nmda", "dendrite": "LeakyDendriteConfig"},
        "nmda: is the name of another port of the pool. Names must differ",
    ),
    "a receptor of a dendrite's name": (
        {"do": "rename_receptor", "id": "n4", "name": "ampa", "to": "basal"},
        "basal: is the name of a dendrite of the pool. Names must differ",
    ),
    "a dendrite of a part's name": (
        {"do": "rename_dendrite", "id": "n4", "name": "apical", "to": "soma"},
        "soma: every pool has a part of this name. Choose another name",
    ),
    "a dendrite of the name of a receptor's part": (
        {"do": "put_dendrite", "id": "n4", "name": "ampa_projections_2", "dendrite": "LeakyDendriteConfig"},
        "ampa_projections_2: is the name of a part of the receptor 'ampa'. Choose another name",
    ),
    "a receptor of the name of a dendrite's part": (
        {"do": "rename_receptor", "id": "n4", "name": "ampa", "to": "basal_total"},
        "basal_total: is the name of a part of the dendrite 'basal'. Choose another name",
    ),
    "a dendrite of the name of a plastic wire": (
        {"do": "put_dendrite", "id": "n4", "name": "own", "dendrite": "LeakyDendriteConfig"},
        "own: is the name of a part of a wire into 'ampa'. Choose another name",
    ),
    "a dendrite of the name of the rule of a wire": (
        {"do": "rename_dendrite", "id": "n4", "name": "apical", "to": "own_rule"},
        "own_rule: is the name of a part of a wire into 'ampa'. Choose another name",
    ),
    "a dendrite that is not there": (
        {"do": "remove_dendrite", "id": "n4", "name": "basel"},
        "there is no dendrite 'basel'. Did you mean 'basal'",
    ),
    "a dendrite of a module without any": (
        {"do": "put_dendrite", "id": "n3", "name": "x", "dendrite": "LeakyDendriteConfig"},
        "noise has no dendrites that could be changed",
    ),
    "a receptor that is not there": (
        {"do": "remove_receptor", "id": "n4", "name": "amp"},
        "there is no receptor 'amp'. Did you mean 'ampa'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_and_changes_nothing(name):
    command, said = REFUSED[name]
    document = dendritic_document()
    before = copy.deepcopy(document)
    with pytest.raises(CommandError) as error:
        one(document, **command)
    assert said in str(error.value)
    assert document == before


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


def test_backgrounds_follow_the_names_of_receptors():
    document = pooled_document()
    history = configured(document, ["background"], {"ampa": {"rate": 100.0}})
    assert brain_config(document)[1] == []
    history.apply([{"do": "rename_receptor", "id": "n4", "name": "ampa", "to": "fast"}])
    assert document["nodes"]["n4"]["config"]["background"] == {"fast": {"rate": 100.0}}
    history.apply([{"do": "remove_receptor", "id": "n4", "name": "fast"}])
    assert "background" not in document["nodes"]["n4"]["config"] and brain_config(document)[1] == []


def settings(document):
    config = document["nodes"]["n4"]["config"]
    return config.get("dendrites"), config.get("onto")


def test_receptors_on_a_dendrite_and_what_is_watched_follow_its_name():
    document = dendritic_document()
    assert brain_config(document)[1] == []
    paths = ["pool.apical.potential", "pool.apical_total.current", "pool.soma.potential", "pool.apically"]
    document["probes"] = {f"p{i}": {"path": p, "view": "trace", "node": "n4"} for i, p in enumerate(paths)}
    before = copy.deepcopy(document)
    history = one(document, do="rename_dendrite", id="n4", name="apical", to="tuft")[0]
    assert settings(document)[0] == {
        "tuft": {"dendrite": "LeakyDendriteConfig", "coupling": 5.0},
        "basal": {"dendrite": "PlateauDendriteConfig"},
    }
    assert settings(document)[1] == {"ampa": "tuft"}
    followed = ["pool.tuft.potential", "pool.tuft_total.current", "pool.soma.potential", "pool.apically"]
    assert [p["path"] for p in document["probes"].values()] == followed
    config, problems = brain_config(document)
    assert problems == [] and config.modules_map["pool"].config.onto == {"ampa": "tuft"}
    history.apply([{"do": "rename_receptor", "id": "n4", "name": "ampa", "to": "fast"}])
    assert settings(document)[1] == {"fast": "tuft"} and brain_config(document)[1] == []
    history.undo()
    history.undo()
    assert document == before


def test_receptors_on_a_dendrite_that_is_taken_away_lie_on_the_soma_and_undo_brings_both_back():
    document = dendritic_document()
    before = copy.deepcopy(document)
    history = one(document, do="remove_dendrite", id="n4", name="apical")[0]
    assert settings(document) == ({"basal": {"dendrite": "PlateauDendriteConfig"}}, None)
    assert into(document) == into(before) and brain_config(document)[1] == []
    history.apply([{"do": "remove_dendrite", "id": "n4", "name": "basal"}])
    assert settings(document) == (None, None) and brain_config(document)[1] == []
    history.undo()
    history.undo()
    assert document == before


def test_a_pool_gets_a_dendrite_of_a_kind_and_of_another_and_a_receptor_on_it():
    history, made = one(new_document(), do="add", type="Pool")
    put = {"do": "put_dendrite", "id": made["id"], "name": "apical"}
    history.apply([{**put, "dendrite": "PlateauDendriteConfig"}, {**put, "dendrite": "LeakyDendriteConfig"}])
    onto = {"do": "configure", "ids": [made["id"]], "path": ["onto", "excitation"]}
    history.apply([{**onto, "value": "apical"}])
    config = history.document["nodes"][made["id"]]["config"]
    assert config["dendrites"] == {"apical": {"dendrite": "LeakyDendriteConfig"}}
    assert config["onto"] == {"excitation": "apical"}
    history.apply([{**onto, "reset": True}])
    assert "onto" not in history.document["nodes"][made["id"]]["config"]


def test_the_inspector_draws_what_a_pool_lists_by_name_with_a_kind_for_each():
    fields = {f["name"]: f for f in fields_of(PoolConfig)}
    assert {n: (f["tag"], f["usual"], f["least"]) for n, f in fields.items() if f["kind"] == "named"} == {
        "receptors": ("receptor", "ExponentialCurrentConfig", 1),
        "dendrites": ("dendrite", "LeakyDendriteConfig", 0),
    }
    assert "onto" not in fields and (fields["receptors"]["placed"], fields["receptors"]["among"]) == (
        "onto",
        "dendrites",
    )
    assert sorted(kinds()["dendrite"]) == [
        "BackpropagatingDendriteConfig",
        "LeakyDendriteConfig",
        "PlateauDendriteConfig",
    ]


def test_the_last_receptor_stays():
    history, made = one(new_document(), do="add", type="Pool")
    with pytest.raises(CommandError, match="a pool has at least one receptor"):
        history.apply([{"do": "remove_receptor", "id": made["id"], "name": "excitation"}])


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
        "weights",
        "makes numbers that float32 cannot hold, got 1e+300",
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
