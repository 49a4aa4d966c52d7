# `make run` and `make test` are all you need; both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-postgres lint types contracts lock install install-dev static docs messages

run:            ## install what is missing, migrate, fill the demo, start web, worker and beat
	@$(PYTHON) scripts/bootstrap.py base
	@$(BIN)/python scripts/run.py

test: install-dev  ## the whole suite on SQLite
	@$(BIN)/python scripts/build_static.py
	$(BIN)/pytest -n auto

install:
	@$(PYTHON) scripts/bootstrap.py base

install-dev:
	@$(PYTHON) scripts/bootstrap.py dev

static: install ## build the front end once
	@$(BIN)/python scripts/build_static.py

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-dev
	$(BIN)/mypy

contracts: install-dev
	$(BIN)/lint-imports

lock:           ## write requirements/*.txt from *.in
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 -q requirements/base.in -o requirements/base.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 -q requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 -q requirements/frontend.in -o requirements/frontend.txt

messages: install-dev  ## bring the German catalogue up to date with the sources; translate what is empty or fuzzy, then run it again
	$(BIN)/python manage.py makemessages -l de --no-location --no-obsolete -i node_modules -i var -i tests -i bench -i scripts
	msgfmt --check-format -o locale/de/LC_MESSAGES/django.mo locale/de/LC_MESSAGES/django.po
