"""The hot operations: each one reference in jax.numpy, and a C++ version for CPUs behind the same function."""

from spark.kernels.bits import bit_words as bit_words
from spark.kernels.bits import pack_spikes as pack_spikes
from spark.kernels.bits import unpack_spikes as unpack_spikes
from spark.kernels.build import NativeStatus as NativeStatus
from spark.kernels.consolidate import consolidate as consolidate
from spark.kernels.dense import deliver_dense as deliver_dense
from spark.kernels.edge_parts import edges_onto as edges_onto
from spark.kernels.edge_parts import rows_onto as rows_onto
from spark.kernels.edges import Edges as Edges
from spark.kernels.edges import build_edges as build_edges
from spark.kernels.history import history_words as history_words
from spark.kernels.history import push_history as push_history
from spark.kernels.native import NativeKernelsWarning as NativeKernelsWarning
from spark.kernels.native import available as available
from spark.kernels.native import build as build
from spark.kernels.native import status as status
from spark.kernels.rule_table import RuleTable as RuleTable
from spark.kernels.rule_table import Term as Term
from spark.kernels.rule_table import Trace as Trace
from spark.kernels.sparse import deliver_edges as deliver_edges
from spark.kernels.stdp import Plastic as Plastic
from spark.kernels.stdp import Third as Third
from spark.kernels.stdp import stdp_dense as stdp_dense
from spark.kernels.stdp import stdp_edges as stdp_edges
from spark.kernels.zenke import zenke_edges as zenke_edges
