#!/usr/bin/env bash
# Runs each scanner to its end and keeps what it left. Whether a report is complete is for update-findings to judge; whether a
# scanner came to an end of its own is judged here.
set -euo pipefail

export PATH="$TOOLS_DIR:$PATH"
cd "$PROJECT"
reports=security/reports/latest
rm -rf "$reports"
mkdir -p "$reports"
crashed=()
rows=""

# judge NAME REPORT STATUS GOOD…: GOOD are the exit codes with which a scanner that did its work ends.
judge() {
  local name="$1" report="$reports/$2" status="$3" word='gave no answer' code
  shift 3
  for code in "$@"; do
    if [ "$status" = "$code" ] && [ -s "$report" ]; then word='came to its end'; fi
  done
  if [ "$word" != 'came to its end' ]; then
    crashed+=("$name")
    echo "::error title=$name::$name ended with $status and gave no answer; what it would have said is unknown"
  fi
  rows+="| $name | $word | $status | $(wc -c < "$report" 2>/dev/null || echo 0) |"$'\n'
}

for scanner in $SCANNERS; do
  status=0
  case "$scanner" in
    pip-audit)
      # 0: nothing found; 1: something found, or an error, after which there is no report.
      if [ -f "$REQUIREMENTS" ]; then
        pip-audit --requirement "$REQUIREMENTS" --no-deps --disable-pip --progress-spinner off \
          --format json --output "$reports/pip-audit.json" || status=$?
      else
        pip-audit --progress-spinner off --format json --output "$reports/pip-audit.json" . || status=$?
      fi
      judge pip-audit pip-audit.json "$status" 0 1
      ;;
    bandit)
      bandit --quiet --recursive "$SOURCE" --format json --output "$reports/bandit.json" || status=$?
      judge bandit bandit.json "$status" 0 1
      ;;
    detect-secrets)
      # Our own state is full of digests, which look like secrets.
      own='^(security/(findings|reports)/|docs/security-status/|metrics/(workflow-|runs/|daily/)[^/]*json$)'
      files=()
      # Without a file it compares names from the top of the repository with names from here, and finds none in a project below the top.
      if [ -n "$(git rev-parse --show-prefix)" ]; then
        while IFS= read -r -d '' file; do
          if [ -f "$file" ]; then files+=("$file"); fi
        done < <(git ls-files -z)
        if [ "${#files[@]}" = 0 ]; then echo "::warning title=detect-secrets::git tracks no file of this project"; fi
      fi
      detect-secrets scan --exclude-files "$own" -- "${files[@]}" > "$reports/secrets-scan.json" || status=$?
      judge detect-secrets secrets-scan.json "$status" 0
      ;;
    *)
      echo "::error::there is no scanner of this name here: ${scanner//[^A-Za-z0-9_.-]/?}"
      exit 2
      ;;
  esac
done

printf '### Scanners\n\n| scanner | end | exit code | bytes |\n| --- | --- | --- | --- |\n%s\n' "$rows" >> "$GITHUB_STEP_SUMMARY"
echo "crashed=${crashed[*]-}" >> "$GITHUB_OUTPUT"
