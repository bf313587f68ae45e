"""Compiled programs are kept in the user's cache, unless somebody says otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import jax, jax.numpy as jnp
import spark
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
events = []
from jax import monitoring
monitoring.register_event_listener(lambda name, **_: events.append(name))
jax.jit(lambda x: jnp.sin(x) @ jnp.cos(x).T)(jnp.ones((32, 32))).block_until_ready()
print(jax.config.jax_compilation_cache_dir, sum("cache_hit" in e for e in events))
"""


def run(tmp_path, **variables):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("JAX_COMP")}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**inherited, "PYTHONPATH": str(ROOT), "SPARK_CACHE": str(tmp_path / "spark"), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    folder, hits = done.stdout.split()
    return folder, int(hits)


def test_another_process_finds_what_was_compiled(tmp_path):
    folder = str(tmp_path / "spark" / "compiled")
    assert run(tmp_path) == (folder, 0)
    assert run(tmp_path)[1] > 0


@pytest.mark.thorough
def test_it_can_be_turned_off(tmp_path):
    assert run(tmp_path, SPARK_COMPILATION_CACHE="0") == ("None", 0)


@pytest.mark.thorough
def test_a_cache_of_the_users_stays(tmp_path):
    assert run(tmp_path, JAX_COMPILATION_CACHE_DIR=str(tmp_path / "mine"))[0] == str(tmp_path / "mine")


@pytest.mark.thorough
@pytest.mark.skipif(os.name != "posix", reason="permissions of folders are those of POSIX")
def test_a_folder_that_others_may_write_to_is_not_used(tmp_path):
    (tmp_path / "spark").mkdir()
    (tmp_path / "spark").chmod(0o777)
    assert run(tmp_path)[0] == "None"
