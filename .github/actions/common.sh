#!/usr/bin/env bash
# What the scripts of several actions need. Sourced, never run.

# The token is taken out of the environment, so that no program gets it but git, by with_token.
token="${PUSH_TOKEN:-}"
unset PUSH_TOKEN

# What is ours below a project; it may have code of its own in a folder `metrics`.
# shellcheck disable=SC2034 # for the scripts that source this
own_files=('security/findings/**' 'docs/security-status/**' 'metrics/workflow-*.json' 'metrics/runs/*.ndjson' 'metrics/daily/*.json')

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

# output NAME FILE: the last value that a program wrote for an output, in either spelling that the runner reads (NAME=value, or
# NAME<<END, lines, END); nothing where there is none.
output() {
  awk -v name="$1" '
    end != "" {
      if ($0 != end) { value = value separator $0; separator = "\n"; next }
      if (key == name) { found = value }
      end = ""
      next
    }
    {
      block = index($0, "<<")
      line = index($0, "=")
      key = substr($0, 1, (block && (!line || block < line) ? block : line) - 1)
      if (block && (!line || block < line)) { end = substr($0, block + 2); value = separator = "" }
      else if (line && key == name) { found = substr($0, line + 1) }
    }
    END { print found }' "$2"
}

# settings: asks the configuration where the state is, and what a bump does; `state_branch` and `bump_mode` have the answers.
settings() {
  local answers
  answers="$(mktemp)"
  GITHUB_OUTPUT="$answers" integration-orchestrator --quiet settings > /dev/null
  state_branch="$(output state_branch "$answers")"
  # shellcheck disable=SC2034 # as above
  bump_mode="$(output bump_mode "$answers")"
  rm "$answers"
  # A checkout of that branch has its state.
  if [ "$state_branch" = "$(git symbolic-ref --quiet --short HEAD || true)" ]; then state_branch=""; fi
}
