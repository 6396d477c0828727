# Every target does its own set-up: a virtual environment in .venv with the pinned versions of constraints.txt.
# Without make (Windows): see "Without make" in README.md.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SHARED ?= ../shared
OUT ?= out

.PHONY: help report test test-fast evaluate bench lab lint types samples train setup clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(BIN)/.ready: pyproject.toml constraints.txt
	@echo "risklib: making a virtual environment in $(VENV) and installing the pinned packages (a few minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,notebooks]"
	@touch $@

setup: $(BIN)/.ready  ## the virtual environment alone

report: $(BIN)/.ready  ## analyse the sample portfolio and write its report (out/report.html)
	@echo "risklib: analysing the sample portfolio data/agreements into $(OUT)/"
	@$(BIN)/risklib analyze data/agreements --facts data/portfolio.csv --rates data/rates.csv --out $(OUT)/tables --as-of 2026-11-01
	@$(BIN)/risklib report $(OUT)/tables --pdfs data/agreements --out $(OUT)/report.html
	@echo "risklib: open $(OUT)/report.html"

test: $(BIN)/.ready  ## everything: unit, end to end, command line, report in a browser
	@$(BIN)/python -m pytest

test-fast: $(BIN)/.ready  ## without the slow end-to-end tests
	@$(BIN)/python -m pytest -m "not slow"

evaluate: $(BIN)/.ready  ## quality on the labelled agreements in $(SHARED), beside the recorded figures
	@$(BIN)/python tests/evaluate.py --shared $(SHARED)

bench: $(BIN)/.ready  ## speed and memory beside named peers, in one run
	@$(BIN)/python tests/bench.py --shared $(SHARED)

train: $(BIN)/.ready  ## fit the classifier's weights anew from the labelled agreements in $(SHARED)
	@$(BIN)/python -m risklib.training --shared $(SHARED)

samples: $(BIN)/.ready  ## write the sample agreements' PDFs anew from data/agreements/src
	@$(BIN)/python data/make_samples.py

lab: $(BIN)/.ready  ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks

lint: $(BIN)/.ready  ## ruff and mypy
	@$(BIN)/ruff check risklib tests data
	@$(BIN)/ruff format --check risklib tests data
	@$(BIN)/mypy

clean:  ## remove what the targets made
	rm -rf $(VENV) $(OUT) build dist
