"""`import spark` is light: how long it takes is measured by `make bench`, here is what it may do."""

import json
import subprocess
import sys

import pytest

HEAVY = {"matplotlib", "gymnasium", "tqdm", "starlette", "uvicorn", "ale_py"}
# What Spark depends on, and what that depends on; everything else costs every user's start.
NEEDED = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection", "safetensors"}
SCRIPT = """
import json, sys
import jax
before, events = set(sys.modules), []
jax.monitoring.register_event_duration_secs_listener(lambda name, *_, **__: events.append(name))
import spark
print(json.dumps({"loaded": sorted(set(sys.modules) - before), "all": sorted(sys.modules), "events": events}))
"""


@pytest.fixture(scope="module")
def imported() -> dict:
    """What `import spark` adds to `import jax` in a fresh process."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def packages(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_import_spark_loads_no_package_beside_those_that_it_needs(imported):
    others = packages(imported["loaded"]) - packages(["spark"]) - NEEDED - sys.stdlib_module_names
    assert not {name for name in others if not name.startswith(("_", "jax", "numpy"))}


def test_import_spark_compiles_nothing(imported):
    assert not [name for name in imported["events"] if "compil" in name or "trace" in name]


def test_import_spark_loads_no_picture_environment_or_server_package(imported):
    assert "spark" in packages(imported["all"])
    assert not packages(imported["all"]) & HEAVY


def test_the_demos_config_needs_no_picture_package():
    """The editor's extra is enough for the example of its page."""
    script = "import sys; sys.modules['matplotlib'] = None; from spark.demo import tutorial_config; tutorial_config()"
    subprocess.run([sys.executable, "-c", script], check=True)
