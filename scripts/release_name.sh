#!/usr/bin/env bash
# release_name.sh IMAGE DIGEST VERSION: lets IMAGE:VERSION be the image of that digest. A name that is something else
# already is never moved; nor is one of which the registry does not say that it is not there.
set -euo pipefail
image=$1 digest=$2 name=$1:$3
said=$(mktemp)
trap 'rm -f "$said"' EXIT

digest_of() { docker buildx imagetools inspect "$1" --format '{{ .Manifest.Digest }}'; }

if there=$(digest_of "$name" 2>"$said"); then
  [ "$there" = "$digest" ] && exit
  echo "release: $name is $there already, not $digest. It is never moved." >&2
  exit 1
fi
# Buildx's words for a 404 of the name itself. An outage, a refusal, or another 404 tells nothing about it.
if ! grep -qxFe "ERROR: $name: not found" -e 'ERROR: manifest unknown: manifest unknown' "$said"; then
  cat "$said" >&2
  echo "release: whether $name is there already is not known, so nothing was named. Run this job again." >&2
  exit 1
fi
docker buildx imagetools create --tag "$name" "$image@$digest"
there=$(digest_of "$name")
[ "$there" = "$digest" ] || {
  echo "release: $name became $there, not $digest" >&2
  exit 1
}
