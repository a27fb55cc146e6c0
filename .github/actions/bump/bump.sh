#!/usr/bin/env bash
# Bumps what was checked, and nothing else.
set -euo pipefail

token="${PUSH_TOKEN:-}"
unset PUSH_TOKEN

refuse() {
  echo "::error::$1; nothing was changed"
  exit 4
}

[[ $CHECKED_COMMIT =~ ^[0-9a-f]{40,64}$ ]] || refuse "the checked commit is no commit id"
below="$(git -C "$RELWARDEN_PROJECT" rev-parse --show-prefix)"
others="$(git diff --name-only "$CHECKED_COMMIT" HEAD -- ":/" ":(exclude,top)${below}security/findings" \
  ":(exclude,top)${below}docs/security-status" ":(exclude,top)${below}metrics")"
if [ -n "$others" ]; then refuse "the branch has changes that were not checked"; fi

if [ -n "$token" ]; then
  basic="$(printf 'x-access-token:%s' "$token" | base64 --wrap=0)"
  echo "::add-mask::$basic"
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
  export GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic"
fi
decide-release bump --mode commit --push --decision-id "$DECISION_ID"
