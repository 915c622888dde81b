#!/usr/bin/env bash
# release_publish.sh TAG NOTES FILE…: the GitHub release of a tag that is there. Drafted first, and published with all
# its files: an immutable release takes none later. Safe to run again; a published release is left as it is.
set -euo pipefail
tag=$1 notes=$2
shift 2

if draft=$(gh release view "$tag" --json isDraft --jq .isDraft 2>/dev/null); then
  if [ "$draft" != true ]; then
    echo "release: $tag is published already" >&2
    exit
  fi
  # Of a run that broke off. The tag stays.
  gh release delete "$tag" --yes
fi
gh release create "$tag" --verify-tag --draft --title "$tag" --notes-file "$notes" "$@"
gh release edit "$tag" --draft=false
