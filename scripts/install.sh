#!/usr/bin/env bash
# Makes .venv with everything in requirements/{dev,docs}.txt and the project itself, editable. Safe to run again.
# PYTHON names the interpreter to use; without it the first of several that is new enough.
set -euo pipefail
cd "$(dirname "$0")/.."

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local name
  for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if is_new_enough "$name"; then
      echo "$name"
      return
    fi
  done
  echo "install: Python 3.11 or newer is needed; tried ${PYTHON:-python3, python3.13, python3.12, python3.11, python}." >&2
  echo "Install one, or name it: make install PYTHON=/path/to/python3.12" >&2
  return 1
}

if ! is_new_enough .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python=$(find_python)
  clear=()
  [ ! -e .venv ] || is_new_enough .venv/bin/python || clear=(--clear)
  "$python" -m venv "${clear[@]}" .venv || {
    echo "install: $python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
  }
fi

.venv/bin/python -m pip install --quiet --disable-pip-version-check \
  --require-hashes --only-binary :all: -r requirements/uv.txt
.venv/bin/uv pip install --quiet --python .venv/bin/python \
  --require-hashes --only-binary :all: -r requirements/dev.txt -r requirements/docs.txt
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
