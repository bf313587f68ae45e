"""Digits learned from being told right or wrong, in small what `bench/learning/digits_by_reward.py` measures."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "learning" / "digits_by_reward.py"


@pytest.mark.slow
def test_unseen_digits_are_told_far_better_than_by_chance() -> None:
    spec: Any = importlib.util.spec_from_file_location("example_digits_by_reward", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    assert example.main(choices=5000, seed=4, judged=300) > 0.6
