"""Writes the headers of native/ that follow from the declarations of `spark.kernels.ops`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from spark.files import write_whole
from spark.kernels import instructions
from spark.kernels.ops import TABLES
from spark.kernels.ops.declared import BYTES, LEARNING, STEP, Array, Op

_TYPES = {"int8": "int8_t", "int32": "int32_t", "uint32": "uint32_t", "float32": "float", BYTES: "char"}
_WRITTEN = """\
// Written from spark/kernels/ops: change it there, then run `python -m spark.kernels.ops_header native`.
#pragma once

#include <cstdint>

"""
_NUMBERS = """\
namespace spark {

// The numbers of all instructions.
#define SPARK_INSTRUCTIONS(_) \\
"""
_STRUCTURES = """\
#include "operands.h"
#include "shares.h"

namespace spark {

// Each reads its operands in their order and, in the debug build, holds its arrays to their sizes. A `Span` is an array
// whose size the instruction itself looks at.

"""
_TAIL = "}  // namespace spark\n"


def numbered() -> dict[str, int]:
    """All instructions by name, such as `DELIVER_EDGES`."""
    found = {name: number for name, number in vars(instructions).items() if name.isupper()}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def camel(name: str) -> str:
    """`DELIVER_EDGES` as `DeliverEdges`."""
    return "".join(part.capitalize() for part in name.split("_"))


def headers() -> dict[str, str]:
    """The files by name."""
    lines = [f"  _(k{camel(name)}, {number})" for name, number in numbered().items()]
    included = "".join(f'#include "{name}"\n' for name in sorted(TABLES))
    made = {"ops.h": _WRITTEN + included + "\n" + _NUMBERS + " \\\n".join(lines) + "\n\n" + _TAIL}
    for name, table in TABLES.items():
        declared = dict.fromkeys(each for op in table.values() for each in (op, *op.groups))
        structures = "\n".join("\n".join(_structure(op)) + "\n" for op in declared)
        made[name] = _WRITTEN + _STRUCTURES + structures + "\n" + _TAIL
    return made


def _structure(op: Op) -> Iterator[str]:
    yield f"struct {op.name}Operands {{"
    yield from (f"  {_member(array)};" for array in op.places)
    yield from (f"  int64_t {name};" for name in op.wholes)
    yield from (f"  float {name};" for name in op.numbers)
    yield ""
    yield f"  explicit {op.name}Operands(Operands& o) {{"
    yield from (f"    {_read(array)};" for array in op.places)
    yield from (f"    {name} = o.whole();" for name in op.wholes)
    yield from (f"    {name} = o.number();" for name in op.numbers)
    for array in op.places:
        if array.size:
            held = "any" if array.optional else "of"
            yield f'    {array.name} = {array.name}_place.{held}({array.size}, "{array.name}");'
    yield "  }"
    yield "};"


def _member(array: Array) -> str:
    if array.dtype == STEP:
        return f"uint64_t {array.name}"
    if array.dtype == LEARNING:
        return f"bool {array.name}"
    kind = _TYPES[array.dtype]
    if not array.size:
        return f"Span<{kind}> {array.name}"
    return f"{kind}* {array.name}" if array.writes else f"const {kind}* {array.name}"


def _read(array: Array) -> str:
    if array.dtype == STEP:
        return f"{array.name} = o.counter()"
    if array.dtype == LEARNING:
        return f"{array.name} = o.learning()"
    read = f"o.place<{_TYPES[array.dtype]}>()"
    return f"const auto {array.name}_place = {read}" if array.size else f"{array.name} = {read}"


if __name__ == "__main__":
    for name, text in headers().items():
        write_whole(Path(sys.argv[1]) / name, text.encode())
