# make book: render the book into _book. make test: check everything. make serve: read it with its search.
# make links: check the rendered book's links. make colab: run the notebooks as on Colab. make constraints: renew them.
# A virtual environment is made in .venv with the first Python >= 3.11 found; PYTHON=... names another.
.POSIX:
PYTHON =
# What pins the versions in .venv; CONSTRAINTS=/dev/null takes the newest.
CONSTRAINTS = constraints.txt
# The notebooks that `make colab` runs, as in ONLY="models need", and its further options.
ONLY =
COLAB =
# Each Python whose versions `make constraints` writes down.
PYTHONS = python3.11 python3.12 python3.13

# A stamp, written last, says that .venv holds what pyproject.toml and the constraints ask for. Without one,
# .venv is half made or out of date, and is made anew; the test tools are added to a finished one.
SET_UP = set -eu; \
	hash=$$(cat pyproject.toml $(CONSTRAINTS) | cksum | cut -d ' ' -f 1); \
	stamp=.venv/.stamp-$$hash; \
	if [ ! -f "$$stamp-test" ] && [ ! -f "$$stamp-$$extra" ]; then \
		unset PYTHONDONTWRITEBYTECODE; \
		if [ ! -f "$$stamp-book" ]; then \
			found=; \
			wanted='$(PYTHON)'; \
			for python in $${wanted:-python3.13 python3.12 python3.11 python3}; do \
				if "$$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
				then found=$$python; break; fi; \
			done; \
			if [ -z "$$found" ]; then \
				echo 'No Python >= 3.11 with venv was found; install one, or name it: make PYTHON=/path/to/python3' >&2; \
				exit 1; \
			fi; \
			echo "setting up .venv with $$("$$found" --version)" >&2; \
			rm -rf .venv; \
			"$$found" -m venv .venv; \
		fi; \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e ".[$$extra]"; \
		touch "$$stamp-$$extra"; \
	fi

# The second environment: PyTorch, ExecuTorch, IREE and TVM. Where it can't be had, their rows stand by name.
SET_UP_TORCH = stamp=.venv-torch/.stamp-$$(cksum < constraints-torch.txt | cut -d ' ' -f 1); \
	if [ ! -f "$$stamp" ]; then \
		unset PYTHONDONTWRITEBYTECODE; \
		echo "setting up .venv-torch" >&2; \
		rm -rf .venv-torch && \
		.venv/bin/python -m venv .venv-torch && \
		.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check -r constraints-torch.txt && \
		touch "$$stamp"; \
	fi
TORCH_OR_NOT = { $(SET_UP_TORCH); } || { rm -rf .venv-torch; \
	echo "no .venv-torch: PyTorch, ExecuTorch, IREE and TVM will be missing by name (make torch tells why)" >&2; }

torch:
	@extra=book; $(SET_UP)
	@$(SET_UP_TORCH)

book:
	@extra=book; $(SET_UP)
	@$(TORCH_OR_NOT)
	.venv/bin/efficient-ai book

# The notebooks' run is the one that the book is rendered from; pytest's last line closes the run.
test:
	@extra=test; $(SET_UP)
	@$(TORCH_OR_NOT)
	.venv/bin/ruff check src tests
	.venv/bin/ruff format --check src tests
	.venv/bin/python -m pytest --nbval-lax --nbval-current-env tests notebooks

serve:
	@extra=book; $(SET_UP)
	.venv/bin/efficient-ai serve

links:
	@extra=test; $(SET_UP)
	.venv/bin/efficient-ai links

# PYTHON must be a Python 3.12 here, as Colab's; the path's python3.12 when it is left out.
colab:
	@extra=book; $(SET_UP)
	@set -- $(COLAB); \
	if [ -n '$(PYTHON)' ]; then set -- "$$@" --python '$(PYTHON)'; fi; \
	if [ -n '$(ONLY)' ]; then set -- "$$@" --only $(ONLY); fi; \
	exec .venv/bin/python benchmarks/colab.py "$$@"

constraints:
	@set -- $(PYTHONS); exec "$$1" benchmarks/constraints.py "$$@"

# What was rendered; .venv and the cache stay.
clean:
	rm -rf _book .render .pytest_cache .ruff_cache .hypothesis

.PHONY: book test torch serve links colab constraints clean
