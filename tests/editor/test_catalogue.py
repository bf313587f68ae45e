"""What the page is told of modules, and of the kinds that a field may hold."""

import numpy as np
import pytest

import spark
from spark.editor import catalogue_view
from spark.nn.plasticity import PairRuleConfig


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
