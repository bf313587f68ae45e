"""A parameter of a soma, receptor, dendrite or of short-term plasticity is drawn for each unit where an initializer
stands for it."""

import copy
import json
from typing import Any

import numpy as np
import pytest
from builders import array_code, refused, usual_step
from drawing import some

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, Projection, SpikeArray, catalogue
from spark.core.config import Config
from spark.core.tree import part_named
from spark.io.code import python_code
from spark.io.graph_config import brain_config
from spark.io.graph_of import document_of
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, dendrites, somas
from spark.nn.initializers import (
    ArrayInitializer,
    ConstantInitializer,
    GammaInitializer,
    Initializer,
    LogNormalInitializer,
    NormalInitializer,
    UniformInitializer,
)
from spark.nn.projections import TsodyksMarkramConfig
from spark.nn.receptors import CurrentConfig, ExponentialCurrentConfig, from_equations
from spark.nn.somas import LeakySoma, LeakySomaConfig

UNITS, SOURCES, STEPS = (3, 4), 5, 120
INPUTS = {"s": InputSpec(SpikeArray, (SOURCES,), "int8")}
TRAIN = SpikeArray((np.random.default_rng(5).random((STEPS, SOURCES)) < 0.2).astype(np.int8))


def around(value: float) -> Initializer:
    """A draw of numbers that differ by some percent."""
    ends = sorted((value * 0.97, value * 1.03)) if value else (0.0, 0.01)
    return UniformInitializer(low=ends[0], high=ends[1])


def drawn_all(config: Config) -> Any:
    """The config with a draw in the place of every number that may be one for each unit."""
    plain = {name: v for name, v in config.quantities().items() if isinstance(v, float)}
    extras: dict[str, Any] = {name: info.json_schema_extra or {} for name, info in type(config).model_fields.items()}
    # A share of 1 stays: half of what would be drawn lies beyond it. What another setting turns off stays too.
    idle = {n for n in plain if "only_with" in extras[n] and not vars(config)[extras[n]["only_with"]]}
    full = {n for n, v in plain.items() if "maximum" in extras[n] and v == 1}
    return config.updated(**{n: around(v) for n, v in plain.items() if n not in idle | full})


def brain_of(pool: PoolConfig, seed: int = 1, dt: float = 1.0, name: str = "pool", **wire: Any) -> Brain:
    """A pool whose receptors all hear the same train."""
    wires: dict[str, Any] = {
        receptor: Projection("__call__", "s", name=f"to_{receptor}", **{"weights": 30.0, **wire})
        for receptor in pool.receptors
    }
    specs = [ModuleSpecs(name, Pool, wires, pool)]
    return Brain(BrainConfig(input_map=INPUTS, output_map={}, modules_map=specs, dt=dt, seed=seed))


def built(brain: Brain) -> Brain:
    """The brain after one step."""
    brain(s=SpikeArray(TRAIN.value[0]))
    return brain


def run(brain: Brain) -> tuple[Any, dict[str, np.ndarray]]:
    """Spikes and the last state."""
    spikes = spark.run(brain, STEPS, {"s": TRAIN}, record="pool", progress=False)["pool"]
    return spikes, {path: np.asarray(brain.state[path]) for path in brain.state}


def alike(one: Any, other: Any) -> None:
    """The same spikes, and the same state to the bit."""
    np.testing.assert_array_equal(one[0], other[0])
    for path, value in one[1].items():
        np.testing.assert_array_equal(value, other[1][path], err_msg=path)


def parts_of(cls: Any) -> tuple[Any, str]:
    """A pool of the defaults with this part, and where the config of the part stands in it."""
    config: Any = cls.config_class()()
    common = {"units": UNITS, "receptors": {"r": ExponentialCurrentConfig()}}
    if cls in catalogue.BUILT_IN["soma"]:
        return PoolConfig(**{**common, "soma": config}), "soma"
    if cls in catalogue.BUILT_IN["dendrite"]:
        return PoolConfig(**common, dendrites={"d": config}, onto={"r": "d"}), "dendrites"
    return PoolConfig(**{**common, "receptors": {"r": config}}), "receptors"


RECEPTORS: Any = catalogue.BUILT_IN["receptor"]
FAMILIES = (
    catalogue.BUILT_IN["soma"],
    [receptor for receptor in RECEPTORS if receptor.takes is SpikeArray],
    catalogue.BUILT_IN["dendrite"],
)


# Each is compiled three times for it; every eighth of each family in the quick run.
@pytest.mark.parametrize("cls", [one for family in FAMILIES for one in some(family, 8, thorough=2)])
def test_what_is_drawn_for_any_part_acts_as_the_same_numbers_given_as_arrays(cls: Any) -> None:
    pool, where = parts_of(cls)
    key = {"receptors": "r", "dendrites": "d"}.get(where)
    plain: Any = pool.soma if key is None else vars(pool)[where][key]
    part = drawn_all(plain)
    if part == plain:
        assert not any(isinstance(v, float) for v in plain.quantities().values())
        return
    dt = usual_step(pool.soma)

    def with_part(config: Any) -> PoolConfig:
        return pool.updated(**{where: config if key is None else {key: config}})

    drawn: Any = built(brain_of(with_part(part), dt=dt))
    held: Any = part_named(drawn.pool, "soma" if key is None else key).config
    numbers = {n: np.asarray(vars(held)[n]) for n in part.draws()}
    assert all(a.shape == UNITS and len(np.unique(a)) == a.size for a in numbers.values())
    given = brain_of(with_part(part.updated(**numbers)), dt=dt)
    one, other = run(brain_of(with_part(part), dt=dt)), run(given)
    alike(one, other)
    with array_code():
        spikes, state = run(brain_of(with_part(part), dt=dt))
    np.testing.assert_array_equal(spikes, one[0])
    for path, value in one[1].items():
        np.testing.assert_allclose(state[path], value, rtol=1e-4, atol=1e-4, err_msg=path)


def test_the_same_seed_draws_the_same_and_what_else_there_is_changes_nothing() -> None:
    soma = LeakySomaConfig(threshold=NormalInitializer(mean=-50.0, deviation=2.0, maximum=-47.0))

    def thresholds(seed: int = 1, name: str = "pool", **changes: Any) -> np.ndarray:
        pool = PoolConfig(**{"units": (20, 30), "soma": soma, **changes})
        brain: Any = built(brain_of(pool, seed=seed, name=name))
        return part_named(brain, name).soma.config.threshold

    first = thresholds()
    assert first.shape == (20, 30) and first.max() <= -47.0
    assert abs(first.mean() + 50.0) < 0.5 and abs(first.std() - 2.0) < 0.4
    np.testing.assert_array_equal(first, thresholds())
    np.testing.assert_array_equal(first, thresholds(soma=soma.updated(cooldown=UniformInitializer(low=1.0, high=3.0))))
    np.testing.assert_array_equal(
        first, thresholds(receptors={"r": ExponentialCurrentConfig(tau=GammaInitializer(mean=5.0, order=9.0))})
    )
    for other in (
        thresholds(seed=2),
        thresholds(name="other"),
        thresholds(soma=soma.updated(seed=7)),
    ):
        assert (first != other).mean() > 0.9


def test_the_seed_of_a_soma_decides_else_that_of_its_pool_else_that_of_the_brain() -> None:
    soma = LeakySomaConfig(threshold=NormalInitializer(mean=-50.0))

    def thresholds(brain: int, pool: int | None = None, own: int | None = None) -> np.ndarray:
        config = PoolConfig(units=(30,), seed=pool, soma=soma.updated(seed=own))
        made: Any = built(brain_of(config, seed=brain))
        return made.pool.soma.config.threshold

    for one, other in (
        (thresholds(1, 2, 3), thresholds(4, 5, 3)),
        (thresholds(1, 2), thresholds(4, 2)),
        (thresholds(2), thresholds(1, 2)),
    ):
        np.testing.assert_array_equal(one, other)
    assert (thresholds(1, 2) != thresholds(1, 3)).all() and (thresholds(1, 2, 3) != thresholds(1, 2, 4)).all()


def test_two_parameters_of_one_distribution_are_drawn_apart() -> None:
    spread = UniformInitializer(low=5.0, high=9.0)
    soma = LeakySomaConfig(potential_tau=spread, cooldown=spread)
    brain: Any = built(brain_of(PoolConfig(units=(200,), soma=soma)))
    made = brain.pool.soma.config
    assert abs(np.corrcoef(made.potential_tau, made.cooldown)[0, 1]) < 0.25


def test_a_brain_of_draws_comes_back_equal_from_plain_data_files_and_code() -> None:
    soma = LeakySomaConfig(threshold=NormalInitializer(mean=-50.0), cooldown=LogNormalInitializer(maximum=4.0))
    receptors = {"r": ExponentialCurrentConfig(tau=GammaInitializer(mean=4.0, order=9.0)), "c": CurrentConfig()}
    pool = PoolConfig(units=UNITS, soma=soma, receptors=receptors)
    used = TsodyksMarkramConfig(utilization=UniformInitializer(low=0.2, high=0.8))
    wires: Any = {"r": Projection("__call__", "s", name="to_r", weights=90.0, short_term=used)}
    config = BrainConfig(input_map=INPUTS, output_map={}, modules_map=[ModuleSpecs("pool", Pool, wires, pool)], seed=4)
    space: dict[str, Any] = {}
    exec(python_code(config).partition("if __name__")[0], space)
    for again in (BrainConfig.from_json(config.to_json()), brain_config(document_of(config))[0], space["config"]):
        assert again == config
        alike(run(Brain(again)), run(Brain(config)))
    assert "NormalInitializer" in config.to_json()
    # Building it leaves the description as it is.
    brain: Any = built(Brain(config))
    assert brain.config == config and brain.config.modules_map["pool"].config.soma.draws().keys() == {
        "threshold",
        "cooldown",
    }
    assert brain.pool.to_r_short_term.config.utilization.shape == (SOURCES,)


def test_brains_that_differ_in_their_seed_only_share_one_compiled_step_and_not_their_numbers() -> None:
    soma = LeakySomaConfig(
        threshold=NormalInitializer(mean=-55.0), potential_rest=NormalInitializer(mean=-60.0, deviation=0.5)
    )
    pool = PoolConfig(units=UNITS, soma=soma, receptors={"r": ExponentialCurrentConfig(tau=around(5.0))})
    one, other = (built(brain_of(pool, seed=seed, weights=80.0)) for seed in (1, 2))
    assert spark.split(one)[0].structure is spark.split(other)[0].structure
    first, second = (run(brain_of(pool, seed=seed, weights=80.0))[0] for seed in (1, 2))
    assert first.any() and (first != second).any()
    # A view of what they share shows what is drawn, and nobody's numbers.
    view: Any = spark.merge(*spark.split(other))
    assert isinstance(view.pool.soma.config.threshold, NormalInitializer)


def test_a_module_alone_draws_too_and_is_copied_with_its_numbers() -> None:
    soma = LeakySoma(LeakySomaConfig(units=(50,), threshold=NormalInitializer(mean=-50.0)))
    soma(current=spark.CurrentArray(np.full(50, 150.0, np.float32)))
    again = copy.deepcopy(soma)
    np.testing.assert_array_equal(again.config.threshold, soma.config.threshold)
    assert again.config.as_written == soma.config.as_written != soma.config


def test_rules_hold_for_medians_at_once_and_for_every_number_once_it_is_drawn() -> None:
    text = (
        "LeakySomaConfig.potential_tau: must be > 0 ms, got -2.0; the median of what is drawn stands for "
        "potential_tau. Membrane time constant."
    )
    with refused(spark.ConfigError, text):
        LeakySomaConfig(potential_tau=ConstantInitializer(value=-2.0))
    text = (
        "IntegrateAndFireSomaConfig.potential_reset: must be below threshold (-70.0 mV), got -60.0; the median of what "
        "is drawn stands for threshold. Lower the reset or raise the threshold"
    )
    with refused(spark.ConfigError, text):
        somas.IntegrateAndFireSomaConfig(threshold=ConstantInitializer(value=-70.0))
    soma = LeakySomaConfig(potential_tau=NormalInitializer(mean=2.0, deviation=2.0))
    with pytest.raises(
        spark.ConfigError, match=r"^pool\.config\.soma\.potential_tau: must be > 0 ms, got -[0-9.]+ at unit"
    ):
        built(brain_of(PoolConfig(units=(100,), soma=soma)))
    soma = LeakySomaConfig(threshold=NormalInitializer(mean=-58.0, deviation=3.0))
    match = (
        r"^pool\.config\.soma\.threshold: must be above potential_rest \(-60\.0 mV\), got -6[0-9.]+ at unit [0-9]+\. "
    )
    with pytest.raises(spark.ConfigError, match=match):
        built(brain_of(PoolConfig(units=(100,), soma=soma)))
    receptors = {"r": ExponentialCurrentConfig(tau=NormalInitializer(mean=3.0, deviation=2.0))}
    match = r"^pool\.config\.receptors\.r\.tau: must be > 0 ms, got -[0-9.]+ at unit [0-9]+\. "
    with pytest.raises(spark.ConfigError, match=match):
        built(brain_of(PoolConfig(units=(100,), receptors=receptors)))
    receptors = {"r": ExponentialCurrentConfig(tau=UniformInitializer(low=0.01, high=5.0))}
    match = r"^pool\.config\.receptors\.r\.tau: is too far below dt \(2 ms\), got 0\.0[0-9]+ ms"
    with pytest.raises(spark.ConfigError, match=match):
        built(brain_of(PoolConfig(units=(400,), receptors=receptors), dt=2.0))


def drawable(cls: Any) -> list[str]:
    """Fields whose schema says that an initializer may stand there."""
    fields = cls.config_class().model_json_schema()["properties"]
    return [name for name, field in fields.items() if '"title": "Initializer"' in json.dumps(field)]


ALL = [cls for family in catalogue.BUILT_IN.values() for cls in family]


@pytest.mark.parametrize("cls", [cls for cls in ALL if drawable(cls)])
def test_wherever_the_schema_allows_an_initializer_it_is_drawn_and_its_bounds_are_asked(cls: Any) -> None:
    config = cls.config_class()
    for name in drawable(cls):
        value = vars(config())[name]
        draw = around(100.0 if value is None else value)
        bounds = config.model_fields[name].json_schema_extra
        # A share of 1 is drawn from below it; what another setting turns off takes no other value.
        if bounds.get("maximum") == value:
            draw = UniformInitializer(low=0.5, high=1.0)
        if bounds.get("only_with") and not vars(config())[bounds["only_with"]]:
            continue
        assert config(**{name: draw}).draws() == {name: draw}
        if {"minimum", "exclusiveMinimum"} & bounds.keys():
            text = (
                f"{config.__name__}\\.{name}: must be >=? .*, got -100.0; the median of what is drawn stands for {name}"
            )
            with pytest.raises(spark.ConfigError, match=text):
                config(**{name: ConstantInitializer(value=-100.0)})


def test_a_number_that_may_be_left_out_is_drawn_for_each_source_and_held_to_its_bounds() -> None:
    def made(tau: Any) -> Brain:
        return built(brain_of(PoolConfig(units=UNITS), short_term=TsodyksMarkramConfig(facilitation_tau=tau)))

    drawn: Any = made(UniformInitializer(low=100.0, high=300.0))
    numbers = drawn.pool.to_excitation_short_term.config.facilitation_tau
    assert numbers.shape == (SOURCES,) and len(np.unique(numbers)) == SOURCES
    alike(run(drawn), run(made(numbers)))
    with pytest.raises(spark.ConfigError, match=r"facilitation_tau: must be > 0 ms, got -[0-9.]+ at unit"):
        made(UniformInitializer(low=-200.0, high=300.0))


def test_what_draws_no_number_for_each_unit_is_refused() -> None:
    head = "LeakySomaConfig.threshold"
    with refused(
        spark.ConfigError,
        f"{head}.density: means nothing where a number for each unit is drawn, got 0.5. Leave it out",
    ):
        LeakySomaConfig(threshold=NormalInitializer(mean=-50.0, density=0.5))
    with refused(spark.ConfigError, f"{head}.array: draws nothing. Give the array itself, one number for each unit"):
        LeakySomaConfig(threshold=ArrayInitializer(array=np.full(4, -50.0)))
    fix = "Potential at which a unit fires."
    text = f"{head}: 'NormalInitialiser' is no initializer. Did you mean 'NormalInitializer'?. {fix}"
    with pytest.raises(spark.ConfigError) as caught:
        LeakySomaConfig(threshold={"initializer": "NormalInitialiser"})
    assert str(caught.value).startswith(text.partition("?")[0])
    soma = LeakySoma(LeakySomaConfig(threshold=NormalInitializer(mean=-50.0)))
    text = (
        "LeakySoma.config.threshold: draws a number for each unit, and nothing says how many there are. "
        "Give `units`, or the numbers as an array"
    )
    with refused(spark.ConfigError, text):
        soma(current=spark.CurrentArray(np.zeros(5, np.float32)))


def test_more_numbers_than_memory_holds_are_refused_before_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark.core.memory.machine_memory", lambda: 16_000_000_000)
    soma = LeakySoma(LeakySomaConfig(units=(10**13,), threshold=NormalInitializer(mean=-50.0)))
    text = (
        "LeakySoma.config.threshold: needs too much memory for 10,000,000,000,000 numbers, got 80,000.0 GB; expected "
        "at most the 16.0 GB of this machine. Take fewer units"
    )
    with refused(spark.ConfigError, text):
        soma.draw_parameters()


def test_parameters_of_a_text_are_drawn_in_their_unit() -> None:
    text = somas.from_equations(
        "dv/dt = (v_rest - v + R*I)/tau : mV",
        threshold="v > theta",
        reset="v = v_rest",
        parameters={
            "v_rest": "-60 mV",
            "theta": (NormalInitializer(mean=-50.0, deviation=1.0), "mV"),
            "tau": (UniformInitializer(low=0.015, high=0.025), "s"),
            "R": "100 MOhm",
        },
        first={"v": "v_rest"},
    )
    pool = PoolConfig(units=UNITS, soma=text)
    brain: Any = built(brain_of(pool))
    numbers = brain.pool.soma.config.parameters
    assert numbers["tau"][0].shape == UNITS and numbers["tau"][0].min() > 0.015 and numbers["tau"][1] == "s"
    given = pool.updated(soma=text.updated(parameters={**text.parameters, **numbers}))
    alike(run(brain_of(pool)), run(brain_of(given)))
    again = BrainConfig.from_json(brain.config.to_json())
    assert again == brain.config and isinstance(again.modules_map["pool"].config.soma.parameters["tau"][0], Initializer)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (NormalInitializer(mean=-50.0, density=0.5),
         "tau.density: means nothing where a number for each unit is drawn, got 0.5. Leave it out"),
        (ArrayInitializer(array=np.full(4, 5.0)),
         "tau.array: draws nothing. Give the array itself, one number for each unit"),
        ({"initializer": "NormalInitializer", "mean": 5.0, "deviation": -1.0},
         "tau.deviation: must be > 0, got -1.0. Standard deviation, in the unit of what is drawn."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_initializer_of_a_parameter_of_a_text_keeps_its_address(given: Any, text: str) -> None:
    parameters = {"tau": (given, "ms")}
    with refused(spark.ConfigError, f"EquationCurrentConfig.parameters.{text}"):
        from_equations("dg/dt = -g/tau : pA", on_spike="g += w", output="g", parameters=parameters)


class ReadsItsConfigConfig(somas.SomaConfig):
    """One number for each unit."""

    level: spark.Quantity = spark.field(10.0, unit="pA", description="Current above which a unit fires.")


class ReadsItsConfig(somas.Soma):
    """A soma whose step reads a parameter from the config, where a compiled step that brains share has none."""

    config: ReadsItsConfigConfig

    def __call__(self, current: spark.CurrentArray) -> somas.SomaOutput:
        """Advance one step."""
        return {"spikes": SpikeArray((current.value * self.config.level > 0).astype(np.int8))}


def test_a_step_that_reads_what_is_drawn_from_the_config_says_how_to_mend_it() -> None:
    pool = PoolConfig(units=(4,), soma=ReadsItsConfigConfig(level=around(5.0)))
    with pytest.raises(TypeError) as caught:
        built(brain_of(pool))
    assert any("a step reads what `build` made of them: a constant" in note for note in caught.value.__notes__)


def test_a_dendrite_and_a_soma_in_one_pool_draw_apart_and_are_read_where_they_are_measured() -> None:
    pool = PoolConfig(
        units=(300,),
        soma=LeakySomaConfig(potential_rest=NormalInitializer(mean=-60.0, deviation=0.5)),
        dendrites={"d": dendrites.LeakyDendriteConfig(potential_rest=NormalInitializer(mean=-60.0, deviation=0.5))},
        onto={"excitation": "d"},
    )
    brain: Any = built(brain_of(pool))
    assert (brain.pool.soma.config.potential_rest != brain.pool.d.config.potential_rest).mean() > 0.9


def test_a_gain_for_numbers_of_which_nothing_says_how_many_there_are_takes_an_array() -> None:
    gain = spark.nn.interfaces.Gain(spark.nn.interfaces.GainConfig(gain=around(2.0)))
    text = "Gain.config.gain: draws a number for each unit, and nothing says how many there are. Give an array of them"
    with refused(spark.ConfigError, text):
        gain(signal=FloatArray(np.zeros(5, np.float32)))


def test_parameters_that_are_drawn_change_no_weight_that_is_drawn() -> None:
    pool = PoolConfig(units=(7,), soma=LeakySomaConfig(resistance=around(100.0)))
    plain, drawn = (built(brain_of(p, weights=around(3.0))) for p in (pool.updated(soma__resistance=100.0), pool))
    one, other = (made.connections("pool.to_excitation") for made in (plain, drawn))
    np.testing.assert_array_equal(one.weights, other.weights)
