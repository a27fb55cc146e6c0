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
if [ -n "$token" ]; then
  basic="$(printf 'x-access-token:%s' "$token" | base64 --wrap=0)"
  echo "::add-mask::$basic"
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
  export GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic"
fi
branch="$(git symbolic-ref --short HEAD)"
below="$(git -C "$RELWARDEN_PROJECT" rev-parse --show-prefix)"

# The files that differ between a commit and what is checked out, without the state.
differing() {
  git diff --name-only "$1" HEAD -- ":/" ":(exclude,top)${below}security/findings" \
    ":(exclude,top)${below}docs/security-status" ":(exclude,top)${below}metrics"
}

for attempt in 1 2 3 4 5; do
  others="$(differing "$CHECKED_COMMIT")"
  if [ -n "$others" ]; then refuse "the branch has changes that were not checked"; fi
  status=0
  decide-release bump --mode commit --push --decision-id "$DECISION_ID" || status=$?
  # 4: the push was refused, and what was done is taken back. Another run may just have pushed its state: that is no change to check.
  if [ "$status" = 0 ]; then
    # The tag of a release that failed stays; what it names is built only if it is what was checked.
    tagged="$(awk '/^commit<</ { getline; value = $0 } END { print value }' "$GITHUB_OUTPUT")"
    if [ -n "$tagged" ] && [ -n "$(differing "$tagged")" ]; then
      refuse "the tag of this version names older code, $tagged, from a release that failed: delete the tag (git push --delete origin TAG) and run again"
    fi
  fi
  if [ "$status" != 4 ] || [ "$attempt" = 5 ]; then exit "$status"; fi
  sleep "$attempt"
  git fetch --quiet origin "$branch"
  git reset --quiet --keep FETCH_HEAD
done
