# Everything runs from the repository's root, in an environment of the repository's own.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3.11
PIP_ARGS ?=
ARGS ?=
# The environment of `make setup-gpu` is used once it is there; STACK=cpu goes back.
STACK ?= $(if $(wildcard .venv-gpu/.installed),gpu,cpu)
VENV := $(if $(filter gpu,$(STACK)),.venv-gpu,.venv)
PY := $(VENV)/bin/python
export PYTHON PIP_ARGS
export PIP_VERSION := 26.0

.PHONY: help setup setup-gpu run test test-unit test-smoke lint lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

setup: ## make .venv from requirements/cpu.lock (once; says nothing when it is there)
	@bash requirements/install.sh $(STACK)

setup-gpu: ## make .venv-gpu from requirements/gpu.lock, for NVIDIA GPUs; the other targets then use it
	@bash requirements/install.sh gpu

run: setup ## train: python -m src.launch +recipe=time_r1 $(ARGS)
	@$(PY) -m src.launch +recipe=time_r1 $(ARGS)

UNIT := not gpu and not smoke and not slow
SMOKE := smoke or slow

# Tests run in this many processes, file by file (pytest-xdist); ARGS='-n 0' keeps them in one, for --pdb.
WORKERS ?= 2
UNIT_TESTS := -m "$(UNIT)" -n $(WORKERS) --dist loadfile
# What starts processes of its own, one file at a time; LAUNCHES=2 takes half the time and up to 4 GB more of memory.
LAUNCHES ?= 1
LAUNCHING_TESTS := -m "$(SMOKE)" -n $(LAUNCHES) --dist loadfile --no-loadscope-reorder

# Both parts run whatever the first one finds, and either can fail the target; 5 is pytest's word for a part that ARGS
# has left empty.
test: setup ## all tests: the unit tests, then those that launch recipes; ARGS='-k word' chooses
	@trap 'exit 130' INT; status=0; \
	$(PY) -m pytest $(UNIT_TESTS) $(ARGS); code=$$?; [[ $$code == 0 || $$code == 5 ]] || status=1; \
	$(PY) -m pytest $(LAUNCHING_TESTS) $(ARGS); code=$$?; [[ $$code == 0 || $$code == 5 ]] || status=1; \
	exit $$status

test-unit: setup ## only the unit tests (about two minutes)
	@$(PY) -m pytest $(UNIT_TESTS) $(ARGS)

test-smoke: setup ## only the tests that launch recipes
	@$(PY) -m pytest $(LAUNCHING_TESTS) $(ARGS)

lint: setup ## ruff (rules and format) and mypy
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy

lock: ## resolve requirements/*.in into requirements/*.lock again; KEEP=1 only adds packages
	@KEEP=$(KEEP) bash requirements/lock.sh

clean: ## remove the environments and caches, and leave outputs/ alone
	rm -rf .venv .venv-* .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
