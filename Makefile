# The project's habits. Every target makes what it needs in .venv by itself, once.
#   make test ARGS="-k slip -x"     hands arguments to pytest
#   make demo PYTHON=python3.13     takes another Python, 3.11 or newer

PYTHON ?= python3
ARGS ?=
N ?= 20000

BIN := .venv/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml contrib/*/pyproject.toml))
SOURCES := ttyhost $(wildcard plugins/*/src contrib/*/src)
PROJECTS := pyproject.toml $(PLUGINS:%=%/pyproject.toml)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.PHONY: help demo test lint lint-ruff lint-mypy lint-imports docs bench fuzz-n-tty clean

help:
	@echo "make demo    run the main job for real: disciplines from packages, real lines, real traffic"
	@echo "make test    run the tests"
	@echo "make lint    run ruff, mypy --strict and the import rules"
	@echo "make docs    write what the pages of docs/ have from the code"
	@echo "make bench   measure ours beside our peers'; ARGS=--quick for a first look"
	@echo "make fuzz-n-tty N=200000   play N random scripts on the kernel's n_tty and on ours"
	@echo "make clean   remove .venv and everything that was built"

demo: .venv/installed
	@echo "== ttyhost demo"
	@$(BIN)/ttyhost demo $(ARGS)

test: .venv/installed-dev
	@echo "== pytest: the host and every plugin"
	@$(BIN)/python -m pytest $(ARGS)

lint: lint-ruff lint-mypy lint-imports

lint-ruff: .venv/installed-dev
	@echo "== ruff: style and format"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

lint-mypy: .venv/installed-dev
	@echo "== mypy --strict: $(SOURCES)"
	@$(BIN)/mypy $(SOURCES) conftest.py docs/generate.py tests/*.py tests/peers

lint-imports: .venv/installed-dev
	@echo "== import-linter: imports run one way"
	@$(BIN)/lint-imports --no-logo

docs: .venv/installed
	@echo "== docs: the parts that are made from the code"
	@$(BIN)/python docs/generate.py

bench: .venv/installed-dev
	@echo "== bench: ours beside our peers', in one run"
	@$(BIN)/python -m bench $(ARGS)

fuzz-n-tty: .venv/installed-dev
	@echo "== fuzz-n-tty: $(N) random scripts on ptys of the kernel and on ours"
	@$(BIN)/python -m tests.linux.fuzz $(N) $(ARGS)

clean:
	@echo "== removing .venv, build and caches"
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +

# -- the virtual environment: made once, brought up to date when a pyproject.toml changes

$(BIN)/pip:
	@echo "== creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ttyhost needs Python 3.11 or newer")'
	@$(PYTHON) -m venv .venv

.venv/installed: $(PROJECTS) | $(BIN)/pip
	@echo "== installing into .venv: ttyhost and, each as a distribution of its own, $(notdir $(PLUGINS))"
	@$(PIP) install --editable . $(PLUGINS:%=--editable ./%)
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "== installing into .venv: what the tests and checks need"
	@$(PIP) install --requirement requirements-dev.txt $(patsubst %,--editable './%[test]',. $(PLUGINS))
	@touch $@
