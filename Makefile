# Two commands do all set-up:  make run   and   make test
# Options for the program or for pytest:  make run ARGS="--source 1"   make test ARGS="-k recorder"
# Tests run in two processes; in one:  make test ARGS="-n 0"
ARGS ?=
MINUTES ?= 20
VENV_PYTHON := .venv/bin/python

# Candidates are run, not just looked up: a name on the PATH may be a shim for a Python that is not there.
# Those for which there is mediapipe come first: the actors were made with its tracker.
find_python = $(call find_among,python3.11 python3.12 python3.10 python3.13 python3.14)
define find_among
	for python in "$$PYTHON" $(1) python3 python; do \
		[ -n "$$python" ] && "$$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' \
			2>/dev/null && { echo "$$python"; exit 0; }; \
	done; \
	echo "Puppet needs Python 3.10 to 3.14, and found none. Install one, for example:" \
		"sudo apt-get install python3 python3-venv, or sudo dnf install python3, or brew install python@3.13" \
		"(or name one: make run PYTHON=/path/to/python3.13)" >&2; exit 1
endef
set_up = python=$$($(find_python)) && "$$python" .ci/bootstrap.py
export PYTHON

.PHONY: help run test test-light lint types bench fuzz clean
run:
	@$(set_up) run
	@$(VENV_PYTHON) -m puppet run $(ARGS)

test:
	@$(set_up) test
	@$(VENV_PYTHON) -m pytest -n 2 --dist loadfile $(ARGS)

# The tracker's tests as on the newest Pythons, which have no mediapipe. Options of plug-ins that are not there are left out.
test-light:
	@python=$$($(call find_among,python3.13 python3.14 python3.12 python3.11 python3.10)) && "$$python" .ci/bootstrap.py light
	@.venv-light/bin/python -m pytest -o addopts="-ra --strict-markers --import-mode=importlib" \
		-W "ignore:Unknown config option" tests/puppet/face tests/puppet/inference $(ARGS)

lint:
	@$(set_up) test
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .

types:
	@$(set_up) test
	@$(VENV_PYTHON) -m pyright --pythonpath $(VENV_PYTHON)

bench:
	@$(set_up) test
	@$(VENV_PYTHON) -m pytest --benchmark-enable --benchmark-only tests/benchmarks $(ARGS)

fuzz:
	@$(set_up) test
	@PYTHONPATH=tests/support:. $(VENV_PYTHON) -m fuzz --minutes $(MINUTES) $(ARGS)

clean:
	rm -rf .venv .venv-light .pytest_cache .ruff_cache build dist

help:
	@echo "make run     set up and start; without a display it renders the demo to puppet-demo.mp4"
	@echo "make test    set up and run every test"
	@echo "make test-light    the tracker's tests without mediapipe, with numpy 2 and OpenCV 5, in .venv-light"
	@echo "make lint    ruff          make types   pyright"
	@echo "make bench   benchmarks    make fuzz    hostile files for MINUTES=20"
	@echo "make clean   remove .venv and caches"
