# Everything that is done often, by name. Every target sets up its own environment, so a fresh clone needs only
# python3 (with its venv module), make and git.

PYTHON   ?= python3
VENV     ?= .venv
DEMO     := build/demo
CAMPAIGN ?= $(if $(wildcard $(DEMO)/campaign.toml),$(DEMO)/campaign.toml,campaign.toml)
CATALOG  ?=
SQL       = select * from progress
ARGS      =
FILES     = 100000
EXTRAS   := test,lint,coverage

BIN := $(VENV)/bin
ENV := $(VENV)/.installed
PIP := $(BIN)/pip -qq --disable-pip-version-check

# What may hold spaces or quotes reaches the shell through its environment, never as text of the recipe.
export CAMPAIGN CATALOG SQL

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Folders named site and build exist: undeclared targets of such a name would do nothing, silently.
.PHONY: help install demo index status reduce site watch query test coverage lint hooks bench readme pictures vendor clean constraints

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  CAMPAIGN=path    which campaign; now:' "$$CAMPAIGN"
	@echo '  ARGS="..."       more options for the command, as in: make status ARGS="--by kind"'
	@echo '  PYTHON=python3   the Python (3.11 or newer) that .venv is made with'

install: $(ENV) ## Set up .venv (the others do it themselves)

demo: $(ENV) ## A small production, its index and its pages
	@test -e $(DEMO)/campaign.toml || $(BIN)/latteboard demo $(DEMO)
	@$(BIN)/latteboard --campaign $(DEMO)/campaign.toml index
	@$(BIN)/latteboard --campaign $(DEMO)/campaign.toml site --out site
	@echo
	@echo 'pages       site/index.html'
	@echo 'production  $(DEMO)'
	@echo 'next        make status, make query SQL="select * from problems"'

index: $(ENV) ## Compare expected with disk; what people run after a job
	@$(BIN)/latteboard --campaign "$$CAMPAIGN" index $(ARGS)

status: $(ENV) ## How far are we?
	@$(BIN)/latteboard --campaign "$$CAMPAIGN" status $(ARGS)

reduce: $(ENV) ## Make what is ready and has a recipe
	@$(BIN)/latteboard --campaign "$$CAMPAIGN" reduce $(ARGS)

site: $(ENV) ## Render the pages into site/
	@$(BIN)/latteboard --campaign "$$CAMPAIGN" site --out site $(ARGS)

watch: $(ENV) ## Not there yet: index and render again whenever something changes
	@$(BIN)/latteboard --campaign "$$CAMPAIGN" watch --site $(ARGS)

query: $(ENV) ## Ask the catalog: make query SQL="select ..." (CATALOG=path if it is not beside the campaign)
	@catalog="$${CATALOG:-$$(dirname "$$CAMPAIGN")/catalog.db}"; \
	test -f "$$catalog" || { echo "No catalog at $$catalog: run make index, or say CATALOG=path" >&2; exit 1; }; \
	$(BIN)/sqlite-utils query "$$catalog" "$$SQL" --table $(ARGS)

# A file's tests stay in one process, so what they share is made once. Files in the order of tests/conftest.py: by the number
# of tests in them, few that take long would come last, and one process would wait for the other.
PYTEST = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

test: $(ENV) ## Run the tests; some of them: make test ARGS="-k status"
	@$(PYTEST) $(ARGS)

coverage: $(ENV) ## Run the tests and tell which lines none of them reaches: build/coverage/pages
	@mkdir -p build/coverage
	@$(PYTEST) --cov --cov-report term --cov-report html $(ARGS)

lint: $(ENV) ## Check style, types and spelling (ruff format mends the layout)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/codespell

hooks: $(ENV) ## Let git check the same before each commit
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[$(EXTRAS),hooks]'
	@$(BIN)/pre-commit install

bench: $(ENV) ## Measure index, pages and reducer, and renew the tables in README: make bench FILES=1000000
	@$(BIN)/python tests/bench/run.py --files $(FILES) $(ARGS)

readme: $(ENV) ## Renew what README shows: outputs, tables
	@$(BIN)/python tests/tools/readme.py
	@$(BIN)/python tests/tools/guide.py

pictures: $(ENV) ## Renew the pictures of the pages that README shows (needs Chromium)
	@$(BIN)/python tests/tools/pictures.py

vendor: $(ENV) ## Fetch the scripts of others that pages load (needs the package index)
	@$(BIN)/python tests/tools/vendor.py

# Only what make made: the demo, caches and pages. find follows no links, so a site/ that links elsewhere is left alone.
clean: ## Remove build/, caches and the pages in site/; never .venv, a catalog or data elsewhere
	rm -rf build *.egg-info .hypothesis .pytest_cache .mypy_cache .ruff_cache
	find site -mindepth 1 ! -path site/.gitkeep -delete
	find latteboard indexer reducer site_templates tests -name __pycache__ -prune -exec rm -rf {} +

# Made with the oldest Python supported, since the newest versions often leave it behind; then the later ones are tried.
constraints: ## Renew the pinned versions in constraints.txt (needs Python 3.11 and the package index)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "constraints.txt is made with Python 3.11: make constraints PYTHON=python3.11")'
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/pip install --quiet --upgrade setuptools
	build/constraints/bin/pip install --quiet --no-build-isolation --editable '.[$(EXTRAS),hooks]'
	(sed -n '/^#/p' constraints.txt; build/constraints/bin/pip freeze --all --exclude pip --exclude latteboard) > build/constraints.txt
	for version in 3.12 3.13; do \
	  build/constraints/bin/pip install --quiet --dry-run --target build/constraints/none \
	    --python-version $$version --only-binary :all: --requirement build/constraints.txt || exit 1; \
	done
	mv build/constraints.txt constraints.txt

$(ENV): pyproject.toml constraints.txt
	@command -v $(PYTHON) > /dev/null || { echo 'latteboard needs Python 3.11 or newer; there is no $(PYTHON)' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "latteboard needs Python 3.11 or newer, $(PYTHON) is %d.%d; name another: make PYTHON=python3.12" % sys.version_info[:2])'
	@echo 'Installing into $(VENV), once; this takes a minute.'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --constraint constraints.txt setuptools
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[$(EXTRAS)]'
	@touch $@
