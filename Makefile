# The same commands for people and for CI. Needs Python 3.11 or newer, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --constraint constraints.txt

.PHONY: demo tutorial check test test-slow test-backends bench-epoch build clean

# PyTorch first and pinned: its processor-only build is a fifth of what a range would bring.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) --editable ".[dev]"
	touch $@

# The demo runs on the reviews that come with ReelFeel, or on IMDB: make demo DATA=imdb
DATA ?= $(if $(REELFEEL_IMDB),imdb,mini)
PRESET ?= $(if $(filter imdb,$(DATA)),seed,mini)

## trains, judges and reports; prints the report's path
demo: $(VENV)/ready
	$(BIN)/reelfeel train $(DATA) --preset $(PRESET) --output runs/demo --force
	$(BIN)/reelfeel evaluate runs/demo --data $(DATA)
	$(BIN)/reelfeel report runs/demo --data $(DATA) --force

## runs the chapters of docs/tutorial and writes them with their outputs
tutorial: $(VENV)/ready
	$(BIN)/python docs/tutorial/execute.py --data $(DATA)

## style, types and architecture
check: $(VENV)/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

## the fast tests, and every example in a docstring
test: $(VENV)/ready
	$(BIN)/pytest

## the tests that take minutes
test-slow: $(VENV)/ready
	$(BIN)/pytest -m slow --timeout 3600

## the exported .keras file under PyTorch, JAX and TensorFlow, in an environment of its own
test-backends: $(VENV)/ready
	$(BIN)/python tests/backends/make_sample.py build/backends
	$(PYTHON) -m venv build/backends/venv
	build/backends/venv/bin/pip install --quiet --constraint constraints.txt torch
	build/backends/venv/bin/pip install --quiet --constraint constraints.txt keras jax tensorflow-cpu
	for backend in torch jax tensorflow; do \
		KERAS_BACKEND=$$backend build/backends/venv/bin/python tests/backends/check_sample.py build/backends || exit 1; \
	done

## one epoch of IMDB against Keras on TensorFlow, side by side; needs a quiet machine
bench-epoch: $(VENV)/ready
	$(PYTHON) -m venv build/tensorflow
	build/tensorflow/bin/pip install --quiet keras tensorflow-cpu
	$(BIN)/python benchmarks/train_epoch.py --tensorflow-python build/tensorflow/bin/python

## the wheel and the source archive, in dist/
build: $(VENV)/ready
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist
