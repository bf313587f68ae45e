"""Pools: units of any soma with any receptors."""

from spark.nn.pools.pool import Pool as Pool
from spark.nn.pools.pool import PoolConfig as PoolConfig
