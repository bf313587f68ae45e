"""What is asked of numbers that are drawn, and of configs that do not have them yet."""

import zlib
from typing import Any

import numpy as np
import pytest
from builders import refused

import spark
from spark import SpikeArray
from spark.core.tree import part_named
from spark.nn import Pool, PoolConfig, somas
from spark.nn.initializers import (
    ConstantInitializer,
    ExponentialInitializer,
    GammaInitializer,
    Initializer,
    LogNormalInitializer,
    NormalInitializer,
    TruncatedNormalInitializer,
    UniformInitializer,
)
from spark.nn.receptors import DoubleExponentialCurrentConfig, ExponentialCurrentConfig


def test_rules_of_the_step_hold_for_every_number_of_a_component_alone_whose_dt_is_left_out() -> None:
    draw = UniformInitializer(low=1000.0, high=50_000.0)
    match = (
        r"^IntegrateAndFireSoma\.config\.cooldown: is longer than [0-9]+ steps, got [0-9.e+]+ ms with dt=1 ms\. "
        "Shorten it, or lengthen dt$"
    )
    soma = somas.IntegrateAndFireSoma(somas.IntegrateAndFireSomaConfig(units=(6,), cooldown=draw))
    with pytest.raises(spark.ConfigError, match=match):
        soma(current=spark.CurrentArray(np.zeros(6, np.float32)))
    receptors = {"r": ExponentialCurrentConfig(tau=UniformInitializer(low=0.001, high=1.0))}
    pool = Pool(PoolConfig(units=(400,), receptors=receptors))
    match = r"^Pool\.config\.receptors\.r\.tau: is too far below dt \(1 ms\), got 0\.0[0-9]+ ms"
    with pytest.raises(spark.ConfigError, match=match):
        pool(r=SpikeArray(np.zeros(400, np.int8)))


class BranchesConfig(somas.SomaConfig):
    """One number for each unit."""

    level: spark.Quantity = spark.field(10.0, unit="pA", description="Current above which a unit fires.")
    asks: str = spark.field("equal", description="What the step asks.")


class Branches(somas.Soma):
    """A soma whose step takes a branch by what it reads from the config."""

    config: BranchesConfig

    def __call__(self, current: spark.CurrentArray) -> somas.SomaOutput:
        """Advance one step."""
        level: Any = self.config.level
        asked: Any = {
            "equal": lambda: level == 0,
            "unequal": lambda: level != 0,
            "truth": lambda: bool(level),
            "below": lambda: level < 0,
            "number": lambda: np.asarray(level) == 0,
        }
        return {"spikes": SpikeArray((current.value > 0).astype(np.int8) * (1 if asked[self.config.asks]() else 0))}


@pytest.mark.parametrize("asks", ["equal", "unequal", "truth", "below", "number"])
def test_a_step_takes_no_branch_by_a_parameter_that_is_drawn(asks: str) -> None:
    current = spark.CurrentArray(np.ones(4, np.float32))
    Branches(BranchesConfig(units=(4,), level=3.0, asks=asks))(current=current)
    soma = Branches(BranchesConfig(units=(4,), level=UniformInitializer(low=1.0, high=2.0), asks=asks))
    with pytest.raises(TypeError) as caught:
        soma(current=current)
    assert any("a step reads what `build` made of them: a constant" in note for note in caught.value.__notes__)
    if asks in ("equal", "unequal", "truth"):
        text = "a parameter that is drawn for each unit has no number in the config that a step reads"
        assert str(caught.value) == text


class Squared(UniformInitializer):
    """Squares of uniform numbers: it says no median of its own, and that of a uniform one is none."""

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Squares."""
        return super().draw(generator, shape) ** 2


@pytest.mark.parametrize(
    "draw",
    [
        UniformInitializer(low=1000.0, high=60_000.0),
        NormalInitializer(mean=-50.0, deviation=7.0),
        NormalInitializer(mean=5.0, deviation=3.0, maximum=5.5, minimum=4.0),
        LogNormalInitializer(mean=1.5, deviation=0.8),
        ExponentialInitializer(mean=4.0),
        GammaInitializer(mean=3.0, order=0.4),
        GammaInitializer(mean=3.0, order=9.0),
        TruncatedNormalInitializer(mean=1.0, deviation=0.75, low=0.5, high=6.0),
        TruncatedNormalInitializer(mean=8.0, deviation=2.0, low=0.0, high=5.0),
        Squared(low=0.0, high=10.0),
    ],
    ids=lambda draw: type(draw).__name__,
)
def test_half_of_what_is_drawn_lies_below_the_median(draw: Initializer) -> None:
    drawn = draw.values(np.random.default_rng(5101), (400_000,))
    # A standard error of the share is 0.0008, and 0.005 where 10,001 numbers say the median.
    most = 0.02 if isinstance(draw, Squared) else 0.004
    assert abs(np.mean(drawn < draw.median()) - 0.5) < most


def test_bounds_and_constants_are_medians_themselves() -> None:
    assert ConstantInitializer(value=3.5).median() == 3.5
    assert UniformInitializer(low=0.0, high=10.0, maximum=2.0).median() == 2.0
    assert NormalInitializer(mean=0.0, minimum=1.0).median() == 1.0
    assert UniformInitializer(low=1000.0, high=60_000.0).median() == 30_500.0


def test_parts_of_a_pool_alone_draw_by_the_path_that_they_have() -> None:
    spread = UniformInitializer(low=5.0, high=9.0)
    config = PoolConfig(
        units=(6,),
        seed=3,
        soma=somas.LeakySomaConfig(potential_tau=spread),
        receptors={"r": ExponentialCurrentConfig(tau=spread)},
    )
    pool = Pool(config)
    pool(r=SpikeArray(np.zeros(6, np.int8)))
    for name, field in (("soma", "potential_tau"), ("r", "tau")):
        part: Any = part_named(pool, name)
        assert part.path == name
        # What follows from the pool's seed, the part's path and the parameter's name, as documented.
        words = [3, zlib.crc32(name.encode()), zlib.crc32(field.encode())]
        generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))
        np.testing.assert_array_equal(vars(part.config)[field], generator.uniform(5.0, 9.0, 6).astype(np.float32))


TELLS = (
    "is drawn for each unit once it is built, got UniformInitializer; expected one number, or one for each unit. Give "
    "a number, or take the config of the part of the built brain, which has the numbers"
)


def test_what_is_computed_of_a_config_asks_for_numbers_where_they_are_still_to_be_drawn() -> None:
    spread = UniformInitializer(low=5.0, high=10.0)
    receptor, soma = ExponentialCurrentConfig(), somas.IntegrateAndFireSomaConfig()
    with refused(spark.ArgumentError, f"weight_of_peak.ExponentialCurrentConfig.tau: {TELLS}"):
        receptor.updated(tau=spread).weight_of_peak(0.15, soma)
    for name in ("potential_tau", "resistance"):
        with refused(spark.ArgumentError, f"weight_of_peak.IntegrateAndFireSomaConfig.{name}: {TELLS}"):
            receptor.weight_of_peak(0.15, soma.updated(**{name: spread}))
    for name, other in (("rise", {"tau": 20.0}), ("tau", {"rise": 1.0})):
        config = DoubleExponentialCurrentConfig(**{name: spread, **other})
        with refused(spark.ArgumentError, f"scale.DoubleExponentialCurrentConfig.{name}: {TELLS}"):
            config.scale()


def test_the_config_of_what_is_built_has_the_numbers_of_which_a_weight_is_computed() -> None:
    soma = somas.IntegrateAndFireSomaConfig(resistance=UniformInitializer(low=50.0, high=100.0))
    pool = Pool(PoolConfig(units=(3, 4), soma=soma))
    pool.draw_parameters()
    made: Any = pool.config.soma
    weights = ExponentialCurrentConfig().weight_of_peak(0.15, made)
    expected = ExponentialCurrentConfig().weight_of_peak(0.15, soma.updated(resistance=1.0))
    np.testing.assert_allclose(weights, expected / made.resistance, rtol=1e-6)
