#!/usr/bin/env bash
# One record in metrics/ for one attempt to release.
set -euo pipefail

# Numbers and moments are texts of other jobs, one of which runs the project's code: what is neither is not known.
number() {
  if [[ $1 =~ ^[0-9]{1,6}$ ]]; then echo "$1"; fi
}
seconds_of() {
  if [[ $1 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]]; then date --utc --date="$1" +%s 2> /dev/null || true; fi
}

# The version is text from another job: only a version gets into a message.
what="a release"
if [[ $RELEASE_VERSION =~ ^[0-9A-Za-z.!+]{1,60}$ ]]; then what="$RELEASE_VERSION"; fi

now="$(seconds_of "${RELWARDEN_NOW:-$(date --utc +%Y-%m-%dT%H:%M:%SZ)}")"
start="$(seconds_of "$STARTED")"
began=()
if [ -n "$start" ]; then began=(--now "$STARTED"); fi
id="$(workflow-monitoring --quiet start --workflow "$WORKFLOW" "${began[@]}")"

failed=""
cancelled=""
# stage NAME RESULT SECONDS
stage() {
  local name="$1" result="$2" took=()
  if [ -n "$(number "$3")" ]; then took=(--duration "$3"); fi
  case "$result" in
    success) workflow-monitoring stage --id "$id" --name "$name" --status success "${took[@]}" ;;
    failure)
      workflow-monitoring stage --id "$id" --name "$name" --status failed --error "the job ended with failure" "${took[@]}"
      failed="${failed:-$name}"
      ;;
    cancelled)
      workflow-monitoring stage --id "$id" --name "$name" --status cancelled
      cancelled="${cancelled:-$name}"
      ;;
    skipped | "") ;;
    *) echo "::error::$name ended in no known way"; exit 2 ;;
  esac
}
stage quality-gates "$GATES" ""
stage bump "${BUMP:-}" ""
stage build "$BUILD" "${BUILD_SECONDS:-}"
stage publish "$PUBLISH" "${PUBLISH_SECONDS:-}"

# From the end of the build on, the publish waits for those who approve it, and for another one that is under way.
took=()
built="$(seconds_of "${BUILD_ENDED:-}")"
if [ -n "$start" ] && [ -n "$now" ]; then
  length=$((now - start))
  if [ -n "$built" ]; then
    published="$(seconds_of "${PUBLISH_BEGAN:-}")"
    length=$((length - (${published:-$now} - built)))
  fi
  if [ "$length" -ge 0 ]; then took=(--duration "$length"); fi
fi

finish() {
  workflow-monitoring finish --id "$id" --release-type "$RELEASE_TYPE" "${took[@]}" "$@"
}
if [ "$PUBLISH" = success ]; then
  finish --status success
  printf 'command=record-release\nmessage=chore(release): record %s as published\n' "$what" >> "$GITHUB_OUTPUT"
else
  if [ -n "$failed" ]; then
    finish --status failed --stage "$failed" --error "not published: $failed ended with failure"
  elif [ -n "$cancelled" ]; then
    finish --status cancelled --stage "$cancelled" --error "not published: $cancelled was cancelled"
  else
    finish --status failed --stage publish --error "not published, and no job says why"
  fi
  printf 'command=none\nmessage=chore(release): record that %s was not published\n' "$what" >> "$GITHUB_OUTPUT"
fi
