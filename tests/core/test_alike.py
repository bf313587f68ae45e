"""What a step puts out, and as what formula it runs, is found out once for modules that are alike."""

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import NoConfig, prepared, tutorial_brain, tutorial_specs

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, Projection, SpikeArray
from spark.core import fingerprint, inference
from spark.core.alike import Facts
from spark.engine import formulas
from spark.kernels import llvm
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, somas
from spark.nn.connections import FixedProbability
from spark.nn.neurons import ALIFNeuronConfig
from spark.nn.receptors import ExponentialCurrentConfig
from spark.sim.run import build


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Classes of the modules whose steps are traced to see what they put out, one after the other."""
    names: list[str] = []
    trace = inference._traced

    def noted(module, *rest):
        names.append(type(module).__name__)
        return trace(module, *rest)

    monkeypatch.setattr(inference, "_traced", noted)
    monkeypatch.setattr(inference, "_known", Facts(100))
    return names


def test_a_brain_like_another_but_for_its_seed_is_not_traced_again(traced: list[str]) -> None:
    first = tutorial_brain(seed=1)
    assert {"Brain", "ALIFNeuron"} < set(traced)
    traced.clear()
    second = tutorial_brain(seed=2)
    assert not traced
    assert second.output_specs == first.output_specs
    assert second.pool.output_specs == first.pool.output_specs
    weights = [path for path in first.state if path.endswith("synapses.weights")]
    assert weights and any(not np.array_equal(first.state[path], second.state[path]) for path in weights)


def test_modules_of_another_config_or_other_inputs_are_traced(traced: list[str]) -> None:
    tutorial_brain()
    traced.clear()
    narrow = tutorial_brain(modules={"integrator": tutorial_specs()["integrator"]}, dt=0.5)
    assert {"Brain", "ALIFNeuron"} < set(traced)
    traced.clear()
    wide = tutorial_brain(modules=tutorial_specs(units=40))
    assert {"Brain", "ALIFNeuron"} < set(traced)
    assert (narrow.pool.output_specs["out_spikes"].shape, wide.pool.output_specs["out_spikes"].shape) == ((32,), (40,))


def test_a_rule_is_traced_for_each_kind_of_projection_that_it_changes(traced: list[str]) -> None:
    for longest, kinds in ((8.0, {"ZenkeRule"}), (70.0, {"ZenkeRule"}), (8.0, set())):
        config = ALIFNeuronConfig(units=(32,), async_spikes=True, max_delay=longest)
        pool = replace(tutorial_specs()["pool"], config=config)
        traced.clear()
        tutorial_brain(modules={"pool": pool}, seed=int(longest))
        assert {name for name in traced if name == "ZenkeRule"} == kinds


def test_a_config_that_stays_as_it_is_has_one_form_and_one_that_may_change_a_new_one() -> None:
    stays, changes = somas.LeakySomaConfig(potential_tau=np.arange(1.0, 4.0)), PoolConfig(units=(3,))
    assert fingerprint.freeze(stays) is fingerprint.freeze(stays) == fingerprint.freeze(stays.updated(seed=4))
    assert fingerprint.freeze(stays) != fingerprint.freeze(stays.updated(threshold=9.0))
    before = fingerprint.freeze(changes)
    changes.receptors["more"] = ExponentialCurrentConfig()
    assert fingerprint.freeze(changes) != before


class Values(TypedDict):
    """Numbers."""

    values: FloatArray


def _doubled(values: jax.Array) -> jax.Array:
    return jnp.concatenate([values, values])


written: Callable[[jax.Array], jax.Array] = _doubled


class CallsWhatMayChange(spark.Module):
    """Puts out what a function of this file makes of what arrives."""

    config: NoConfig

    def __call__(self, signal: FloatArray) -> Values:
        return {"values": FloatArray(written(signal.value))}


def test_a_users_module_is_traced_each_time_for_what_it_calls_may_be_written_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signal = FloatArray(np.ones(3, np.float32))
    assert prepared(CallsWhatMayChange(), signal=signal).output_specs["values"].shape == (6,)
    monkeypatch.setitem(globals(), "written", lambda values: values[:1])
    assert prepared(CallsWhatMayChange(), signal=signal).output_specs["values"].shape == (1,)


def adaptive(seed: int) -> Brain:
    """A brain of one pool whose soma and receptor run as formulas."""
    wires = {"excitation": Projection("__call__", "s", pattern=FixedProbability(probability=0.5))}
    pool = PoolConfig(
        units=(9,), soma=somas.IzhikevichSoma.config_class()(), receptors={"excitation": ExponentialCurrentConfig()}
    )
    specs = [ModuleSpecs("pool", Pool, wires, pool)]
    inputs = {"s": InputSpec(SpikeArray, (5,), "int8")}
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=specs, dt=0.1, seed=seed))
    build(brain)
    return brain


@pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not())
def test_components_that_are_alike_are_compiled_from_one_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    trace = formulas.traced_formula

    def noted(of):
        made.append(of)
        return trace(of)

    monkeypatch.setattr(formulas, "traced_formula", noted)
    monkeypatch.setattr(formulas, "_known", Facts(100))
    first = spark.explain(adaptive(seed=1)).modules
    assert made
    made.clear()
    # The first brain is gone, and all that was known of its structure with it.
    gc.collect()
    assert spark.explain(adaptive(seed=2)).modules == first
    assert made == []


def test_the_facts_that_were_asked_for_last_are_remembered() -> None:
    facts: Facts[str] = Facts(most=2)
    found: list[str] = []

    def of(key: str | None, keeps: bool = True) -> str:
        def find() -> str:
            found.append(str(key))
            return f"of {key}"

        return facts.of(key, find, lambda fact: keeps)

    assert [of(key) for key in ("a", "b", "a", "c", "a")] == ["of a", "of b", "of a", "of c", "of a"]
    assert found == ["a", "b", "c"]
    # That of b was asked for longest ago.
    assert of("b") == "of b"
    assert found == ["a", "b", "c", "b"]
    found.clear()
    assert [of(None), of(None), of("never", keeps=False), of("never", keeps=False)] == ["of None"] * 2 + [
        "of never"
    ] * 2
    assert len(found) == 4


class Changes:
    """An object of a user's that may be compared, and may change."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Changes) and other.number == self.number

    def __hash__(self) -> int:
        return hash(self.number)


def test_what_cannot_be_compared_or_may_change_is_no_key() -> None:
    brain = tutorial_brain()
    freeze, by_value = fingerprint.freeze, fingerprint.by_value
    assert by_value(freeze((1, {"a": [2.0, brain.config], "b": np.ones(3), "c": np.float32(1.0)})))
    assert not by_value(freeze({"a": [Changes(1)]})) and not by_value(freeze([len]))
    held = freeze([bytearray(b"x")])
    assert not by_value(held)
    assert held != freeze([bytearray(b"x")])


def test_an_array_that_nobody_can_change_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    digest = fingerprint.hashlib.sha256

    def noted(numbers):
        read.append(numbers.nbytes)
        return digest(numbers)

    monkeypatch.setattr(fingerprint.hashlib, "sha256", noted)
    weights = np.arange(6.0).reshape(2, 3).copy()
    weights.flags.writeable = False
    assert (
        fingerprint.freeze(weights) == fingerprint.freeze(weights) == fingerprint.freeze(np.arange(6.0).reshape(2, 3))
    )
    assert read == [48, 48]
    # What may be changed is read each time, and so is what another array may be changed through.
    open_to_all = np.arange(6.0)
    before = fingerprint.freeze(open_to_all)
    through = open_to_all[:3]
    through.flags.writeable = False
    part = fingerprint.freeze(through)
    open_to_all[1] = 7.0
    assert fingerprint.freeze(open_to_all) != before and fingerprint.freeze(through) != part
    assert not fingerprint.by_value(fingerprint.freeze(np.array([object()])))


def test_types_of_a_user_are_no_key() -> None:
    assert fingerprint.by_value((int, FloatArray)) and not fingerprint.by_value((Values,))


@pytest.mark.skipif(bool(llvm.why_not()), reason=llvm.why_not())
def test_an_error_that_nobody_foresaw_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formulas, "_known", Facts(100))
    with monkeypatch.context() as patched:

        def fails(*_):
            raise MemoryError("no memory for a moment")

        patched.setattr(formulas, "traced_apart", fails)
        reasons = {module.reason for module in spark.explain(adaptive(seed=3)).modules}
    assert any("no memory for a moment" in reason for reason in reasons)
    gc.collect()
    assert {module.runs_as for module in spark.explain(adaptive(seed=4)).modules} == {"op", "compiled"}
