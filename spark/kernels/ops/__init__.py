"""Instructions that are no formula, each declared once."""

from spark.kernels.ops.declared import Op
from spark.kernels.ops.of_connections import OF_CONNECTIONS
from spark.kernels.ops.of_programs import OF_PROGRAMS
from spark.kernels.ops.of_rules import OF_RULES
from spark.kernels.ops.of_units import OF_UNITS

# By the file of native/ that holds their structures.
TABLES = {
    "ops_of_programs.h": OF_PROGRAMS,
    "ops_of_units.h": OF_UNITS,
    "ops_of_connections.h": OF_CONNECTIONS,
    "ops_of_rules.h": OF_RULES,
}
OPS: dict[int, Op] = {number: op for table in TABLES.values() for number, op in table.items()}
