"""The seam: one engine does steps, and without one everything runs as it is written."""

from typing import Any

import jax
import numpy as np
import pytest
from builders import compiled_apart, drive, refused, tutorial_brain
from tolerances import SAME_BRAIN

import spark
from spark.core import engine
from spark.core.part import Part
from spark.core.payloads import Payload

STEPS = 60


class Counting:
    """Asks another engine, and counts for which modules."""

    def __init__(self, other: engine.Engine) -> None:
        self.other = other
        self.asked: list[str] = []

    def step(self, module: Part, payloads: dict[str, Payload]) -> dict[str, Payload] | None:
        self.asked.append(type(module).__name__)
        return self.other.step(module, payloads)


def ran(monkeypatch: pytest.MonkeyPatch, used: engine.Engine) -> tuple[dict[str, Any], int]:
    """What a brain holds after some steps, and how many native calls a step has."""
    monkeypatch.setattr(engine, "_engine", used)
    with compiled_apart(f"by {type(used).__name__}"):
        brain = tutorial_brain(seed=4)
        for _ in range(STEPS):
            brain(drive=drive())
        graph, state = spark.split(brain)
        text = str(jax.make_jaxpr(lambda state: spark.merge(graph, state)(drive=drive()))(state))
    return {path: np.asarray(brain.state[path]) for path in brain.state}, text.count("spark_run_program")


def test_without_an_engine_every_step_runs_as_it_is_written() -> None:
    native = engine._engine
    with pytest.MonkeyPatch.context() as patch:
        written, none = ran(patch, engine.AsWritten())
    with pytest.MonkeyPatch.context() as patch:
        done, some = ran(patch, Counting(native))
    assert (none, some > 0) == (0, True)
    for path, array in written.items():
        largest = np.abs(array.astype(np.float64)).max(initial=1.0)
        np.testing.assert_allclose(done[path], array, rtol=0, atol=SAME_BRAIN["float32"] * largest, err_msg=path)


def test_only_the_outermost_module_is_asked_for() -> None:
    counting = Counting(engine.AsWritten())
    with pytest.MonkeyPatch.context() as patch:
        ran(patch, counting)
    assert set(counting.asked) == {"Brain"}


def test_a_second_engine_is_refused() -> None:
    text = (
        "engine: is installed already, got Counting beside NativeEngine. `import spark` installs the one that there is"
    )
    with refused(spark.ModuleError, text):
        engine.install(Counting(engine.AsWritten()))
