"""What callbacks write down: files for real, and the calls that the field's tools document."""

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import spark
from spark import MissingError
from spark.learn import CsvLog, JsonLinesLog, MLflowLog, Progress, TensorBoardLog, WandbLog

ROWS = [(1, {"return": 9.0, "best": 10.0}), (2, {"return": 11.5, "best": 20.0}), (3, {"return": 13.0, "best": 21.0})]


def progress(done: int, before: int = 0) -> Progress:
    values = np.array([list(row.values()) for _, row in ROWS[:done]], np.float32).reshape(done, 2)
    return Progress({"return": values[:, 0], "best": values[:, 1]}, 3, before, lambda: pytest.fail("no brain is made"))


class Calls(list):
    """Notes what is called with what."""

    def noting(self, name: str, result: Any = None) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self.append((name, *given, *sorted(named.items())))
            return result

        return call


def installed(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    module = ModuleType(name)
    module.__dict__.update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_files_hold_every_episode_after_every_call_and_those_before_a_lesson_was_resumed(tmp_path: Any) -> None:
    table, lines = CsvLog(tmp_path / "log.csv"), JsonLinesLog(tmp_path / "log.jsonl")
    for done in (1, 3):
        for log in (table, lines):
            log(progress(done, before=1))
        found = (tmp_path / "log.csv").read_text().splitlines()
        assert found == ["episode,return,best", "1,9.0,10.0", "2,11.5,20.0", "3,13.0,21.0"][: done + 1]
        objects = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
        assert objects == [{"episode": number, **values} for number, values in ROWS[:done]]


@pytest.mark.parametrize("log", [CsvLog, JsonLinesLog])
def test_a_log_that_cannot_be_written_is_named(log: Any, tmp_path: Any) -> None:
    with pytest.raises(spark.SaveError, match=r"where/log: writing failed: No such file or directory\. Make room, or"):
        log(tmp_path / "where" / "log")(progress(1))


def test_tensorboard_gets_a_scalar_of_each_new_episode(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    calls = Calls()
    writer = SimpleNamespace(add_scalar=calls.noting("add_scalar"), flush=calls.noting("flush"))
    installed(monkeypatch, "tensorboardX", SummaryWriter=calls.noting("writer", writer))
    log = TensorBoardLog(tmp_path)
    lesson = progress(2, before=1)
    log(lesson)
    lesson.curve = progress(3).curve
    log(lesson)
    assert calls == [
        ("writer", str(tmp_path)),
        ("add_scalar", "return", 11.5, 2),
        ("add_scalar", "best", 20.0, 2),
        ("flush",),
        ("add_scalar", "return", 13.0, 3),
        ("add_scalar", "best", 21.0, 3),
        ("flush",),
    ]


def test_weights_and_biases_gets_each_episode_as_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls()
    installed(monkeypatch, "wandb", init=calls.noting("init", SimpleNamespace(log=calls.noting("log"))))
    log = WandbLog(project="poles", name="one")
    lesson = progress(1)
    log(lesson)
    lesson.curve = progress(3).curve
    log(lesson)
    steps = [("log", values, ("step", number)) for number, values in ROWS]
    assert calls == [("init", ("name", "one"), ("project", "poles")), *steps]


def test_mlflow_gets_parameters_once_and_each_episode_as_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls()
    members = {name: calls.noting(name) for name in ("log_params", "log_metrics")}
    installed(monkeypatch, "mlflow", **members)
    log = MLflowLog({"seed": 1})
    lesson = progress(3)
    log(lesson)
    log(lesson)
    metrics = [("log_metrics", v, ("step", number)) for number, v in ROWS]
    assert calls == [("log_params", {"seed": 1}), *metrics]
    # Another lesson begins anew, also one that has as many episodes when the log is first called.
    log(progress(3))
    assert calls[4:] == metrics


@pytest.mark.parametrize(
    ("make", "package", "extra"),
    [
        (lambda: TensorBoardLog("here"), "tensorboardX", "tensorboard"),
        (WandbLog, "wandb", "wandb"),
        (MLflowLog, "mlflow", "mlflow"),
    ],
)
def test_a_tool_that_is_not_there_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, make: Any, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingError) as caught:
        make()
    assert str(caught.value) == (
        f'{package}: is needed for this and is not installed. Install it: pip install "spark-brain[{extra}]"'
    )
