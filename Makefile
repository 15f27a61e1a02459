# Two commands: `make demo` and `make test`. Everything else is for those who work on the code.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
# uv does not read pip's settings; these two carry over a local wheel folder or index, if any.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export UV_INDEX_URL ?= $(PIP_INDEX_URL)

SEED ?= 0

.PHONY: demo stack test test-studies test-faults chaos suite check lint audit ui clean

demo: $(VENV)/installed
	$(BIN)/python -m ser_platform.tune experiments/demo.yaml

# PostgreSQL, an S3 server, MLflow on both, a Ray cluster of two nodes: a study is submitted to it as a job.
stack: $(VENV)/installed-test
	$(BIN)/python -m tests.stack experiments/demo.yaml $(STACK)

# Types are checked beside the tests, which often wait: Ray's processes for each other, and we
# for servers.
test: $(VENV)/installed-test
	$(MAKE) --jobs=2 lint suite

# A file stays in one process, with the servers that it started; tests/conftest.py orders them.
suite: $(VENV)/installed-test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not faults and not studies"

# Whole studies through their doors, a minute each and more: protocols, sweep, seeds, papers, database.
test-studies: $(VENV)/installed-test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m studies

# Studies, workers and servers are killed, and everything must go on: mostly waiting.
test-faults: $(VENV)/installed-test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m faults

# A study while everything around it is killed, slowed and corrupted, as the seed says; 6 to 10 minutes.
chaos: $(VENV)/installed-test
	$(BIN)/python -m tests.chaos --seed $(SEED)

check: $(VENV)/installed-test
	$(BIN)/python -m pytest -q -n 2 -m "not slow"

lint: $(VENV)/installed-test
	$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check . && $(BIN)/python -m pyright --pythonpath $(BIN)/python
	$(BIN)/python -m bandit --quiet --configfile pyproject.toml --recursive ser_platform

# Not a part of the tests: it asks an advisory source on the network, and fails when there is none.
audit: $(VENV)/installed-audit
	$(BIN)/python -m bandit --quiet --configfile pyproject.toml --recursive ser_platform
	$(BIN)/python -m pip_audit --strict --no-deps --disable-pip --requirement constraints.txt

ui: $(VENV)/installed
	MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
	  $(BIN)/mlflow ui --backend-store-uri sqlite:///.ser/mlflow.db --host 127.0.0.1 --port 5000

$(VENV)/installed: pyproject.toml constraints.txt
	$(call install,demo)

$(VENV)/installed-test: pyproject.toml constraints.txt
	$(call install,demo$(comma)test$(comma)lint)
	touch $(VENV)/installed

$(VENV)/installed-audit: pyproject.toml constraints.txt
	$(call install,demo$(comma)test$(comma)lint$(comma)audit)
	touch $(VENV)/installed $(VENV)/installed-test

comma := ,
define install
	@if command -v uv >/dev/null; then \
	  test -x $(BIN)/python || uv venv --quiet --seed --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[$(1)]'; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(1)]'; \
	fi
	touch $@
endef

clean:
	rm -rf $(VENV) .ser .pytest_cache .ruff_cache .hypothesis
