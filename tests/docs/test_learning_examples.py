"""Examples of learning: short, each the task of its name, and each runs."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from drawing import some

from spark import learn
from spark.learn.tasks import TASKS

FOLDER = Path(__file__).parents[2] / "examples" / "learning"
# What is taught otherwise is no task of the command.
OTHERS = ("digits", "digits_by_reward", "evolution")
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.py"))}


def loaded(name: str) -> ModuleType:
    spec: Any = importlib.util.spec_from_file_location(f"example_{name}", FILES[name])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_task_of_the_command_is_an_example_with_the_same_brain() -> None:
    assert {name.replace("-", "_") for name in TASKS} | set(OTHERS) == set(FILES)
    for name in TASKS:
        assert loaded(name.replace("-", "_")).brain(3).config == learn.task(name, 3).config, name


def test_an_example_is_read_at_one_look() -> None:
    assert {name: lines for name, path in FILES.items() if (lines := len(path.read_text().splitlines())) > 60} == {}


# CartPole's runs as a whole among the other examples.
@pytest.mark.thorough
@pytest.mark.parametrize("name", some(sorted(set(FILES) - {"cartpole", "digits", "digits_by_reward"}), 3, first=1))
def test_it_teaches_and_judges(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    loaded(name).main(1, 2, 2)
    assert "over 2 episodes" in capsys.readouterr().out
