"""Instructions that are declared once: what C++ reads is written from it, and operands are held to it."""

import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from spark.kernels import instructions as ins
from spark.kernels.ops import OPS
from spark.kernels.ops.declared import LEARNING, STEP
from spark.kernels.ops_header import headers, numbered
from spark.kernels.place import Place
from spark.kernels.program import Program
from spark.kernels.sharing import line

NATIVE = Path(__file__).parents[2] / "native"


def test_the_headers_are_what_the_declarations_write() -> None:
    for name, text in headers().items():
        assert (NATIVE / name).read_text(encoding="utf-8") == text


def test_no_other_file_of_the_kernels_reads_operands_of_a_declared_instruction() -> None:
    """Each is decoded by its structure alone: its handler reads no operand itself."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in NATIVE.glob("*.h") if path.name not in headers())
    handlers = dict(re.findall(r"inline (?:void|bool) (run_\w+)\(Operands& o\) \{\n(.*?)\n\}\n", text, re.DOTALL))
    names = {number: name for name, number in numbered().items()}
    for number, op in OPS.items():
        body = handlers[f"run_{names[number].lower()}"]
        assert f"const {op.name}Operands " in body
        assert not re.search(r"o\.(place|whole|number|counter|learning)\b", body)


def test_what_is_shared_says_by_which_number_of_units() -> None:
    for op in OPS.values():
        assert set(op.uses) <= (set("RrwleE") if op.units else set("RW")), op.name
        assert all(place.units in ("", *op.wholes) for place in op.places), op.name
        assert not op.units or op.units in op.wholes, op.name


def test_sizes_are_made_of_what_the_instruction_knows() -> None:
    for op in (each for declared in OPS.values() for each in (declared, *declared.groups)):
        unsized = {
            f"{place.name}.count" for place in op.places if not place.size and place.dtype not in (STEP, LEARNING)
        }
        for place in op.places:
            assert set(re.findall(r"[a-z_.]*[a-z_]", place.size)) <= {*op.wholes, *unsized, "fired_words"}, (
                op.name,
                place.name,
            )


def test_numbers_of_instructions_are_their_own() -> None:
    numbers = numbered()
    assert len(set(numbers.values())) == len(numbers)
    assert numbers["COPY"] == 0 and numbers["RULE"] == ins.RULE


def test_a_declaration_says_what_each_share_touches() -> None:
    units = 200
    places = [Place(0, n, 0, (units,), dtype) for n, dtype in enumerate(("float32", "int32", "float32", "int8"))]
    made = line(ins.SPIKER, places, (units, 2))
    assert made.is_shared
    assert [use.writes for use in made.uses] == [True, True, False, True]
    assert [use.own for use in made.uses] == [(0, 4, units), (0, 4, units), (0, 4, units), (0, 1, units)]
    alone = line(ins.BUMP, [Place(0, n, 0, (n + 1,), "float32") for n in range(3)], (1, 2))
    assert not alone.is_shared
    assert [use.writes for use in alone.uses] == [False, False, True]


def test_all_instructions_but_formulas_are_declared() -> None:
    names = {name for name, number in numbered().items() if number not in OPS}
    # A barrier has no operands.
    assert names == {"FORMULA", "BARRIER"}


def test_operands_that_are_too_few_are_refused() -> None:
    made = Program([])
    spikes = made.scratch((4,), "int8")
    text = r"^Sign: takes \(3, 1, 0\) places, whole numbers and floats, got \(2, 1, 0\)\.$"
    with pytest.raises(ValueError, match=text):
        made.emit(ins.SIGN, (spikes, spikes), (4,))


def test_an_array_of_another_type_is_refused() -> None:
    made = Program([])
    spikes, signs = made.scratch((4,), "int8"), made.argument(jnp.ones(4, jnp.float32))
    with pytest.raises(ValueError, match=r"^Sign: signs must be int8, got float32\.$"):
        made.emit(ins.SIGN, (spikes, spikes, signs), (4,))


def test_what_is_declared_runs() -> None:
    made = Program([])
    spikes, signs = made.argument(np.int8([1, 0, 1])), made.argument(np.int8([-1, -1, 1]))
    made.emit(ins.SIGN, (made.result((3,), "int8"), spikes, signs), (3,))
    _, (signed,) = made.run()
    assert signed.tolist() == [-1, 0, 1]
