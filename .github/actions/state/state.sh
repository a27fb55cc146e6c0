#!/usr/bin/env bash
# Lays the state that `state.branch` keeps over the checkout. The checkout's commit stays, and so does what is staged.
#
# Afterwards refs/relwarden/state is the commit that the state is of; it is not there where the branch is not there yet.
set -euo pipefail

# shellcheck source=../common.sh
. "${BASH_SOURCE[0]%/*}/../common.sh"

settings
if [ -z "$state_branch" ]; then exit 0; fi
# Once is enough: what came after it is this job's own.
if git config --local --get relwarden.state > /dev/null; then exit 0; fi
git check-ref-format "refs/heads/$state_branch"
status=0
with_token git ls-remote --quiet --exit-code origin "refs/heads/$state_branch" > /dev/null || status=$?
case "$status" in
  0) ;;
  2)
    echo "there is no branch $state_branch yet: the first commit of the state makes it"
    git config --local relwarden.state none
    exit 0
    ;;
  *)
    echo "::error::the remote does not tell whether it has the branch of the state"
    exit 4
    ;;
esac
with_token git fetch --quiet --no-tags origin "+refs/heads/$state_branch:refs/relwarden/state"
cd "$RELWARDEN_PROJECT"
differing="$(mktemp)"
git diff --name-only --no-renames -z --relative refs/relwarden/state -- "${own_files[@]/#/:(glob)}" > "$differing"
if [ -s "$differing" ]; then
  git --literal-pathspecs restore --source=refs/relwarden/state --worktree \
    --pathspec-from-file="$differing" --pathspec-file-nul
fi
rm "$differing"
git config --local relwarden.state laid
echo "the state is that of $state_branch, $(git rev-parse --short refs/relwarden/state)"
