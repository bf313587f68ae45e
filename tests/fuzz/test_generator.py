"""Random brains are what they should be: the whole catalogue, the same for the same seed, and small."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from fuzz.any_pool import WRITTEN_SOMAS
from fuzz.comparisons import COMPARISONS, ELSEWHERE
from fuzz.many import by_turns
from fuzz.origins import DRAWN_ALIKE, Draw, built_in
from fuzz.random_brains import POOLS, random_case
from fuzz.wide import widened_case
from spark import PortMap, Projection, catalogue
from spark.nn import Brain, BrainConfig, connections, initializers
from spark.nn.each_wire import EachWire
from spark.nn.plasticity import ZenkeRuleConfig
from spark.nn.projections import ProjectionConfig
from spark.nn.somas import EquationSomaConfig

BRAINS = 40
# Parts of brains that learn from reward: they keep time together, and `tests/learn` compares such brains.
LEARNING = {c.__name__ for family in ("world", "learning") for c in catalogue.BUILT_IN[family]}
# Among so many everything there is occurs.
CATALOGUE = 200


@pytest.fixture(scope="module")
def configs() -> list[BrainConfig]:
    return [random_case(seed).config for seed in range(BRAINS)]


def fields_of(config) -> Iterator:
    """All values of a config and of those within it."""
    for name in type(config).model_fields:
        value = getattr(config, name)
        yield value
        yield from value if isinstance(value, EachWire) else ()
        if hasattr(type(value), "model_fields"):
            yield from fields_of(value)


def modules_of(config: BrainConfig) -> Iterator:
    """All modules, those of brains within brains too."""
    for specs in config.modules_map.values():
        yield specs
        if specs.module_cls is Brain:
            yield from modules_of(specs.config)


def built_in_kinds() -> set[str]:
    """Initializers and connectivities of the library."""
    return set(built_in({**initializers.base.kinds, **connections.base.kinds})) - set(DRAWN_ALIKE)


@pytest.mark.thorough
def test_every_module_of_the_catalogue_occurs() -> None:
    configs = [random_case(seed).config for seed in range(CATALOGUE)]
    found = {s.module_cls.__name__ for c in configs for s in modules_of(c)}
    values = [v for c in configs for s in modules_of(c) if s.module_cls is not Brain for v in fields_of(s.config)]
    values += [r for v in values if isinstance(v, dict) for r in v.values()]
    values += [
        w.settings
        for c in configs
        for s in modules_of(c)
        for ws in s.inputs.values()
        for w in ws
        if type(w) is Projection
    ]
    values += [v for settings in values if isinstance(settings, ProjectionConfig) for v in fields_of(settings)]
    inside = {type(v).component.__name__ for v in values if "component" in vars(type(v))}
    rules = {type(v).__name__.removesuffix("Config") for v in values if getattr(v, "active", False)} | inside
    built_in = {c.__name__ for family in catalogue.BUILT_IN.values() for c in family}
    assert built_in - found - rules - LEARNING == set()
    assert {type(v).__name__ for v in values} >= built_in_kinds()
    thresholds = {v.threshold for v in values if isinstance(v, EquationSomaConfig)}
    assert thresholds == {text["threshold"] for text in WRITTEN_SOMAS}


def test_all_that_may_differ_between_brains_does(configs: list[BrainConfig]) -> None:
    cases = [random_case(seed) for seed in range(BRAINS)]
    assert {feed.kind for c in cases for feed in c.feeds.values()} == {"constant", "series", "function"}
    dtypes = {spec.dtype for c in configs for spec in c.input_map.values()}
    assert dtypes >= {"float16", "float32", "bfloat16", "int8", "int16", "int32"}
    assert len({c.dt for c in configs}) >= 5
    wires = [(s, ws) for c in configs for s in modules_of(c) for ws in s.inputs.values()]
    assert sum(len(ws) > 1 for _, ws in wires) >= BRAINS / 2
    assert sum(any(w.origin == s.name for w in ws) for s, ws in wires) >= BRAINS / 8
    rules = [v for c in configs for s in modules_of(c) if s.module_cls is not Brain for v in fields_of(s.config)]
    rules = [r for r in rules if isinstance(r, ZenkeRuleConfig.__mro__[1])]
    assert any(r.modulated for r in rules)
    assert any(not r.modulated and r.active for r in rules)


def test_every_way_to_run_occurs_several_times_and_with_every_kind_of_brain() -> None:
    times = Counter(name for seed in range(BRAINS) for name in by_turns(seed))
    assert set(times) == {*COMPARISONS, *ELSEWHERE}
    assert min(times.values()) >= 3, times
    lowered = Counter(name for seed in range(BRAINS) for name in by_turns(seed) if Draw(seed).lowered)
    assert all(lowered[name] for name in times), lowered
    # In the long run no way passes over a kind of brain because their turns agree.
    kinds = {
        (name, s % 11 in (1, 4, 7), draw.lowered, draw.number % len(POOLS))
        for s, draw in ((s, Draw(s)) for s in range(7_000))
        for name in by_turns(s)
    }
    assert len(kinds) == 4 * len(POOLS) * len(times)


def test_some_brains_begin_next_to_where_counters_of_32_bits_end() -> None:
    cases = [random_case(seed) for seed in range(BRAINS)]
    late = [c for c in cases if c.first]
    assert len(late) >= 8 and sum("reference" in by_turns(c.seed) for c in late) >= 3
    assert {next(e for e in (2**31, 2**32) if c.first < e < c.first + c.steps) for c in late} == {2**31, 2**32}


def test_wires_of_several_dtypes_meet_and_are_compared_with_wider_ones() -> None:
    """Where they meet in the narrower, numbers change: only the same brain with wider inputs shows that."""
    mixed: Counter[str] = Counter()
    for seed in range(BRAINS):
        case = random_case(seed)
        assert {s.dtype for s in widened_case(case).config.input_map.values()} <= {"float32", "int32"}
        dtypes = {PortMap("__call__", name): spec.dtype for name, spec in case.config.input_map.items()}
        joined = [[dtypes.get(w, "float32") for w in ws] for s in modules_of(case.config) for ws in s.inputs.values()]
        narrow = [ds for ds in joined if ds[0] in ("float16", "bfloat16") and any(d != ds[0] for d in ds)]
        mixed.update(by_turns(seed) if narrow else ())
    # Native code takes numbers as they come: where a join narrows them, it and the reference differ.
    assert mixed["widened"] >= 3 and mixed["reference"] >= 2, mixed


def test_the_same_seed_makes_the_same_brain() -> None:
    for seed in range(5):
        one, other = random_case(seed), random_case(seed)
        assert one.config.to_json() == other.config.to_json()
        assert (one.cuts, one.saved) == (other.cuts, other.saved)
        for name, feed in one.feeds.items():
            np.testing.assert_array_equal(feed.rows, other.feeds[name].rows)


@pytest.mark.parametrize("seed", range(12))
def test_every_config_comes_back_from_its_plain_data(seed: int) -> None:
    """The whole catalogue with drawn settings: brains, and each of their modules by itself."""
    config = random_case(seed).config
    for one in (config, *(specs.config for specs in config.modules_map.values())):
        kind = type(one)
        for back in (kind.from_dict(one.to_dict()), kind.from_json(one.to_json())):
            assert back == one and back.to_dict() == one.to_dict()
