"""Files: atomic, bounded, and never code."""

from spark.io.checkpoint import load_checkpoint as load_checkpoint
from spark.io.checkpoint import save_checkpoint as save_checkpoint
from spark.io.rotation import Checkpoints as Checkpoints
