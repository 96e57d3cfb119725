# The same commands for people and for CI. Needs Python 3.11 or newer, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --constraint constraints.txt

.PHONY: demo tutorial docs check test test-slow test-backends test-arm test-emulated sanitize mutants bench bench-precision build wheels run-wheels clean

# PyTorch first and pinned, from its own index of builds without CUDA, where that can be reached.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
define install_torch
	@if $(1)/python -c "import urllib.request as net; net.urlopen('$(TORCH_INDEX)/torch/', timeout=5)" 2>/dev/null \
	&& $(1)/pip install --quiet --constraint constraints.txt --index-url $(TORCH_INDEX) torch; then :; else \
	echo "$(TORCH_INDEX) cannot be used: torch comes from pip's own index, from PyPI on Linux with gigabytes of CUDA packages." >&2; \
	$(1)/pip install --quiet --constraint constraints.txt torch; fi
endef
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(call install_torch,$(BIN))
	$(INSTALL) --editable ".[dev]"
	touch $@

# The installation compiles the C++ kernels; changed ones are compiled again without installing.
$(VENV)/ready: $(VENV)/installed hatch_build.py $(wildcard src/reelfeel/native/src/*/*)
	$(BIN)/python hatch_build.py
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

## the site, in build/site: strict, links and anchors checked, also those of README.md and its neighbours
# Not --quiet: MkDocs would neither print nor count the warnings that strict mode fails on.
docs: $(VENV)/ready
	$(BIN)/python docs/site/check_links.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python docs/site/check_requests.py build/site
	@echo build/site/index.html

CPP := $(wildcard src/reelfeel/native/src/*/*.[ch]pp tests/*/*.[ch]pp)

## style, types and architecture
check: $(VENV)/ready
	$(BIN)/ruff format --check
	$(BIN)/clang-format --dry-run -Werror $(CPP)
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
	$(call install_torch,build/backends/venv/bin)
	build/backends/venv/bin/pip install --quiet --constraint constraints.txt keras jax tensorflow-cpu
	for backend in torch jax tensorflow; do \
		KERAS_BACKEND=$$backend build/backends/venv/bin/python tests/backends/check_sample.py build/backends || exit 1; \
	done

## the C++ under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer: tests of native and
## text, a fuzzer and a stress of shared classifiers; by hand longer: make sanitize FUZZ_SECONDS=600
FUZZ_SECONDS ?= 10
sanitize: $(VENV)/ready
	$(BIN)/python tests/sanitizers/sanitize.py address --seconds $(FUZZ_SECONDS) $(FLAGS)
	$(BIN)/python tests/sanitizers/sanitize.py thread --seconds $(FUZZ_SECONDS) $(FLAGS)

## the tests of native, text and inference, and predict, as older processors, under qemu
test-emulated: $(VENV)/ready
	$(BIN)/python tests/emulation/run.py $(PROCESSORS) $(FLAGS)

## the tests of the compiled code on ARM, under qemu; needs Debian's qemu-user and g++-aarch64-linux-gnu
test-arm: $(VENV)/ready
	$(BIN)/python wheels/run_arm_tests.py $(TESTS)

## plants faults into the modules where one costs most, and says which no test sees: half an hour
mutants: $(VENV)/ready
	$(BIN)/python tests/mutation/run_mutants.py $(MODULES) $(FLAGS)

## speed beside other stacks, into docs/benchmarks.md; needs a quiet machine and an hour
bench: $(VENV)/ready
	$(BIN)/python benchmarks/bench.py $(SUITES) $(FLAGS)
	$(if $(SUITES)$(FLAGS),,$(BIN)/python benchmarks/parity.py)

## accuracy of the preset seed trained in bfloat16 and in float32, three seeds each: half an hour
bench-precision: $(VENV)/ready
	$(BIN)/python benchmarks/precision.py

## the wheel and the source archive, in dist/
build: $(VENV)/ready
	$(BIN)/python -m build

# zig, a compiler for every platform, is 90 MB: only who makes wheels gets it.
$(VENV)/wheels: $(VENV)/ready
	$(INSTALL) --editable ".[wheels]"
	touch $@

## wheels for Linux, macOS and Windows in dist/, made and checked here: five, or PLATFORMS
wheels: $(VENV)/wheels
	$(BIN)/python wheels/build_wheels.py $(PLATFORMS)

## the Linux wheels, installed without a compiler, predict here, on older processors and on ARM (qemu)
run-wheels: $(VENV)/wheels
	$(BIN)/python wheels/run_wheels.py

clean:
	rm -rf $(VENV) build dist
