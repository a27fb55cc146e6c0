#!/usr/bin/env bash
# One record in metrics/ for one attempt to release.
set -euo pipefail

began=()
if [ -n "$STARTED" ]; then began=(--now "$STARTED"); fi
# The version is text from another job: only a version gets into a message.
what="a release"
if [[ $RELEASE_VERSION =~ ^[0-9A-Za-z.!+]{1,60}$ ]]; then what="$RELEASE_VERSION"; fi

id="$(workflow-monitoring --quiet start --workflow "$WORKFLOW" "${began[@]}")"

failed=""
stage() {
  local name="$1" result="$2"
  case "$result" in
    success) workflow-monitoring stage --id "$id" --name "$name" --status success ;;
    failure | cancelled)
      workflow-monitoring stage --id "$id" --name "$name" --status failed --error "the job ended with $result"
      if [ -z "$failed" ]; then failed="$name"; fi
      ;;
    skipped | "") ;;
    *) echo "::error::$name ended in no known way"; exit 2 ;;
  esac
}
stage quality-gates "$GATES"
stage build "$BUILD"
stage publish "$PUBLISH"

if [ "$PUBLISH" = success ]; then
  workflow-monitoring finish --id "$id" --status success --release-type "$RELEASE_TYPE"
  printf 'command=record-release\nmessage=chore(release): record %s as published\n' "$what" >> "$GITHUB_OUTPUT"
else
  workflow-monitoring finish --id "$id" --status failed --stage "${failed:-publish}" --release-type "$RELEASE_TYPE" \
    --error "the release was not published"
  printf 'command=none\nmessage=chore(release): record that %s was not published\n' "$what" >> "$GITHUB_OUTPUT"
fi
