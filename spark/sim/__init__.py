"""Running: many steps of a brain as one compiled loop, on one device or many."""

from spark.sim.advance import advance as advance
from spark.sim.shard import ShardedBrain as ShardedBrain
from spark.sim.shard import shard as shard
from spark.sim.shard_step import ShardedState as ShardedState
