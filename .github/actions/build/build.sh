#!/usr/bin/env bash
# Builds into an empty folder, checks what came of it, and writes the digests down.
set -euo pipefail

trap 'echo "seconds=$SECONDS" >> "$GITHUB_OUTPUT"' EXIT
cd "$PROJECT"
rm -rf dist
# The time of the commit, so that building the same commit again gives the same bytes.
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH
if [ -n "$TOOLS_DIR" ]; then
  "$TOOLS_DIR/python" -m build --no-isolation --outdir dist
else
  "$RUNNER_TEMP/build/bin/python" -m build --outdir dist
fi
(cd dist && sha256sum -- * > "$RUNNER_TEMP/SHA256SUMS")
RELWARDEN_PROJECT=. publish-pypi check dist
{
  echo 'sums<<RELWARDEN_SHA256SUMS'
  cat "$RUNNER_TEMP/SHA256SUMS"
  echo RELWARDEN_SHA256SUMS
} >> "$GITHUB_OUTPUT"
cat "$RUNNER_TEMP/SHA256SUMS"
