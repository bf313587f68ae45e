"""A rule of connections compiled: the step of its units, and what an event does to a weight."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from spark.arrays import Numeric
from spark.core.payloads import BooleanMask, FloatArray, IntegerArray, Payload
from spark.core.ports import PortSpec
from spark.core.tree import constants_of, variables_of
from spark.engine.formulas import UNFORESEEN, Leaf, ModuleFormula, Refusal, Traceable, identity, traced_formula
from spark.kernels import llvm
from spark.kernels.jaxprs import traced_apart
from spark.nn.plasticity.connection_rule import ConnectionRule, UnitValues

if TYPE_CHECKING:
    from spark.kernels.formula.formula import Formula

# Of a rule's variables those that no step of the units reads.
_NOT_OF_UNITS = {"pre_ring", "kept_eligibility", "pending", "moved", "waiting"}
# Connections that native code changes at once, as in native/rule_step.h.
_BLOCK = 256


@dataclass(frozen=True)
class Formulas:
    """What is compiled of a rule.

    Attributes:
        units: The step of its units: ports `pre`, `post` and others that it reads; outputs `pre_<name>`, `post_<name>`,
            and `acts`, where only some units act.
        changes: `at_pre` and `at_post`: from a block of weights and values to the changes; None where nothing happens.
    """

    units: ModuleFormula
    changes: "tuple[Formula | None, Formula | None]"


_known: "weakref.WeakKeyDictionary[Any, Formulas | Refusal]" = weakref.WeakKeyDictionary()


def formulas_of(rule: ConnectionRule) -> Formulas | Refusal:
    """The formulas of a built rule of a view, or why there are none."""
    key = identity(rule)
    if key not in _known:
        _known[key] = _formulas(rule)
    return _known[key]


def _formulas(rule: ConnectionRule) -> Formulas | Refusal:
    refused = llvm.why_not()
    if refused:
        return Refusal(refused)
    units = traced_formula(_units(rule))
    if isinstance(units, Refusal):
        return units
    from spark.kernels.formula.values import Unsupported

    try:
        at_pre, at_post = (_change(rule, change) for change in rule.changes())
    except Unsupported as error:
        return Refusal(str(error))
    except Exception as error:
        # What an author's code raises it raises again where it runs, with its place in the user's code.
        return Refusal(f"{UNFORESEEN} {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    return Formulas(units, (at_pre, at_post))


def _units(rule: ConnectionRule) -> Traceable:
    def own(leaves: dict[str, Leaf]) -> dict[str, Leaf]:
        return {path: leaf for path, leaf in leaves.items() if path not in _NOT_OF_UNITS}

    sent = PortSpec(IntegerArray, (rule.pre_units,), "uint32") if rule.delayed else rule._inputs["pre_spikes"]
    inputs = {"pre": sent, "post": rule._inputs["post_spikes"]}
    others = rule.read_by_units
    inputs |= {port: rule._inputs[port] for port in others}

    def run(given: dict[str, Payload]) -> dict[str, Payload]:
        pre = (given["pre"].value & jnp.uint32(1)) if rule.delayed else given["pre"].value.reshape(-1) != 0
        post = given["post"].value.reshape(-1) != 0
        read = {port: given[port].value.reshape(-1).astype(jnp.float32) for port in others}
        # Those of a rule that reads the potential take it besides.
        units: Callable[..., UnitValues] = rule.units
        values = units(pre=pre.astype(jnp.float32), post=post.astype(jnp.float32), **read)
        found: dict[str, Payload] = {f"pre_{n}": FloatArray(values.pre[n].astype(jnp.float32)) for n in rule.pre_values}
        found |= {f"post_{n}": FloatArray(values.post[n].astype(jnp.float32)) for n in rule.post_values}
        return found if values.acts is None else {**found, "acts": BooleanMask(values.acts)}

    shaped = {port: replace(spec, source=None) for port, spec in inputs.items()}
    return Traceable(shaped, own(variables_of(rule)), own(constants_of(rule)), rule._clock, run)


def _change(rule: ConnectionRule, change: Callable[..., Numeric | None]) -> "Formula | None":
    from spark.kernels.formula.emit import Slot
    from spark.kernels.formula.formula import formula

    count = 1 + len(rule.pre_values) + len(rule.post_values)
    given = [jax.ShapeDtypeStruct((_BLOCK,), jnp.float32)] * count
    if jax.eval_shape(change, *given) is None:
        return None

    def block(*values: jax.Array) -> jax.Array:
        return jnp.broadcast_to(jnp.asarray(change(*values)).astype(jnp.float32), (_BLOCK,))

    slot = Slot((_BLOCK,), "float32", True)
    return formula(traced_apart(block, *given), [slot] * count, [slot], _BLOCK)
