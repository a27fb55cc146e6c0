#!/usr/bin/env bash
# Finds, downloads or builds the programs, and puts their folder on the PATH of the steps that follow.
set -euo pipefail

programs=(detect-changes decide-release integration-orchestrator publish-pypi security-performance-validator update-findings
  update-status workflow-monitoring)
archive=relwarden-programs.tar.gz
download="$RUNNER_TEMP/relwarden-download"
folder="$RUNNER_TEMP/relwarden-bin"

fail() {
  echo "::error::$1"
  exit "$2"
}

has_digest() {
  [[ $1 =~ ^[0-9a-f]{64}$ ]] || fail "the SHA-256 that the archive must have is no SHA-256" 2
  echo "$1  $download/$archive" | sha256sum --check --strict --quiet || fail "$archive is not the file that was meant" 5
}

unpack() {
  mkdir -p "$folder"
  tar --extract --gzip --no-same-owner --file "$download/$archive" --directory "$folder" "${programs[@]}"
}

if [ -n "${BIN_DIR:-}" ]; then
  folder="$(cd "$BIN_DIR" && pwd)"
elif [ -n "${ARTIFACT:-}" ]; then
  has_digest "${SHA256:-}"
  unpack
elif [ -n "${VERSION:-}" ]; then
  [[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+([.-][0-9A-Za-z.-]+)?$ ]] || fail "version is no version" 2
  [[ $REPOSITORY =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] || fail "repository is no owner/name" 2
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-gnu ;;
    *) fail "there is no release for $(uname -s) on $(uname -m); leave version out to build from source" 2 ;;
  esac
  mkdir -p "$download"
  name="relwarden-$target.tar.gz"
  gh release download "v$VERSION" --repo "$REPOSITORY" --dir "$download" --clobber --pattern "$name" --pattern SHA256SUMS
  listed="$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$download/SHA256SUMS")"
  mv "$download/$name" "$download/$archive"
  has_digest "$listed"
  if [ -n "${SHA256:-}" ]; then has_digest "$SHA256"; fi
  gh attestation verify "$download/$archive" --repo "$REPOSITORY"
  unpack
else
  workspace="$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)"
  packages=()
  for program in "${programs[@]}"; do packages+=(--package "$program"); done
  CARGO_TARGET_DIR="$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-$workspace/target}")"
  export CARGO_TARGET_DIR
  # From its own folder, so that its toolchain counts and not the one of the repository that uses this.
  (cd "$workspace" && cargo build --release --locked "${packages[@]}")
  folder="$CARGO_TARGET_DIR/release"
fi

for program in "${programs[@]}"; do
  [ -x "$folder/$program" ] || fail "$program is not in $folder" 2
done
version="$("$folder/integration-orchestrator" --version)"
echo "$folder" >> "$GITHUB_PATH"
printf 'bin-dir=%s\nversion=%s\n' "$folder" "${version##* }" >> "$GITHUB_OUTPUT"
echo "$version, in $folder"
