"""The page loads from a wheel and from an sdist that are installed outside of the checkout."""

import contextlib
import http.client
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(*arguments, **settings):
    found = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, **settings)
    assert found.returncode == 0, found.stderr[-2000:]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel, and an sdist made from the same checkout."""
    folder = tmp_path_factory.mktemp("built")
    run("pip", "install", "--quiet", "--target", str(folder / "tools"), "build")
    environment = {**os.environ, "PYTHONPATH": str(folder / "tools")}
    run("build", "--outdir", str(folder / "dist"), str(ROOT), env=environment)
    return {p.name.rpartition(".")[2]: p for p in (folder / "dist").iterdir()}


@pytest.mark.parametrize("kind", ["whl", "gz"])
def test_the_page_loads_from_what_is_installed_outside(built, kind, tmp_path):
    target = tmp_path / "installed"
    run("pip", "install", "--quiet", "--no-deps", "--target", str(target), str(built[kind]))
    assert (target / "spark" / "editor" / "static" / "app.js").stat().st_size > 100_000
    environment = {**os.environ, "PYTHONPATH": str(target), "SPARK_STATE": str(tmp_path / "drafts")}
    command = [sys.executable, "-m", "spark.cli", "edit", "--no-browser"]
    settings = {"stdout": subprocess.PIPE, "text": True, "env": environment, "cwd": tmp_path}
    with contextlib.ExitStack() as stack, subprocess.Popen(command, **settings) as process:
        try:
            link = next(found for line in process.stdout if (found := re.search(r"127\.0\.0\.1:(\d+)(/\S*)", line)))
            line = http.client.HTTPConnection("127.0.0.1", int(link[1]), timeout=600)
            stack.callback(line.close)
            line.request("GET", link[2])
            first = line.getresponse()
            first.read()
            cookie = {"Cookie": first.headers["set-cookie"].partition(";")[0]}
            sizes = []
            for path in ("/", "/static/app.js", "/static/app.css"):
                line.request("GET", path, headers=cookie)
                answer = line.getresponse()
                assert answer.status == 200
                sizes.append(len(answer.read()))
            assert sizes[1] > 100_000
        finally:
            process.terminate()


def test_a_wheel_holds_no_sources_of_the_page(built):
    names = zipfile.ZipFile(built["whl"]).namelist()
    assert not [n for n in names if n.startswith("web/") or "node_modules" in n]
