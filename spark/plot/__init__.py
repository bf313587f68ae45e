"""Pictures. Needs the extra `plot`."""

from spark.plot.loop import loop_picture as loop_picture
from spark.plot.raster import raster as raster
from spark.plot.recorded import recording_picture as recording_picture
from spark.plot.recorded import spike_raster as spike_raster
