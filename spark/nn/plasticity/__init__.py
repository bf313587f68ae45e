"""Plasticity: rules that change weights."""

from spark.nn.plasticity.event_rule import EventRule as EventRule
from spark.nn.plasticity.event_rule import EventRuleConfig as EventRuleConfig
from spark.nn.plasticity.pair import PairRule as PairRule
from spark.nn.plasticity.pair import PairRuleConfig as PairRuleConfig
from spark.nn.plasticity.rule import PlasticityOutput as PlasticityOutput
from spark.nn.plasticity.rule import Rule as Rule
from spark.nn.plasticity.rule import RuleConfig as RuleConfig
from spark.nn.plasticity.zenke import ZenkeRule as ZenkeRule
from spark.nn.plasticity.zenke import ZenkeRuleConfig as ZenkeRuleConfig
