"""What a run keeps: probes, where their data goes, and recordings."""

from spark.sim.records.probe import Probe as Probe
from spark.sim.records.recording import Recording as Recording
