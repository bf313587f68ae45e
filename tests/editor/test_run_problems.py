"""How a brain is to be run is looked at before it runs: conditions that can be met, values that fit their inputs."""

import pytest
from documents import small

from spark.editor.command_table import CommandError
from spark.editor.commands import set_run
from spark.editor.draft import Draft
from spark.editor.run_problems import run_problems
from spark.io.graph_config import brain_config


def found(**run):
    document = {**small(), "run": run}
    config, problems = brain_config(document)
    assert config is not None and not problems
    return [(located.node, str(located.problem)) for located in run_problems(document, config)]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("step", -5, "a whole number of steps above 0"),
        ("step", 1.5, "a whole number of steps above 0"),
        ("step", True, "a whole number of steps above 0"),
        ("silence", 0, "a time above 0 ms"),
        ("rate", "10", "a rate above 0 Hz"),
        ("rate", float("inf"), "a rate above 0 Hz"),
    ],
)
def test_a_condition_that_cannot_be_met_is_refused(name, value, wanted):
    text = f"stop.{name}: cannot be met, got {value!r}; expected {wanted}. Change it in Run settings"
    assert found(stop={name: value}) == [(None, text)]
    document = small()
    with pytest.raises(CommandError, match="cannot be met"):
        set_run(Draft(document), "stop", {name: value})


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("steps_per_action", "many", "a whole number of steps above 0"),
        ("steps_per_action", -3, "a whole number of steps above 0"),
        ("steps_per_action", 0, "a whole number of steps above 0"),
        ("steps_per_action", 2.5, "a whole number of steps above 0"),
        ("speed", "fast", "a number of at least 0, which is the greatest speed"),
        ("speed", -1, "a number of at least 0, which is the greatest speed"),
        ("speed", [1], "a number of at least 0, which is the greatest speed"),
    ],
)
def test_a_number_by_which_no_run_can_go_is_refused(name, value, wanted):
    text = f"{name}: is no number that a run can have, got {value!r}; expected {wanted}. Change it in Run settings"
    assert found(**{name: value}) == [(None, text)]
    with pytest.raises(CommandError, match="is no number that a run can have"):
        set_run(Draft(small()), name, value)


def test_numbers_by_which_a_run_can_go_are_taken():
    assert found(steps_per_action=16, speed=0) == []
    assert found(steps_per_action=None, speed=0.5) == []


def test_conditions_that_can_be_met_are_taken():
    assert found(stop={"step": 500, "silence": 2.5, "rate": 100, "nan": False}) == []
    assert found(stop={"step": None}) == []


def test_as_many_values_are_given_as_an_input_takes():
    ((node, text),) = found(inputs={"level": {"value": [0.1, 0.2, 0.3]}})
    said = "level: is driven by 3 numbers; expected 1 or 5. Give one for all or one for each in Run settings"
    assert text == said and small()["nodes"][node]["name"] == "level"
    for value in (0.3, [0.3], [0.1] * 5, [[0.1] * 5], [[0.1], [0.2], [0.3], [0.4], [0.5]]):
        assert found(inputs={"level": {"value": value}}) == []


def test_a_rate_of_more_than_one_spike_a_step_is_said_at_its_input():
    ((node, text),) = found(inputs={"level": {"rate": 2000.0}})
    said = "level.rate: must be one number from 0 to 1000 Hz, one spike a step, got 2000.0. Change it in Run settings"
    assert text == said and small()["nodes"][node]["name"] == "level"
    assert found(inputs={"level": {"rate": 1000}}) == []


def test_what_an_environment_shows_itself_to_needs_no_values():
    wrong = {"level": {"value": [0.1, 0.2, 0.3]}}
    assert found(inputs=wrong, environment="CartPole-v1") == []
    assert found(inputs=wrong, environment="CartPole-v1", observation="level") == []
    assert len(found(inputs=wrong, environment="CartPole-v1", observation="other")) == 1
