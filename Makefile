# Two commands: `make demo` and `make test`. Everything else is for those who work on the code.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
# uv does not read pip's settings; these two carry over a local wheel folder or index, if any.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export UV_INDEX_URL ?= $(PIP_INDEX_URL)

.PHONY: demo test test-studies test-faults suite check lint ui clean

demo: $(VENV)/installed
	$(BIN)/python -m ser_platform.tune experiments/demo.yaml

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

check: $(VENV)/installed-test
	$(BIN)/python -m pytest -q -n 2 -m "not slow"

lint: $(VENV)/installed-test
	$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check . && $(BIN)/python -m pyright --pythonpath $(BIN)/python

ui: $(VENV)/installed
	$(BIN)/mlflow ui --backend-store-uri sqlite:///.ser/mlflow.db --port 5000

$(VENV)/installed: pyproject.toml constraints.txt
	$(call install,demo)

$(VENV)/installed-test: pyproject.toml constraints.txt
	$(call install,demo$(comma)test$(comma)lint)
	touch $(VENV)/installed

comma := ,
define install
	@if command -v uv >/dev/null; then \
	  test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[$(1)]'; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(1)]'; \
	fi
	touch $@
endef

clean:
	rm -rf $(VENV) .ser .pytest_cache .ruff_cache .hypothesis
