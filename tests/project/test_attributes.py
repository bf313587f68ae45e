"""Nobody asks a module whether it has an attribute, or for one by a name that is only known when it runs.

What an engine needs of a module it finds in its class, its ports and its traits, by type; parts and variables by their
names with `part_named` and `leaf_named`. Other objects may be asked: each file that does so is listed with its reason.
"""

import ast
from collections import Counter
from pathlib import Path

SPARK = Path(__file__).parents[2] / "spark"

FIELDS = "fields of a config or a record, by the names that its class declares"
ARRAYS = "what a user gives may be an array or a matrix of any library"
SYSTEMS = "not every operating system has it"
WORLDS = "environments of Gymnasium describe their spaces as they like"
OTHERS = {
    "core/arguments.py": (3, FIELDS),
    "core/calling.py": (1, "notes of an exception of any kind"),
    "core/config.py": (11, FIELDS),
    "core/fingerprint.py": (2, FIELDS),
    "core/memory.py": (1, SYSTEMS),
    "core/state.py": (1, ARRAYS),
    "core/values.py": (3, ARRAYS),
    "editor/journal.py": (1, SYSTEMS),
    "editor/world.py": (1, WORLDS),
    "files.py": (1, SYSTEMS),
    "io/code.py": (1, "whether a public name of Spark is this class"),
    "kernels/cache.py": (1, SYSTEMS),
    "kernels/formula/arithmetic.py": (4, "methods of LLVM's builder, by the names in the table of operations"),
    "kernels/native.py": (1, "functions of the native library"),
    "nn/connections/base.py": (2, ARRAYS),
    "nn/connections/regular.py": (1, ARRAYS),
    "nn/equations/expression.py": (2, "nodes of Python's syntax tree"),
    "nn/initializers/base.py": (1, ARRAYS),
    "sim/records/disk.py": (1, SYSTEMS),
    "sim/records/settings.py": (1, FIELDS),
    "sim/shard.py": (1, "whole numbers of any library"),
    "__init__.py": (1, "names of the editor, loaded when they are asked for"),
}


def asked(path: Path) -> int:
    """How often a file asks for attributes by name."""
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return sum(isinstance(call.func, ast.Name) and call.func.id in ("getattr", "hasattr") for call in calls)


def test_only_what_is_listed_is_asked_for_attributes_by_name() -> None:
    found = Counter({path.relative_to(SPARK).as_posix(): asked(path) for path in SPARK.rglob("*.py")})
    assert dict(+found) == {file: count for file, (count, _) in OTHERS.items()}
