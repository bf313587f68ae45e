"""`import spark` is light."""

import json
import subprocess
import sys

HEAVY = ("matplotlib", "gymnasium", "tqdm", "starlette", "uvicorn", "ale_py")
SCRIPT = """
import json, sys, time
begin = time.perf_counter()
import jax
middle = time.perf_counter()
import spark
end = time.perf_counter()
print(json.dumps({"jax": middle - begin, "spark": end - middle, "loaded": sorted(sys.modules)}))
"""


def measured() -> dict:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_import_spark_adds_less_than_half_a_second_to_import_jax():
    """Best of three: a busy machine is no fault of ours."""
    assert min(measured()["spark"] for _ in range(3)) < 0.5


def test_import_spark_loads_no_picture_environment_or_server_package():
    assert not [name for name in measured()["loaded"] if name.split(".")[0] in HEAVY]


def test_the_demos_config_needs_no_picture_package():
    """The editor's extra is enough for the example of its page."""
    script = "import sys; sys.modules['matplotlib'] = None; from spark.demo import tutorial_config; tutorial_config()"
    subprocess.run([sys.executable, "-c", script], check=True)
