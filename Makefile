# make demo · make test: each does all the set-up itself, once.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: env demo test check bench clean

env: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/twofold demo

test: $(STAMP)
	$(BIN)/python -m pytest -q -n auto --dist worksteal

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q src

bench: $(STAMP)
	mkdir -p benchmarks/results
	for script in benchmarks/[a-z]*.py; do name=$$(basename $$script .py); \
	  $(BIN)/python -m benchmarks.$$name | tee benchmarks/results/$$name.jsonl; done

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache
