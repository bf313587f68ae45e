"""Random brains from the catalogue: from a seed the brain, its inputs, its probes, and how it is run."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from fuzz.any_pool import AnyPool
from fuzz.case import Case, Feed
from fuzz.components import CHAINS, NATIVE_CHAIN, SOURCES
from fuzz.interfaces import FILTERS, READOUTS, SPIKERS
from fuzz.nesting import nested
from fuzz.origins import Draw, Origin
from fuzz.recipes import ALIF, LIF, AdEx, ConductanceLIF, CurrentLIF, DeltaLIF, Pool, Recipe
from spark import CurrentArray, FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray
from spark.nn import BrainConfig

STEPS = 300
FLOATS = ("float32", "float16", "float32", "bfloat16")
# As many as have no divisor in common with how many somas there are, nor with the turns of comparisons.
POOLS: tuple[type[Pool], ...] = (LIF, AnyPool, CurrentLIF, ALIF, AnyPool, ConductanceLIF, AnyPool, DeltaLIF, AdEx)
SPIKES = ("int8", "int16", "int32", "float16", "float32")


def random_case(seed: int, steps: int = STEPS) -> Case:
    """The brain of a seed, and how it is run; the same on every machine."""
    draw = Draw(seed)
    inputs = _inputs(draw)
    recipes = _recipes(draw)
    wires = _wires(draw, recipes, inputs)
    modules = [
        ModuleSpecs(r.name, r.module, {port: r.wired(port, wires[r.name][port]) for port in r.ports}, _config(r, wires))
        for r in recipes
    ]
    order = draw.generator.permutation(len(modules))
    origins = [o for r in recipes for o in r.outputs(wires[r.name])]
    config = BrainConfig(
        input_map={o.wire.port: InputSpec(o.payload, o.shape, o.dtype) for o in inputs},
        output_map=_outputs(draw, origins),
        modules_map=[modules[i] for i in order],
        dt=draw.dt,
        seed=draw.whole(0, 6_999),
        check_numbers=draw.chance(0.1),
    )
    if not draw.lowered and draw.number % 3 == 1:
        config = nested(draw, config, {o.wire: o for o in (*inputs, *origins)})
    cuts = tuple(sorted({draw.whole(1, steps - 1) for _ in range(draw.whole(1, 4))}))
    feeds = {o.wire.port: _feed(draw, o, steps) for o in inputs}
    return Case(seed, config, feeds, steps, cuts, saved=draw.whole(1, steps - 1), first=_first(draw, seed, steps))


def _first(draw: Draw, seed: int, steps: int) -> int:
    """The first step: 0, or by turns such a one that counters of 32 bits would end on the way."""
    if seed % 11 not in (1, 4, 7):
        return 0
    return draw.turn("end", [2**31, 2**32]) - draw.whole(1, steps - 1)


def _config(recipe: Recipe, wires: dict[str, dict[str, list[Origin]]]) -> Any:
    """Some configs say the step's length themselves; the brain says the same."""
    made = recipe.config(wires[recipe.name])
    return made.updated(dt=recipe.draw.dt) if recipe.draw.chance(0.3) else made


def _inputs(draw: Draw) -> list[Origin]:
    """The inputs of the brain: numbers and a current always, spikes now and then."""

    def given(name: str, payload: type, shape: tuple[int, ...], dtype: str, signed: bool = False) -> Origin:
        return Origin(PortMap("__call__", name), payload, shape, dtype, signed)

    # Two of numbers, by turns of other dtypes, for many wires join them.
    drives = [(name, draw.turn("float", FLOATS)) for name in ("drive", "tone")]
    made = [given(name, FloatArray, (draw.whole(2, 5),), dtype) for name, dtype in drives]
    if draw.turn("events", (True, False)):
        dtype = draw.turn("spike", SPIKES, every=2)
        made.append(given("events", SpikeArray, draw.units(), dtype, signed=draw.chance(0.5)))
    made.append(given("reward", FloatArray, draw.choice([(1,), ()]), draw.choice(FLOATS)))
    made.append(given("current", CurrentArray, draw.units(), draw.choice(FLOATS)))
    return made


def _recipes(draw: Draw) -> list[Recipe]:
    """Two to eight modules, each kind by turns; listed so that those whose shape follows another's come later."""
    kinds: list[type[Recipe]] = [draw.turn("pool", POOLS)]
    spikers, chain = SPIKERS, ()
    if draw.lowered:
        spikers = SPIKERS[:-1]
        extra = draw.turn("extra", ("readout", "chain", "source", "filter", "spiker"))
        chain = NATIVE_CHAIN if extra == "chain" else ()
        kinds += [draw.choice(POOLS)] * draw.chance(0.6)
    else:
        extra = draw.turn("extra", (*["chain"] * len(CHAINS), "nothing", "readout"))
        chain = draw.turn("chain", CHAINS) if extra == "chain" else ()
        kinds += [draw.choice(POOLS)] * draw.chance(0.2)
    if extra == "readout" or draw.chance(0.1):
        kinds.append(draw.turn("readout", READOUTS))
    if extra == "source" or draw.chance(0.1):
        kinds.append(draw.turn("source", SOURCES))
    kinds += chain[:1]
    if extra == "filter" or draw.chance(0.1):
        kinds.append(draw.turn("filter", FILTERS))
    kinds.append(draw.turn("spiker", spikers))
    if extra == "spiker":
        kinds.append(draw.choice(spikers))
    kinds += chain[1:]
    made = [kind(draw, f"{kind.__name__.lower()}_{number}") for number, kind in enumerate(kinds)]
    if any(kind in SOURCES for kind in kinds):
        for recipe in made:
            if isinstance(recipe, AnyPool):
                recipe.stimulate()
    return made


def _wires(draw: Draw, recipes: list[Recipe], inputs: list[Origin]) -> dict[str, dict[str, list[Origin]]]:
    """Random wires into every port of every module; in circles too."""
    wires: dict[str, dict[str, list[Origin]]] = {r.name: {} for r in recipes}
    known = [*inputs, *(o for r in recipes if not r.follows for o in r.outputs({}))]
    for recipe in recipes:
        if recipe.follows:
            wires[recipe.name][recipe.follows] = _chosen(draw, recipe, recipe.follows, known)
            known += recipe.outputs(wires[recipe.name])
    for recipe in recipes:
        for port in recipe.ports:
            if port != recipe.follows:
                wires[recipe.name][port] = _chosen(draw, recipe, port, known)
    return wires


def _chosen(draw: Draw, recipe: Recipe, port: str, known: Sequence[Origin]) -> list[Origin]:
    """Origins of the wires into a port."""
    fitting = [o for o in known if o.payload is recipe.ports[port]]
    if port == "arrivals":
        return [o for o in fitting if o.wire.port == "arrivals"]
    if port == "modulation":
        assert isinstance(recipe, Pool)
        pool = int(np.prod(recipe.units))
        return [draw.choice([o for o in fitting if o.size == 1 or o.size == pool])]
    if port == "gate":
        return [draw.choice([o for o in fitting if o.size == 1])]
    if port == "stimulus":
        assert isinstance(recipe, AnyPool)
        return [draw.choice([o for o in fitting if o.size in (1, int(np.prod(recipe.units)))])]
    if port == "signal":
        fitting = [o for o in fitting if o.wire.port != "reward"]
    if recipe.ports[port] is CurrentArray:
        # A soma takes what a receptor puts out, or what comes from outside.
        fitting = [o for o in fitting if o.wire.port == "current"]
    least, most = recipe.wires.get(port, (1, 1))
    count = min(draw.whole(least, most), len(fitting))
    chosen = [fitting[i] for i in draw.generator.permutation(len(fitting))[:count]]
    driven = [o for o in fitting if o.wire.port in ("spikes", "events")]
    if recipe.ports[port] is SpikeArray and driven and not set(chosen) & set(driven):
        # Something from outside reaches every module, or most would stay silent.
        chosen[0] = draw.choice(driven)
    return chosen


def _outputs(draw: Draw, origins: list[Origin]) -> dict[str, Any]:
    """One to three outputs, cast to any dtype of their kind."""
    made = {}
    for number in range(draw.whole(1, 3)):
        origin = draw.choice(origins)
        dtypes = SPIKES if origin.payload is SpikeArray else FLOATS
        spec = OutputSpec(origin.payload, origin.shape, draw.choice(dtypes))
        made[f"out_{number}"] = {"input": origin.wire, "spec": spec}
    return made


def _feed(draw: Draw, origin: Origin, steps: int) -> Feed:
    """Values of an input over all steps."""
    kind = draw.turn("feed", ("constant", "series", "function"))
    shape = (steps, *origin.shape)
    if origin.payload is SpikeArray:
        fired = draw.generator.random(shape) < draw.number_in(0.02, 0.2)
        signs = draw.choice([[1], [1, -1]]) if origin.signed else [1]
        rows = fired * draw.generator.choice(signs, shape)
    elif origin.payload is CurrentArray:
        rows = draw.generator.uniform(50.0, 400.0, shape)
    elif origin.wire.port == "reward":
        rows = draw.generator.normal(0.0, 0.3, shape) * (draw.generator.random(shape) < 0.3)
    else:
        slow = np.sin(np.arange(steps) / draw.number_in(10.0, 80.0) + draw.number_in(0.0, 6.0)) * 0.3
        rows = slow.reshape(-1, *[1] * len(origin.shape)) + draw.generator.uniform(0.3, 0.9, origin.shape)
    if kind == "constant":
        rows = np.broadcast_to(rows[:1], shape)
    return Feed(kind, origin.payload, np.asarray(rows).astype(jnp.dtype(origin.dtype)))
