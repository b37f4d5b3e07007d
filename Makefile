# Two commands for a newcomer: make demo, make test.

# torch 2.13 has builds for these.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do $$p -c "$(FITS)" 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
# Tests that share a bot stay in one process; tests/conftest.py says what starts first.
DIST := --dist loadgroup --no-loadscope-reorder
INSTALLED := $(VENV)/.installed

.PHONY: demo install test suite test-slow lint types lock clean data train evaluate docs image-dry-run

demo: $(INSTALLED)
	@exec $(BIN)/python -m bot demo

install: $(INSTALLED)

# torch is installed first, on its own: it has no hash in the lock because its build differs between machines.
$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12, 3.13 or 3.14 is needed; install it and try again."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# mypy works on one core only, so it runs beside the suite.
test: $(INSTALLED)
	@$(MAKE) --no-print-directory --jobs=2 types suite

suite: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) $(DIST)

test-slow: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow -n $(WORKERS) $(DIST)

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

# Rebuild the embedded model: data takes a minute and needs npm, train takes hours and may be stopped at any time.
data train evaluate: $(INSTALLED)
	$(BIN)/python -m training $@

# The documentation as a site, in build/site; a link that leads nowhere is an error. Needs no network.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

# What the Dockerfile does, in a fresh folder and without Docker.
image-dry-run: $(INSTALLED)
	$(BIN)/python -m contrib.image_dry_run

lock: $(INSTALLED)
	dev="$$($(BIN)/python -m dependency_groups dev)" && echo "$$dev" | $(BIN)/pip-compile --quiet --generate-hashes \
		--allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--no-annotate --output-file requirements.lock pyproject.toml -
	$(BIN)/python -c "import re, pathlib; p = pathlib.Path('requirements.lock'); \
		p.write_text(re.sub(r'(?m)^(torch==[^ +]+)[^\n]*\\\\\n(?:    --hash[^\n]*\n?)+', r'\1\n', p.read_text()))"

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache *.egg-info build
