"""Pictures. Needs the extra `plot`."""

from spark.core.extras import need as _need

_need("plot", "matplotlib")

# Imported behind that line, which says what to install where something is missing: hence E402.
from spark.plot.loop import loop_picture as loop_picture  # noqa: E402
from spark.plot.raster import raster as raster  # noqa: E402
from spark.plot.recorded import recording_picture as recording_picture  # noqa: E402
from spark.plot.recorded import spike_raster as spike_raster  # noqa: E402
