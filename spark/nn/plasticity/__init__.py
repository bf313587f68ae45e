"""Plasticity: rules that change weights."""

from spark.nn.plasticity.zenke import PlasticityOutput as PlasticityOutput
from spark.nn.plasticity.zenke import ZenkeRule as ZenkeRule
from spark.nn.plasticity.zenke import ZenkeRuleConfig as ZenkeRuleConfig
