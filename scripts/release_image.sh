#!/usr/bin/env bash
# release_image.sh IMAGE@DIGEST PREFIX: runs scripts/image_smoke.sh in the pushed image on each platform, and writes
# what BuildKit found in it to PREFIX-linux-ARCH.spdx.json.
set -euo pipefail
image=$1 prefix=$2
smoke=$(cat "$(dirname "$0")/image_smoke.sh")
# What actions/attest takes of an SBOM. It would say so too, but after some attestations are out already.
largest=$((16 * 1024 * 1024))

mkdir -p "$(dirname "$prefix")"
for arch in amd64 arm64; do
  list=$prefix-linux-$arch.spdx.json
  docker run --rm --pull always --network none --platform "linux/$arch" --entrypoint sh "$image" -c "$smoke"
  docker buildx imagetools inspect "$image" --format "{{ json (index .SBOM \"linux/$arch\").SPDX }}" >"$list"
  # An image without the document answers `null`.
  grep -q '"spdxVersion"' "$list" || {
    echo "release: $image has no SBOM for linux/$arch" >&2
    exit 1
  }
  size=$(stat --format %s "$list")
  [ "$size" -le "$largest" ] || {
    echo "release: the SBOM of $image for linux/$arch has $size bytes; at most $largest can be attested" >&2
    exit 1
  }
done
