PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Files of tests are shared out among one process for each core and two more, since many tests wait for a process.
PYTEST = $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

# Hundreds of processes import JAX: without its bytecode each takes three times as long to begin. What is imported is
# compiled once and kept here, even where the environment says that nothing be written beside the sources.
export PYTHONDONTWRITEBYTECODE =
export PYTHONPYCACHEPREFIX = $(abspath build/bytecode)

.PHONY: demo setup test test-thorough test-all check docs bench verify pictures mutants wheel web clean

demo: $(VENV)/.demo
	$(BIN)/spark demo

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e ".[demo]"
	touch $@

setup: $(VENV)/.test

$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e ".[test]"
	touch $@ $(VENV)/.demo

$(VENV)/.docs: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e ".[docs]"
	touch $@ $(VENV)/.demo

$(VENV)/.verify: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e ".[verify]"
	touch $@ $(VENV)/.test $(VENV)/.demo

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/lint-imports --no-cache
	$(BIN)/python tests/project/file_sizes.py
	$(BIN)/pyright --pythonpath $(BIN)/python

test: $(VENV)/.test
	$(PYTEST) -m "not slow and not thorough"

# Variations of what `make test` shows; with SHARE=2/4 the files of the second of four shares.
test-thorough: $(VENV)/.test
	$(PYTEST) -m "thorough and not slow" $(if $(SHARE),--share=$(SHARE))

test-all: check docs
	$(PYTEST)

# The site, in build/site: a warning or a link that leads nowhere is an error.
docs: $(VENV)/.docs
	$(BIN)/python docs/site/build.py

bench: $(VENV)/.test
	$(BIN)/python bench/run.py

verify: $(VENV)/.verify
	XLA_FLAGS= $(BIN)/python -m pytest -m "slow or thorough"
	XLA_FLAGS= $(BIN)/python -m pytest -m "hypothesis and not slow" --hypothesis-profile=thorough

# What the tests of the editor see in a browser, to look at.
pictures: $(VENV)/.test
	SPARK_SCREENSHOTS=build/screenshots $(PYTEST) -m "not slow" tests/editor/browser

# A hundred small faults, one after the other, each against the few tests that concern its file; those that are known stay.
mutants: $(VENV)/.test
	$(BIN)/python tests/project/mutants.py

# With the compiled kernels of this platform; see "Installing" in the README.
wheel: $(VENV)/.test
	HATCH_BUILD_HOOK_ENABLE_CUSTOM=true $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --wheel-dir dist .

web:
	cd web && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

clean:
	rm -rf $(VENV) build dist
