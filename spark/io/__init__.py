"""Files: atomic, bounded, and never code."""

from spark.io.checkpoint import load_checkpoint as load_checkpoint
from spark.io.checkpoint import save_checkpoint as save_checkpoint
from spark.io.events import load_events as load_events
from spark.io.events import save_events as save_events
from spark.io.models import load_model as load_model
from spark.io.models import save_model as save_model
from spark.io.rotation import Checkpoints as Checkpoints
