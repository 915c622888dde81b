#!/bin/sh
# Runs inside the image, without network: does it start, and does it import nothing from the workspace?
set -eu
fail() { echo "image smoke test: $1" >&2; exit 1; }

# A workspace as a hostile pull request would leave it: each name is a package that Promoter imports.
workspace=$(mktemp -d)
cd "$workspace"
mkdir github promoter
for file in yaml.py mlflow.py requests.py github/__init__.py promoter/__init__.py sitecustomize.py; do
  echo "open('$workspace/imported', 'a').write(__name__); raise SystemExit(99)" > "$file"
done

/opt/promoter/bin/promoter --version || fail "promoter --version failed"
/opt/promoter/bin/promoter schema policy > "$workspace/schema.json" || fail "promoter schema policy failed"

# The action itself, with no event to act on: any documented exit code will do, as long as it is Promoter that answers.
status=0
/opt/promoter/bin/promoter action > "$workspace/action.log" 2>&1 || status=$?
case $status in
  0 | 1 | 2 | 4) ;;
  *) cat "$workspace/action.log" >&2; fail "promoter action ended with status $status" ;;
esac

# What the image's PYTHONSAFEPATH is for: not even `python -c` looks in the working directory.
for package in yaml mlflow github promoter; do
  place=$(/opt/promoter/bin/python -c "import $package; print($package.__file__)") || fail "cannot import $package"
  case $place in
    /opt/promoter/*) ;;
    *) fail "$package was imported from $place" ;;
  esac
done
[ ! -e imported ] || fail "imported from the workspace: $(cat imported)"

/opt/promoter/bin/python -c 'import importlib.util as u; assert u.find_spec("sqlalchemy") is None' ||
  fail "the image carries the full MLflow"
echo "image smoke test: passed"
