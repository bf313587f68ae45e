"""What a pool lists by name, its receptors and dendrites: added, renamed and taken away in the editor."""

import copy

import pytest
from pool_commands import configured, into, one
from pools import dendritic_document, pooled, pooled_document

import spark
from spark.editor.commands import CommandError
from spark.editor.fields import fields_of, kinds
from spark.io.graph_config import brain_config
from spark.io.model_file import new_document
from spark.nn import Brain, PoolConfig


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
