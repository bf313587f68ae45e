"""`check_module`: the contract of a module, as code that runs.

Written for authors of modules: it plays through what users, brains, jit, vmap, scan, files and the editor will do
with the class, and says in full sentences what does not hold. The checks stand in `check_class`, `check_config`,
`check_steps`, `check_repeats` and `check_units`; this file puts them in order.
"""

from collections.abc import Callable, Mapping
from typing import Any

from spark.core import check_class, check_config, check_repeats, check_steps, check_units
from spark.core.arguments import checked
from spark.core.check_examples import example_config
from spark.core.check_trial import start
from spark.core.config import Config
from spark.core.errors import ModuleError, Problem, SparkError
from spark.core.module import Module
from spark.core.payloads import Payload


@checked
def check_module(cls: type[Module], inputs: Mapping[str, Payload] | None = None, config: Config | None = None) -> None:
    """Raise if a module class breaks the contract of a module; return silently if it keeps it.

    The class is built from an example config, fed ten steps of random example inputs, and compared with itself: eager,
    under `jax.jit`, `jax.vmap` and `jax.lax.scan`, reset, built a second time, and, where it names `unit_ports`, with
    other inputs for half of its units.

    Args:
        cls: The class.
        inputs: Payloads by port, to use in every step instead of examples of shape (6,); needed where the shapes of
            several inputs belong together.
        config: Config to use instead of the defaults; needed where a required field cannot be guessed.

    Raises:
        ModuleError: Everything that was found wrong.
    """
    if not (isinstance(cls, type) and issubclass(cls, Module)):
        raise ModuleError(Problem("check_module", f"takes a module class, got {cls!r}", "Derive it from spark.Module"))
    problems = _all(check_class.CHECKS, cls)
    if any(p.kind in check_class.FATAL for p in problems):
        raise ModuleError(problems)
    used = example_config(cls) if config is None else config
    problems += _all(check_config.CHECKS, cls, used)
    try:
        trial = start(cls, used, dict(inputs or {}))
    except ModuleError as error:
        raise ModuleError([*problems, *error.problems]) from error
    problems += _all((*check_steps.CHECKS, *check_repeats.CHECKS, *check_units.CHECKS), trial)
    if problems:
        raise ModuleError(problems)


def _all(checks: tuple[Callable[..., None], ...], *args: Any) -> list[Problem]:
    """The problems that these checks find."""
    found: list[Problem] = []
    for check in checks:
        try:
            check(*args)
        except SparkError as error:
            found.extend(error.problems)
        except Exception as error:  # The code under test is foreign: it may raise anything.
            what = check.__name__.removeprefix("check_").replace("_", " ")
            owner = args[0] if isinstance(args[0], type) else args[0].cls
            found.append(
                Problem(
                    owner.__name__,
                    f"raised {type(error).__name__} in the check of its {what}: {error}",
                    "The traceback above this error shows the line",
                    "raised",
                )
            )
    return list(dict.fromkeys(found))
