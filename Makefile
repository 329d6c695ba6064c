# Everything runs inside .venv, which `make setup` makes; the other targets call it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
export PYTHON TORCH_INDEX

# Name an interpreter (make setup PYTHON=python3.11), or an index of PyTorch's CPU wheels
# (make setup TORCH_INDEX=...): on Linux the default index may send a CUDA build of several GB.
PYTHON ?=
TORCH_INDEX ?=
BIN := .venv/bin
READY := .venv/.ready
TRINITY := $(BIN)/python -m trinity
# A checkout that was moved or copied makes its .venv anew, for that one points to the old place.
ifneq ($(shell cat $(READY) 2> /dev/null),$(CURDIR))
.PHONY: $(READY)
endif
# a file of tests stays in one process, with what its tests share; the longest files come first
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.PHONY: help setup book pdf lab check test class reproduce ablation distil power phase0 lint bench chaos audit lock clean

help:  ## list the targets
	@sed -n -e 's/^### //p' -e 's/^\([a-z0-9]*\):.*## /  make \1|/p' Makefile | column -t -s '|'

### for users
setup: $(READY)  ## make .venv with the trinity command in it (2 minutes; instant when up to date)

$(READY): requirements.lock pyproject.toml scripts/setup
	@scripts/setup && echo "$(CURDIR)" > $@

book: $(READY)  ## the book at laptop scale from shipped artifacts; recomputes what is stale (OUT=DIR: pages go there)
	$(TRINITY) book $(if $(OUT),--out "$(OUT)")

pdf: book  ## the book as one PDF, too, linked from its first page (needs Chromium or Chrome)
	$(BIN)/python -m trinity_book.print

lab: $(READY)  ## open the exercises in JupyterLab (installed on first use, outside the lock)
	@$(BIN)/python -m jupyterlab --version > /dev/null 2>&1 || $(BIN)/python -m pip install "jupyterlab>=4,<5"
	$(BIN)/python -m jupyterlab notebooks/exercises

check: $(READY)  ## the fast half of the tests, for everyday work
	$(PYTEST) -q -m "not slow"

test: $(READY)  ## all tests at scale test (cost in the README)
	$(PYTEST)

class: $(READY)  ## every stage from nothing at class scale, into build/class (5 minutes on 2 cores)
	$(TRINITY) run --scale class

reproduce: $(READY)  ## laptop scale, main arms and book, from nothing, into build/reproduce (50 minutes beside other work)
	$(TRINITY) reproduce

### for maintainers: renew what is shipped, or look after the code
ablation: $(READY)  ## all arms, controls and finetuning by gradient, resumable: lopo.json, ablation*.json
	$(TRINITY) ablation

distil: $(READY)  ## teach the small networks of trinity predict --fast anew (cost in the README)
	$(TRINITY) distil

power: $(READY)  ## refractive index and Tg with hundreds of test polymers, resumable: second_property.json
	$(TRINITY) power

phase0: $(READY)  ## train the embedded chemical language model anew (cost in the README)
	$(TRINITY) phase0

lint: $(READY)  ## style and errors of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src book/trinity_book tests

bench: $(READY)  ## time the cone model, training and prediction on this machine
	$(BIN)/python -m benchmarks

chaos: $(READY)  ## kill -9 at random moments and compare what a rerun leaves (long; resumable): chaos.json
	$(BIN)/python -m tools.chaos

audit: $(READY)  ## known holes and licences of the locked packages, as far as an index answers: audit.json
	$(BIN)/python -m tools.audit

lock: $(READY)  ## rewrite requirements.lock from pyproject.toml
	scripts/lock

clean:  ## remove what the build made; keeps .venv and the shipped artifacts
	rm -rf build _build .pytest_cache .ruff_cache
