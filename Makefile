# Every target does its own set-up: a virtual environment in .venv with the pinned versions of constraints.txt.
# Without make (Windows): see "Without make" in README.md.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SHARED ?= ../shared
OUT ?= out
# Exit code 3: some file could not be read (a scan without OCR). The rest is analysed and the report names it.
PARTIAL_IS_FINE = || test $$? -eq 3

.PHONY: help fuzz report test test-fast evaluate figures pictures bench hostile lab lint samples train setup clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(BIN)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "risklib: needs Python 3.11 or newer; name one: make PYTHON=python3.12 …"; exit 1; }
	@echo "risklib: making a virtual environment in $(VENV) and installing the pinned packages (a few minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "risklib: this Python cannot make virtual environments (Debian: apt install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,notebooks,search,cluster]"
	@touch $@

setup: $(BIN)/.ready  ## the virtual environment alone

# exit code 3 is "partial": without tesseract the one scanned sample is named as unread, and the report says so
report: $(BIN)/.ready  ## analyse the sample portfolio and write its report (out/report.html)
	@echo "risklib: analysing the sample portfolio data/agreements into $(OUT)/ (half a minute)"
	@command -v tesseract >/dev/null || echo "risklib: tesseract is not on the PATH; without OCR the scanned sample stays unread"
	@$(BIN)/risklib analyze data/agreements --facts data/portfolio.csv --rates data/rates.csv --out $(OUT)/tables --as-of 2026-11-01 $(PARTIAL_IS_FINE)
	@$(BIN)/risklib report $(OUT)/tables --pdfs data/agreements --out $(OUT)/report.html $(PARTIAL_IS_FINE)
	@echo "risklib: open $(OUT)/report.html in a browser"

test: $(BIN)/.ready  ## everything: unit, end to end, command line, notebooks, report in a browser
	@echo "risklib: running all tests (some minutes; make test-fast leaves out the slow ones)"
	@$(BIN)/python -m pytest

test-fast: $(BIN)/.ready  ## without the slow end-to-end tests
	@$(BIN)/python -m pytest -m "not slow"

evaluate: $(BIN)/.ready  ## quality on the labelled agreements in ../shared, beside the recorded figures
	@$(BIN)/python tests/evaluate.py --shared $(SHARED)
	@$(BIN)/python tests/evaluate_acord.py --shared $(SHARED)

figures: $(BIN)/.ready  ## README's figures of quality, from tests/evaluation.json
	@$(BIN)/python tests/readme_figures.py

pictures: report  ## README's pictures, from the sample report (needs chromium)
	@$(BIN)/python tests/readme_pictures.py $(OUT)/report.html

bench: $(BIN)/.ready  ## speed and memory beside a named peer, in one run
	@$(BIN)/python tests/bench.py --shared $(SHARED)

hostile: $(BIN)/.ready  ## time, memory and end of each awkward PDF in ../shared/data/hostile (minutes)
	@$(BIN)/python tests/hostile.py $(SHARED)/data/hostile

fuzz: $(BIN)/.ready  ## two minutes of damaged input for reader, loaders and parsers
	@$(BIN)/python tests/fuzz.py

train: $(BIN)/.ready  ## fit the classifier's weights anew from the labelled agreements in ../shared
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
