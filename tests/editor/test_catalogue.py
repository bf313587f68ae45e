"""What the page is told of modules, and of the kinds that a field may hold."""

import numpy as np
import pytest
from drawing import some
from pool_commands import configured, one
from pools import pooled_document

import spark
from spark import catalogue
from spark.editor import catalogue_view
from spark.io.model_file import new_document
from spark.io.sparse import from_sparse, sparse
from spark.nn.plasticity import PairRuleConfig
from spark.nn.pools import PoolConfig
from spark.nn.projections import ProjectionConfig

# Where the kinds of a family stand: in a node or on a wire of a document with a pool, and under which tag.
PLACES = {
    "soma": ("nodes", "n4", ["soma"], "soma"),
    "receptor": ("nodes", "n4", ["receptors", "ampa"], "receptor"),
    "dendrite": ("nodes", "n4", ["dendrites", "apical"], "dendrite"),
    "plasticity": ("edges", "e2", ["rule"], "rule"),
    "short_term": ("edges", "e2", ["short_term"], "short_term"),
}
COMPONENTS = [(family, cls) for family in PLACES for cls in catalogue.BUILT_IN[family]]
MODULES = [cls for family in ("neuron", "interface", "source", "learning") for cls in catalogue.BUILT_IN[family]]


@pytest.mark.parametrize(("family", "cls"), COMPONENTS, ids=lambda v: getattr(v, "__name__", ""))
def test_every_component_is_offered_with_all_its_fields_and_is_read_as_it_was_chosen(family, cls):
    where, which, path, tag = PLACES[family]
    name = cls.config_class().__name__
    offered = catalogue_view.view()["kinds"][tag][name]
    handed_down = {"dt", "dtype", "seed", "units"}
    assert {f["name"] for f in offered["fields"]} | handed_down >= set(cls.config_class().model_fields)
    document = pooled_document()
    configured(document, path, {tag: name}, [which])
    part = document[where][which]
    made = (
        from_sparse(PoolConfig, part["config"])
        if where == "nodes"
        else from_sparse(ProjectionConfig, part["projection"])
    )
    found = getattr(made, path[0])
    found = found[path[1]] if path[1:] else found
    assert type(found) is cls.config_class() and sparse(found) == {}


@pytest.mark.parametrize("cls", some(MODULES, 3, thorough=1), ids=lambda c: c.__name__)
def test_every_module_can_be_added_with_all_its_fields(cls):
    fields = catalogue_view.view()["modules"][cls.__name__]["fields"]
    # On which dendrite a receptor lies is said by a command of its own.
    assert set(cls.config_class().model_fields) - {f["name"] for f in fields} <= {"onto"}
    history, made = one(new_document(), do="add", type=cls.__name__)
    node = history.document["nodes"][made["id"]]
    needed = {"units": [4], "num_outputs": 2} | dict.fromkeys(["async_spikes", "shape"], True)
    required = {n: needed.get(n) for n, info in cls.config_class().model_fields.items() if info.is_required()}
    assert node["type"] == cls.__name__ and from_sparse(cls.config_class(), {**required, **node["config"]})


def test_only_rules_that_can_be_used_are_offered():
    rules = catalogue_view.view()["kinds"]["rule"]
    assert "PairRuleConfig" in rules and "EventRuleConfig" not in rules
    assert [f["name"] for f in rules["PairRuleConfig"]["fields"]] == list(PairRuleConfig.model_fields)


def test_ports_are_told_required_ones_first():
    ports = catalogue_view.view()["modules"]["CurrentLIFNeuron"]["inputs"]
    flags = [p["optional"] for p in ports]
    assert flags == sorted(flags) and {p["name"] for p in ports} >= {"excitation", "inhibition"}


def test_a_histogram_has_all_samples_and_their_mean():
    drawn = catalogue_view.histogram({"initializer": "NormalInitializer", "mean": 2.0, "deviation": 0.5})
    assert sum(drawn["counts"]) == 20_000 and drawn["density"] == 1.0
    # Five standard errors of a mean of 20,000 numbers.
    assert abs(drawn["mean"] - 2.0) < 5 * 0.5 / np.sqrt(20_000)


@pytest.mark.parametrize("wrong", [{"initializer": "NormlInitializer"}, {"a": 1}, "x"])
def test_what_is_no_initializer_is_said(wrong):
    with pytest.raises(spark.SparkError, match="initializer"):
        catalogue_view.histogram(wrong)
