"""Running: many steps of a brain as one compiled loop."""

from spark.sim.advance import advance as advance
