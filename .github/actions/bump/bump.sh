#!/usr/bin/env bash
# Bumps what was checked, and nothing else.
set -euo pipefail

here="${BASH_SOURCE[0]%/*}"
bash "$here/../state/state.sh"
# shellcheck source=../common.sh
. "$here/../common.sh"

# refuse CODE TEXT
refuse() {
  echo "::error::$2; nothing is built"
  exit "$1"
}

# differing A B: the files that differ between two commits, without ours.
differing() {
  git -C "$RELWARDEN_PROJECT" diff --name-only --no-relative "$1" "$2" -- ':/' "${own_files[@]/#/:(exclude,glob)}"
}

# is_of_a_decision TAG COMMIT: whether a bump made what the tag leads to, and not a person.
is_of_a_decision() {
  with_token git fetch --quiet --no-tags origin "+refs/tags/$1:refs/relwarden/tag" || return 1
  grep --quiet '^Relwarden-Decision: ' <<< "$(git cat-file -p refs/relwarden/tag; git show --no-patch --format=%B "$2")"
}

[[ $CHECKED_COMMIT =~ ^[0-9a-f]{40,64}$ ]] || refuse 4 "the checked commit is no commit id"
branch="$(git symbolic-ref --short HEAD)"
settings
# What is built has to be committed, so a bump that leaves it in the work tree is none here.
mode=commit
if [ "$bump_mode" = pull-request ]; then mode=pull-request; fi

for attempt in 1 2 3 4 5; do
  others="$(differing "$CHECKED_COMMIT" HEAD)"
  if [ -n "$others" ]; then refuse 4 "the branch has changes that were not checked"; fi
  head="$(git rev-parse HEAD)"
  outputs="$RUNNER_TEMP/bump-$attempt"
  rm -f "$outputs"
  status=0
  GITHUB_OUTPUT="$outputs" with_token decide-release bump --mode "$mode" --push --decision-id "$DECISION_ID" || status=$?
  if [ "$status" = 0 ]; then break; fi
  # 4: the push was refused, and what was done is taken back. Another run may just have pushed its state: that is no change to check.
  if [ "$status" != 4 ] || [ "$attempt" = 5 ]; then exit "$status"; fi
  sleep "$attempt"
  with_token git fetch --quiet origin "$branch"
  git reset --quiet --keep FETCH_HEAD
done

commit="$(output commit "$outputs")"
tag="$(output tag "$outputs")"
[[ $commit =~ ^[0-9a-f]{40,64}$ ]] || refuse 1 "the bump told no commit"
if [ "$mode" = pull-request ]; then
  missing="$(differing "$commit" "$head")"
  if [ -n "$missing" ]; then
    refuse 1 "the version waits on the branch $(output branch "$outputs"): merge it into $branch and run this again (if it is merged already, delete it)"
  fi
  commit="$head"
else
  # The tag of a release that failed stays, and a person may have made one; what it names is built only if it is what was checked.
  moved="$(differing "$commit" HEAD)"
  if [ -n "$moved" ] && is_of_a_decision "$tag" "$commit"; then
    refuse 1 "the tag $tag names older code, $commit, from a release that failed: delete the tag (git push --delete origin $tag) and run this again"
  elif [ -n "$moved" ]; then
    refuse 1 "the tag $tag, which no release of these workflows made, names other code than what was checked, $commit: give the project a newer version, or move the tag yourself if this version never came out"
  fi
fi
printf 'commit=%s\ntag=%s\nnext_version=%s\n' "$commit" "$tag" "$(output next_version "$outputs")" >> "$GITHUB_OUTPUT"
