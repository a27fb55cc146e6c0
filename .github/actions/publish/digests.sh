#!/usr/bin/env bash
# The files must be the ones that were built: each with its digest, none missing, none beside them. So must the decision be the one
# that was made: what is published is recorded as carrying it out.
set -euo pipefail

if [ -n "${DECISION_SHA256:-}" ]; then
  [[ $DECISION_SHA256 =~ ^[0-9a-f]{64}$ ]] || { echo "::error::the digest of the decision is no SHA-256"; exit 2; }
  if ! (cd "$PROJECT" && echo "$DECISION_SHA256  decision.json" | sha256sum --check --strict); then
    echo "::error::decision.json is not the decision that was made"
    exit 5
  fi
fi
cd "$PROJECT/$DIST"
if [ -z "$SUMS" ]; then
  echo "::error::the build told no digests"
  exit 2
fi
printf '%s\n' "$SUMS" | sha256sum --check --strict
told="$(printf '%s\n' "$SUMS" | sed 's/^[0-9a-f]* [ *]//' | LC_ALL=C sort)"
found="$(find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort)"
if [ "$told" != "$found" ]; then
  echo "::error::the files are not the ones that were built"
  diff <(printf '%s\n' "$told") <(printf '%s\n' "$found") || true
  exit 5
fi
