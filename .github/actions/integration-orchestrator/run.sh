#!/usr/bin/env bash
# Runs a command of integration-orchestrator, and commits what it leaves.
set -euo pipefail

token="${PUSH_TOKEN:-}"
unset PUSH_TOKEN

# with_token COMMAND…: git gets the token as a header of this one command; it lies in no file and in no other step.
with_token() {
  if [ -z "$token" ]; then
    "$@"
    return
  fi
  local basic
  basic="$(printf 'x-access-token:%s' "$token" | base64 --wrap=0)"
  echo "::add-mask::$basic"
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader" \
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic" "$@"
}

arguments=()
case "$COMMAND" in
  security-workflow)
    if [ "$FORCE" = true ]; then arguments+=(--force); fi
    if [ -n "$NOTES" ]; then arguments+=("--notes=$NOTES"); fi
    if [ -n "$INDEX" ]; then arguments+=(--index "$INDEX"); fi
    ;;
  manual-workflow)
    arguments+=("--notes=$NOTES")
    if [ -n "$INDEX" ]; then arguments+=(--index "$INDEX"); fi
    ;;
  record-release)
    arguments+=(--receipt "$RECEIPT")
    if [ -n "$RELEASED_COMMIT" ]; then arguments+=(--commit "$RELEASED_COMMIT"); fi
    ;;
  health-check | none) ;;
  *)
    echo "::error::integration-orchestrator has no command of this name"
    exit 2
    ;;
esac

commit=()
if [ -n "$MESSAGE" ]; then commit+=("--message=$MESSAGE"); fi
if [ -n "$BRANCH" ]; then commit+=(--branch "$BRANCH"); fi

complete=true
for attempt in 1 2 3; do
  status=0
  if [ "$COMMAND" != none ]; then integration-orchestrator "$COMMAND" "${arguments[@]}" || status=$?; fi
  case "$COMMAND:$status" in
    *:0) complete=true ;;
    security-workflow:1) complete=false ;;
    *) exit "$status" ;;
  esac
  # The decision counts as published from now on; the page says so in the same commit.
  if [ "$COMMAND" = record-release ]; then update-status; fi
  if [ "$COMMIT_STATE" != true ]; then break; fi
  committed=0
  outputs="$RUNNER_TEMP/commit-state-$attempt"
  GITHUB_OUTPUT="$outputs" with_token integration-orchestrator commit-state "${commit[@]}" || committed=$?
  if ! grep --quiet --line-regexp 'superseded=true' "$outputs" 2>/dev/null; then
    if [ "$committed" != 0 ]; then exit "$committed"; fi
    break
  fi
  if [ "$attempt" = 3 ]; then
    echo "::error::other runs changed the findings three times over; run this workflow again"
    exit 4
  fi
done
printf 'complete=%s\ncommit=%s\n' "$complete" "$(git rev-parse HEAD)" >> "$GITHUB_OUTPUT"
