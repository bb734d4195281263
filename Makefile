# Any Python starts the set-up; it finds a Python 3.10-3.12 by itself for .venv.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python

.PHONY: help setup demo test lint clean

help:
	@echo 'make setup   .venv with everything installed (first time: 5 to 15 minutes)'
	@echo 'make demo    set up, then train, test and draw on synthetic videos (ARGS=... is passed on)'
	@echo 'make test    set up, then run the tests (ARGS=... is passed on)'
	@echo 'make lint    set up, then check the code'
	@echo 'make clean   remove .venv and build files; data/, work_dirs/ and the mmcv wheel stay'

setup:
	@$(PYTHON) tools/setup_env.py

demo: setup
	$(VENV_PYTHON) tools/demo.py $(ARGS)

test: setup
	$(VENV_PYTHON) -m pytest $(ARGS)

lint: setup
	$(VENV_PYTHON) -m ruff check .

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
