"""Projections: wires that own their connections."""

from spark.nn.projections.gap import GapProjections as GapProjections
from spark.nn.projections.pairs import PairDelaysConfig as PairDelaysConfig
from spark.nn.projections.pairs import PairSynapsesConfig as PairSynapsesConfig
from spark.nn.projections.plastic import PlasticProjection as PlasticProjection
from spark.nn.projections.projection import Projection as Projection
from spark.nn.projections.projection import ProjectionConfig as ProjectionConfig
from spark.nn.projections.rewiring import Rewiring as Rewiring
from spark.nn.projections.short_term import ShortTerm as ShortTerm
from spark.nn.projections.short_term import ShortTermConfig as ShortTermConfig
from spark.nn.projections.short_term import TsodyksMarkram as TsodyksMarkram
from spark.nn.projections.short_term import TsodyksMarkramConfig as TsodyksMarkramConfig
from spark.nn.projections.static import ListedProjections as ListedProjections
from spark.nn.projections.static import StaticProjections as StaticProjections
