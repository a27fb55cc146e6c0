#!/usr/bin/env bash
# Finds, downloads or builds the programs, and puts their folder on the PATH of the steps that follow.
set -euo pipefail

# Held to a size, and built for it.
small=(detect-changes decide-release)
others=(integration-orchestrator publish-pypi security-performance-validator update-findings update-status workflow-monitoring)
programs=("${small[@]}" "${others[@]}")
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

# Whether what .cargo/small.args asks of the linker, and of the machine's libraries, is there.
takes_arguments() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || return 1
  local glibc
  glibc="$(getconf GNU_LIBC_VERSION)" || return 1
  printf '%s\n' 2.36 "${glibc#glibc }" | sort --version-sort --check=quiet
}

build() {
  local arguments=() packages=() program
  if takes_arguments; then arguments=(@.cargo/small.args); fi
  for program in "${others[@]}"; do packages+=(--package "$program"); done
  cargo build --release --locked "${packages[@]}"
  # Each by itself: with others beside it, features that they ask for would be built in.
  for program in "${small[@]}"; do
    cargo rustc --profile small --locked --package "$program" --bin "$program" -- "${arguments[@]}"
  done
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
  CARGO_TARGET_DIR="$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-$workspace/target}")"
  export CARGO_TARGET_DIR
  # From its own folder, so that its toolchain counts and not the one of the repository that uses this.
  (cd "$workspace" && build)
  folder="$CARGO_TARGET_DIR/programs"
  mkdir -p "$folder"
  cp "${small[@]/#/$CARGO_TARGET_DIR/small/}" "${others[@]/#/$CARGO_TARGET_DIR/release/}" "$folder"
fi

for program in "${programs[@]}"; do
  [ -x "$folder/$program" ] || fail "$program is not in $folder" 2
done
version="$("$folder/integration-orchestrator" --version)"
echo "$folder" >> "$GITHUB_PATH"
printf 'bin-dir=%s\nversion=%s\n' "$folder" "${version##* }" >> "$GITHUB_OUTPUT"
echo "$version, in $folder"
