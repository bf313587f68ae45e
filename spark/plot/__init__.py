"""Pictures. Needs the extra `plot`."""

from spark.plot.loop import loop_picture as loop_picture
from spark.plot.raster import raster as raster
