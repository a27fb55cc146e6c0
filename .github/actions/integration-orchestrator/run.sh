#!/usr/bin/env bash
# Runs a command of integration-orchestrator, and commits what it leaves.
set -euo pipefail

here="${BASH_SOURCE[0]%/*}"
# A commit that goes to a branch by name is of what is checked out.
if [ -z "$BRANCH" ]; then bash "$here/../state/state.sh"; fi
# shellcheck source=../common.sh
. "$here/../common.sh"

arguments=()
case "$COMMAND" in
  security-workflow)
    if [ "$FORCE" = true ]; then arguments+=(--force); fi
    if [ -n "$NOTES" ]; then arguments+=("--notes=$NOTES"); fi
    if [ -n "$INDEX" ]; then arguments+=(--index "$INDEX"); fi
    if [ -n "${STARTED:-}" ]; then arguments+=(--started "$STARTED"); fi
    ;;
  manual-workflow)
    arguments+=("--notes=$NOTES")
    if [ -n "$INDEX" ]; then arguments+=(--index "$INDEX"); fi
    if [ -n "${STARTED:-}" ]; then arguments+=(--started "$STARTED"); fi
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

settings
if [ -n "$BRANCH" ]; then state_branch=""; fi
code="$(git rev-parse --quiet --verify HEAD || true)"
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
  # State of a branch of its own follows the state there, not this code.
  if [ "$attempt" = 1 ] && git rev-parse --quiet --verify refs/relwarden/state > /dev/null; then
    git reset --quiet refs/relwarden/state
  fi
  committed=0
  outputs="$RUNNER_TEMP/commit-state-$attempt"
  : > "$outputs"
  GITHUB_OUTPUT="$outputs" with_token integration-orchestrator commit-state "${commit[@]}" || committed=$?
  if [ "$(output superseded "$outputs")" != true ]; then
    if [ "$committed" != 0 ]; then exit "$committed"; fi
    break
  fi
  if [ "$attempt" = 3 ]; then
    echo "::error::other runs changed the findings three times over; run this workflow again"
    exit 4
  fi
done
if [ -n "$state_branch" ] && [ "$COMMIT_STATE" = true ]; then
  git update-ref refs/relwarden/state HEAD
  git config --local relwarden.state laid
  git reset --quiet "$code"
fi
printf 'complete=%s\ncommit=%s\n' "$complete" "$(git rev-parse HEAD)" >> "$GITHUB_OUTPUT"
