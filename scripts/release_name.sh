#!/usr/bin/env bash
# release_name.sh IMAGE DIGEST VERSION: lets IMAGE:VERSION be the image of that digest. A name that is something else
# already is never moved.
set -euo pipefail
image=$1 digest=$2 name=$1:$3

digest_of() { docker buildx imagetools inspect "$1" --format '{{ .Manifest.Digest }}'; }

if there=$(digest_of "$name" 2>/dev/null); then
  [ "$there" = "$digest" ] && exit
  echo "release: $name is $there already, not $digest. It is never moved." >&2
  exit 1
fi
docker buildx imagetools create --tag "$name" "$image@$digest"
there=$(digest_of "$name")
[ "$there" = "$digest" ] || {
  echo "release: $name became $there, not $digest" >&2
  exit 1
}
