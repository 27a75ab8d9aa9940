# The project's habits. Every target makes what it needs in .venv by itself, once.
#   make test ARGS="-k slip -x"     hands arguments to pytest
#   make demo PYTHON=python3.13     takes another Python, 3.11 or newer (after make clean)

PYTHON ?= python3
ARGS ?=
N ?= 20000
SECONDS ?= 600

BIN := .venv/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml contrib/*/pyproject.toml))
SOURCES := ttyhost $(wildcard plugins/*/src contrib/*/src)
PROJECTS := pyproject.toml $(PLUGINS:%=%/pyproject.toml)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.PHONY: help demo test lint lint-ruff lint-mypy lint-imports docs bench soak explore fuzz-n-tty fuzz-coverage \
    test-nogil clean

help:
	@echo "make demo    run the main job for real: disciplines from packages, real lines, real traffic"
	@echo "make test    run the tests"
	@echo "make lint    run ruff, mypy --strict and the import rules"
	@echo "make docs    write what the pages of docs/ have from the code"
	@echo "make bench   measure ours beside our peers'; ARGS=--quick for a first look"
	@echo "make fuzz-n-tty N=200000   play N random scripts on the kernel's n_tty and on ours"
	@echo "make fuzz-coverage SECONDS=3600   atheris looks for input that breaks a codec's or the core's promises"
	@echo "make soak SECONDS=600      all operations at once on real threads, invariants checked"
	@echo "make explore   every pair of operations on a tty, with two preemptions (most of an hour)"
	@echo "make test-nogil PYTHON=python3.13t   the tests of core, rules and disciplines in real parallel"
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
	@$(BIN)/mypy $(SOURCES) conftest.py docs/generate.py docs/tools/*.py tests/*.py tests/peers

lint-imports: .venv/installed-dev
	@echo "== import-linter: imports run one way"
	@$(BIN)/lint-imports --no-logo

docs: .venv/installed
	@echo "== docs: the parts that are made from the code"
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/tools/rulebook.py

bench: .venv/installed-dev .venv/node/xterm-pty
	@echo "== bench: ours beside our peers', in one run"
	@$(BIN)/python -m bench $(ARGS)

# A peer of bench/n_tty.py; without node and npm it goes without, and says so.
.venv/node/xterm-pty: | $(BIN)/pip
	@if command -v node npm >/dev/null; then \
	    echo "== installing into .venv/node: xterm-pty"; \
	    npm install --silent --no-audit --no-fund --prefix .venv/node xterm-pty && touch $@; fi

soak: .venv/installed-dev
	@echo "== soak: all operations at once for $(SECONDS) seconds"
	@$(BIN)/python -m tests.soak $(SECONDS) $(ARGS)

# While nobody else is inside every schedule is tried; where others wait inside there are too many.
EXPLORE := $(BIN)/python -m ttyhost.testing.explore tests.explore.matrix -p 2 --reduce -j 2
explore: .venv/installed-dev
	@echo "== explore: every pair with at most two preemptions, while nobody else is inside"
	@$(EXPLORE) '/(idle|hung_up)$$' $(ARGS)
	@echo "== explore: the same where a reader or a writer waits inside; 1000 schedules of each at most"
	@$(EXPLORE) '/(waiting|full)$$' --limit 1000 $(ARGS)

fuzz-n-tty: .venv/installed-dev
	@echo "== fuzz-n-tty: $(N) random scripts on ptys of the kernel and on ours"
	@$(BIN)/python -m tests.linux.fuzz $(N) $(ARGS)

fuzz-coverage: SECONDS = 3600
fuzz-coverage: .venv/installed-fuzz
	@echo "== fuzz-coverage: input chosen by the code it reaches, for $(SECONDS) seconds"
	@$(BIN)/python -m tests.coverage $(SECONDS) $(ARGS)

# Peers from PyPI (test_peers.py), fastcrc (without which there is no hdlc) and the newest hypothesis have
# no wheel for every such Python.
NOGIL_PLUGINS = $(filter-out contrib/ttyhost-hdlc,$(PLUGINS))
test-nogil:
	@$(PYTHON) -c 'import sys; sys.exit(getattr(sys, "_is_gil_enabled", lambda: True)())' || \
	    { echo "give a free-threaded Python: make test-nogil PYTHON=python3.13t"; exit 1; }
	@echo "== creating .venv-nogil with $$($(PYTHON) --version), and installing into it"
	@$(PYTHON) -m venv .venv-nogil
	@.venv-nogil/bin/python -m pip --disable-pip-version-check -qq install --only-binary hypothesis \
	    --requirement requirements-test.txt --editable . $(NOGIL_PLUGINS:%=--editable ./%)
	@echo "== pytest without the interpreter's lock"
	@TTYHOST_REQUIRE_NO_GIL=1 .venv-nogil/bin/python -m pytest tests/core tests/rules tests/soak tests/drivers plugins \
	    --ignore-glob='plugins/*/tests/test_peers.py' \
	    --deselect plugins/ttyhost-ppp/tests/test_fcs.py::test_fastcrc_is_here_so_that_both_are_tested $(ARGS)

clean:
	@echo "== removing .venv, .venv-nogil, build and caches"
	@rm -rf .venv .venv-nogil build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
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

.venv/installed-fuzz: requirements-fuzz.txt .venv/installed-dev
	@echo "== installing into .venv: atheris"
	@$(PIP) install --requirement requirements-fuzz.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "== installing into .venv: what the tests and checks need"
	@$(PIP) install --requirement requirements-dev.txt $(patsubst %,--editable './%[test]',. $(PLUGINS))
	@touch $@
