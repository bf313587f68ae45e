"""Plasticity: rules that change weights."""

from spark.nn.plasticity.bcm import BCMRule as BCMRule
from spark.nn.plasticity.bcm import BCMRuleConfig as BCMRuleConfig
from spark.nn.plasticity.clopath import ClopathRule as ClopathRule
from spark.nn.plasticity.clopath import ClopathRuleConfig as ClopathRuleConfig
from spark.nn.plasticity.event_rule import EventRule as EventRule
from spark.nn.plasticity.event_rule import EventRuleConfig as EventRuleConfig
from spark.nn.plasticity.hebbian import HebbianRule as HebbianRule
from spark.nn.plasticity.hebbian import HebbianRuleConfig as HebbianRuleConfig
from spark.nn.plasticity.hebbian import OjaRule as OjaRule
from spark.nn.plasticity.hebbian import OjaRuleConfig as OjaRuleConfig
from spark.nn.plasticity.pair import PairRule as PairRule
from spark.nn.plasticity.pair import PairRuleConfig as PairRuleConfig
from spark.nn.plasticity.power_law import PowerLawRule as PowerLawRule
from spark.nn.plasticity.power_law import PowerLawRuleConfig as PowerLawRuleConfig
from spark.nn.plasticity.rule import PlasticityOutput as PlasticityOutput
from spark.nn.plasticity.rule import Rule as Rule
from spark.nn.plasticity.rule import RuleConfig as RuleConfig
from spark.nn.plasticity.triplet import QuadrupletRule as QuadrupletRule
from spark.nn.plasticity.triplet import QuadrupletRuleConfig as QuadrupletRuleConfig
from spark.nn.plasticity.triplet import TripletRule as TripletRule
from spark.nn.plasticity.triplet import TripletRuleConfig as TripletRuleConfig
from spark.nn.plasticity.vogels import VogelsRule as VogelsRule
from spark.nn.plasticity.vogels import VogelsRuleConfig as VogelsRuleConfig
from spark.nn.plasticity.zenke import ZenkeRule as ZenkeRule
from spark.nn.plasticity.zenke import ZenkeRuleConfig as ZenkeRuleConfig
