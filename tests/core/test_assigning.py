"""What is set on a built module is refused; modules that are built or in a step set what they want."""

import copy
from collections.abc import Iterator
from typing import Any, TypedDict

import numpy as np
import pytest

import spark
from spark.core.part import Part
from spark.core.tree import parts_of
from spark.core.variable import Constant
from spark.nn import Brain, Pool, receptors, somas


def built() -> Any:
    """A brain of one pool, after a step."""
    net = spark.Network(dt=0.5, seed=1)
    settings = {"soma": somas.IntegrateAndFireSomaConfig(), "receptors": {"r": receptors.JumpConfig()}}
    pool = net.pool("p", 3, Pool, **settings)
    net.connect(pool, pool.r)
    brain = net.build()
    spark.run(brain, 1)
    return brain


SETTING = (
    "what was built from the config would stay as it is. Build another brain, or go on from this one's state with "
)
ELSE = (
    "cannot be set: nothing of a built brain would follow it. Change a variable with "
    "`brain.pool.soma.potential.value = ...`, and a setting with `brain.with_config({'pool.soma.threshold': ...})`; "
    "a note of your own begins with an underscore"
)
REFUSED = {
    "p.soma.potential": (
        "p.soma.potential: cannot be set: it is a variable, which stays while its value changes. "
        "Write `brain.p.soma.potential.value = ...`"
    ),
    "p.soma": f"p.soma: cannot be set: {SETTING}`brain.with_config({{'p.soma': ...}})`",
    "p.soma.threshold": f"p.soma.threshold: cannot be set: {SETTING}`brain.with_config({{'p.soma.threshold': ...}})`",
    "seed": f"seed: cannot be set: {SETTING}`brain.with_config({{'seed': ...}})`",
    "p": (
        "p: cannot be set: it is a part of a built brain, which would go on with it. "
        "Build another brain: `Brain(brain.config.updated(...))`"
    ),
    "p.soma_threshold": f"p.soma_threshold: {ELSE}",
    "state": f"state: {ELSE}",
}


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_set_on_a_built_brain_is_refused_with_what_to_write(path: str) -> None:
    brain = built()
    *owners, name = path.split(".")
    part = brain
    for owner in owners:
        part = vars(part)[owner]
    before = brain.state["p.soma.potential"]
    with pytest.raises(spark.ModuleError) as caught:
        setattr(part, name, np.full(3, 9.0, np.float32))
    assert str(caught.value) == REFUSED[path]
    np.testing.assert_array_equal(brain.state["p.soma.potential"], before)


def test_what_the_errors_say_to_write_does_it() -> None:
    brain = built()
    brain.p.soma.potential.value = np.full(3, 9.0, np.float32)
    np.testing.assert_array_equal(brain.state["p.soma.potential"], 9.0)
    changes = {"p.soma": somas.IntegrateAndFireSomaConfig(threshold=-40.0), "seed": 3}
    after = brain.with_config(changes)
    assert after.p.config.soma.threshold == -40.0 and after.config.seed == 3


def test_copies_of_a_built_brain_are_as_settled() -> None:
    for brain in (copy.deepcopy(built()), built().with_config({"seed": 3})):
        with pytest.raises(spark.ModuleError, match="it is a variable"):
            brain.p.soma.potential = 1.0


class FreeOutput(TypedDict):
    """What it puts out."""

    x: spark.FloatArray


class FreeConfig(spark.ModuleConfig):
    """Nothing to set."""


class Free(spark.Module):
    """Sets attributes wherever an author may: when it is made, built, and in a step."""

    config: FreeConfig

    def __init__(self, config: FreeConfig | None = None) -> None:
        super().__init__(config)
        self.made = 1

    def build(self, x: spark.PortSpec) -> None:
        """Count, and remember the size."""
        self.size = x.size
        self.made = self.made + 1
        self.count = spark.Variable(np.zeros(x.shape, np.float32))

    def __call__(self, x: spark.FloatArray) -> FreeOutput:
        """Add what comes."""
        self.found = self.count.value + x.value
        self.count.value = self.found
        return {"x": spark.FloatArray(self.found * self.made)}

    @property
    def level(self) -> float:
        """The first count."""
        return float(self.count.value[0])

    @level.setter
    def level(self, value: float) -> None:
        self.count.value = np.full(self.size, value, np.float32)


def test_an_author_sets_attributes_when_a_module_is_made_and_built_and_in_a_step() -> None:
    module = Free()
    module.made = 1
    x = spark.FloatArray(np.ones(2, np.float32))
    for number in (1, 2):
        np.testing.assert_array_equal(module(x=x)["x"].value, 2.0 * number)
    with pytest.raises(spark.ModuleError, match="^made: cannot be set: nothing of a built brain would follow it"):
        module.made = 5


def test_a_property_with_a_setter_is_set() -> None:
    module = Free()
    module(x=spark.FloatArray(np.ones(2, np.float32)))
    module.level = 7.0
    assert module.level == 7.0 == float(module.state["count"][1])


def test_a_brain_that_is_not_built_yet_takes_attributes() -> None:
    brain: Any = Brain(built().config)
    brain.note = "mine"
    spark.run(brain, 1)
    assert brain.note == "mine"


def test_what_was_made_when_a_brain_was_built_is_refused() -> None:
    projections = next(part for part in parts_of(built()).values() if any(_constants(part)))
    name = next(_constants(projections))
    said = "cannot be set: it is a constant, made when the brain was built. Change what it follows from in the config"
    with pytest.raises(spark.ModuleError) as caught:
        setattr(projections, name, 1)
    assert str(caught.value) == f"{projections.path}.{name}: {said}"


def _constants(part: Part) -> Iterator[str]:
    return (name for name, value in vars(part).items() if isinstance(value, Constant))
