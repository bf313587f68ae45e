"""Fixtures of the editor's tests. Documents are those of the tests of model files."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
