#!/usr/bin/env bash
# Builds the action's image and runs scripts/image_smoke.sh in it: with Docker where its engine answers, else with the
# tool that PROMOTER_IMAGE_TOOL names, which starts an engine of its own (options: --tag, --smoke).
set -euo pipefail
cd "$(dirname "$0")/.."

tag=${PROMOTER_IMAGE_TAG:-promoter:local}
tool=${PROMOTER_IMAGE_TOOL:-../shared/tools/build_image.sh}
smoke=$(cat scripts/image_smoke.sh)

if docker info >/dev/null 2>&1; then
  docker build --tag "$tag" --file Dockerfile .
  docker run --rm --network none --entrypoint sh "$tag" -c "$smoke"
elif [ -x "$tool" ]; then
  "$tool" --tag "$tag" --smoke "$smoke" .
else
  echo "image: a Docker engine is needed: start one, or set PROMOTER_IMAGE_TOOL to a tool that brings one." >&2
  exit 1
fi
