#!/usr/bin/env bash
# release_publish.sh TAG NOTES FILE…: the GitHub release of a tag that is there. Drafted first, and published with all
# its files: an immutable release takes none later. Safe to run again; a published release is left as it is.
set -euo pipefail
tag=$1 notes=$2
shift 2
said=$(mktemp)
trap 'rm -f "$said"' EXIT

if draft=$(gh release view "$tag" --json isDraft --jq .isDraft 2>"$said"); then
  if [ "$draft" != true ]; then
    echo "release: $tag is published already" >&2
    exit
  fi
  # Of a run that broke off. The tag stays.
  gh release delete "$tag" --yes
elif ! grep -qx 'release not found' "$said"; then
  cat "$said" >&2
  echo "release: whether $tag is published already is not known, so nothing was. Run this job again." >&2
  exit 1
fi
gh release create "$tag" --verify-tag --draft --title "$tag" --notes-file "$notes" "$@"
gh release edit "$tag" --draft=false
