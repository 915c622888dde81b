#!/usr/bin/env bash
# release_image.sh IMAGE@DIGEST PREFIX: runs scripts/image_smoke.sh in the pushed image on each platform, and writes
# what BuildKit found in it to PREFIX-linux-ARCH.spdx.json.
set -euo pipefail
image=$1 prefix=$2
smoke=$(cat "$(dirname "$0")/image_smoke.sh")

mkdir -p "$(dirname "$prefix")"
for arch in amd64 arm64; do
  docker run --rm --pull always --network none --platform "linux/$arch" --entrypoint sh "$image" -c "$smoke"
  docker buildx imagetools inspect "$image" --format "{{ json (index .SBOM \"linux/$arch\").SPDX }}" \
    >"$prefix-linux-$arch.spdx.json"
  # An image without the document answers `null`.
  grep -q '"spdxVersion"' "$prefix-linux-$arch.spdx.json" || {
    echo "release: $image has no SBOM for linux/$arch" >&2
    exit 1
  }
done
