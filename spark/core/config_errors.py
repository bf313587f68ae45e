"""What pydantic says of a config, in our words."""

import re
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from spark.core.errors import ConfigError, Problem, in_short
from spark.core.names import suggestion


def translate(cls: type[BaseModel], error: ValidationError) -> list[Problem]:
    """Problems from pydantic's errors, in our words; nested ConfigErrors keep theirs."""
    found = []
    for item in error.errors():
        address = ".".join(str(part) for part in item["loc"])
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, ConfigError):
            found.extend(_strip(p).under(address) for p in cause.problems)
        elif item["type"] == "missing":
            info = cls.model_fields[str(item["loc"][0])]
            found.append(
                Problem(
                    address,
                    "is missing",
                    f"Give `{address}=...`: {info.description or 'it has no default'}",
                    "missing",
                )
            )
        elif item["type"] == "extra_forbidden":
            found.append(Problem(address, "is unknown", suggestion(address, cls.model_fields), "unknown"))
        else:
            said = str(cause) if cause is not None else _said(item)
            got = "" if cause is not None else f", got {in_short(item['input'])}"
            info = cls.model_fields.get(str(item["loc"][0])) if item["loc"] else None
            if info is not None:
                said = _with_unit(said, info)
            found.append(Problem(address, f"{said}{got}", (info.description or "") if info else "", "type"))
    return found


_EXPECTED = {
    "int": "a whole number",
    "bool": "True or False",
    "float": "a number",
    "finite": "a finite number",
    "string": "a string",
}


def _said(item: Any) -> str:
    """What pydantic's own checks expect, in our words."""
    expected = _EXPECTED.get(item["type"].partition("_")[0])
    return f"expected {expected}" if expected else item["msg"][0].lower() + item["msg"][1:]


def _with_unit(said: str, info: FieldInfo) -> str:
    """The same, with the unit of the field behind the number that was expected."""
    extra = info.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else ""
    number = re.match(r"expected a (?:finite )?number(?=,|$)", said)
    return f"{number[0]} of {unit}{said[number.end() :]}" if unit and number else said


def _strip(problem: Problem) -> Problem:
    """The problem without the class name at the head of its address."""
    _, _, rest = problem.address.partition(".")
    return Problem(rest, problem.message, problem.fix, problem.kind)
