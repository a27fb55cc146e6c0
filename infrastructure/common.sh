# shellcheck shell=bash
# What both deploy.sh share: options, the repository and its ids, the questions asked. Sourced, never run.
# The settings found here are read by the script that sources this file.
# shellcheck disable=SC2034

set -euo pipefail
# A token that lies in the environment is nobody's business here, nor that of any program started from here.
unset PYPI_TOKEN TWINE_PASSWORD UV_PUBLISH_TOKEN
export AWS_PAGER=""

say() { printf '%s\n' "$*" >&2; }

# fail CODE MESSAGE [HINT]: 2 for what the caller can mend, 4 for what may pass by itself, 5 for a refusal.
fail() {
  say "error: $2"
  if [ -n "${3:-}" ]; then say "hint: $3"; fi
  exit "$1"
}

usage() {
  cat <<TEXT
Usage: deploy.sh [plan|deploy|outputs|teardown] [OPTIONS]

$1

Commands:
  plan       Show what would change, and change nothing
  deploy     Show what will change, ask, and do it [default]
  outputs    Print the workflow variables of what is deployed
  teardown   Remove role and policies; secret, key and identity provider stay

Options (each may also come from the environment variable in brackets):
  --repository OWNER/NAME  The GitHub repository [GITHUB_REPOSITORY; else the remote "origin"]
  --repository-id NUMBER   Its number [GITHUB_REPOSITORY_ID; else asked of gh]
  --owner-id NUMBER        Its owner's number [GITHUB_REPOSITORY_OWNER_ID; else asked of gh]
  --branch NAME            The branch that publishes [RELWARDEN_BRANCH; else asked of gh; else main]
  --environment NAME       The GitHub environment of the publishing job [RELWARDEN_ENVIRONMENT; else pypi]
  --region REGION          The AWS region [AWS_REGION, AWS_DEFAULT_REGION; else aws configure]
  --secret-name NAME       The secret's name [AWS_SECRET_NAME; else NAME/pypi-token of the repository]
  --role-name NAME         The role's name [RELWARDEN_ROLE_NAME; else relwarden-NAME of the repository]
  --rotator-arn ARN        Who may become the rotation role [RELWARDEN_ROTATOR_ARN; else there is none]
  --yes                    Do not ask
  --help                   Show this text

The token of the index is never given here. Store it afterwards: publish-pypi rotate
TEXT
}

# A token in an argument, a variable or a file would end in a shell's history, a process list, a plan or a state.
is_token() { [[ "$1" =~ pypi-[A-Za-z0-9_-]{50,} ]]; }

refuse_tokens() {
  local word name file
  for word in "$@"; do
    if is_token "$word"; then
      fail 5 "an argument holds a token of the index; nothing was done" \
        "revoke it, since the shell and the process list may have kept it; store a new one with: publish-pypi rotate"
    fi
  done
  while IFS= read -r name; do
    if is_token "${!name}"; then
      fail 5 "the variable $name holds a token of the index; nothing was done" \
        "unset it, and store the token with: publish-pypi rotate"
    fi
  done < <(compgen -e)
  for file in "$HERE"/*.tfvars "$HERE"/*.json; do
    if [ -f "$file" ] && is_token "$(<"$file")"; then
      fail 5 "$file holds a token of the index; nothing was done" \
        "revoke it, take it out of the file and of its history, and store a new one with: publish-pypi rotate"
    fi
  done
}

# Sets COMMAND, YES and the settings; what an option does not say comes from the environment.
read_options() {
  local about="$1" value
  shift
  COMMAND=deploy YES=no
  REPOSITORY="${GITHUB_REPOSITORY:-}"
  REPOSITORY_ID="${GITHUB_REPOSITORY_ID:-}"
  OWNER_ID="${GITHUB_REPOSITORY_OWNER_ID:-}"
  BRANCH="${RELWARDEN_BRANCH:-}"
  ENVIRONMENT="${RELWARDEN_ENVIRONMENT:-pypi}"
  REGION="${AWS_REGION:-${AWS_DEFAULT_REGION:-}}"
  SECRET_NAME="${AWS_SECRET_NAME:-}"
  ROLE_NAME="${RELWARDEN_ROLE_NAME:-}"
  ROTATOR_ARN="${RELWARDEN_ROTATOR_ARN:-}"
  refuse_tokens "$@"
  while [ $# -gt 0 ]; do
    case "$1" in
      plan | deploy | outputs | teardown)
        COMMAND="$1"
        shift
        continue
        ;;
      --yes)
        YES=yes
        shift
        continue
        ;;
      --help | -h)
        usage "$about"
        exit 0
        ;;
      --*=*)
        value="${1#*=}"
        set -- "${1%%=*}" "$value" "${@:2}"
        ;;
    esac
    case "$1" in
      --repository | --repository-id | --owner-id | --branch | --environment | --region | --secret-name | --role-name | --rotator-arn) ;;
      *) fail 2 "there is no such command or option: $1" "see: deploy.sh --help" ;;
    esac
    [ $# -ge 2 ] || fail 2 "$1 lacks its value"
    case "$1" in
      --repository) REPOSITORY="$2" ;;
      --repository-id) REPOSITORY_ID="$2" ;;
      --owner-id) OWNER_ID="$2" ;;
      --branch) BRANCH="$2" ;;
      --environment) ENVIRONMENT="$2" ;;
      --region) REGION="$2" ;;
      --secret-name) SECRET_NAME="$2" ;;
      --role-name) ROLE_NAME="$2" ;;
      --rotator-arn) ROTATOR_ARN="$2" ;;
    esac
    shift 2
  done
}

need() { command -v "$1" >/dev/null || fail 2 "$1 is not on the PATH" "$2"; }

# must PATTERN VALUE WHAT: a value that a policy will name has no wildcard, no space and no quote in it.
must() { [[ "$2" =~ ^$1$ ]] || fail 2 "$3 is not usable: '$2'"; }

# Finds what no option said, and checks every value.
settle() {
  local url
  need aws "install the AWS command line and sign in"
  if [ -z "$REPOSITORY" ]; then
    url="$(git -C "$HERE" remote get-url origin 2>/dev/null || true)"
    if [[ "$url" =~ github\.com[:/]([^/]+/[^/]+)$ ]]; then
      REPOSITORY="${BASH_REMATCH[1]%.git}"
    fi
  fi
  [ -n "$REPOSITORY" ] || fail 2 "the GitHub repository is not known" "give --repository OWNER/NAME"
  must '[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}' "$REPOSITORY" "the repository"
  ask_github
  must '[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}' "$REPOSITORY" "the repository, as GitHub names it,"
  OWNER="${REPOSITORY%%/*}" NAME="${REPOSITORY##*/}"
  must '[0-9]{1,20}' "$REPOSITORY_ID" "the repository's number"
  must '[0-9]{1,20}' "$OWNER_ID" "the owner's number"
  must '[A-Za-z0-9._/-]{1,200}' "$BRANCH" "the branch"
  must '[A-Za-z0-9._-]{1,100}' "$ENVIRONMENT" "the environment"
  if [ -z "$REGION" ]; then
    REGION="$(aws configure get region 2>/dev/null || true)"
  fi
  [ -n "$REGION" ] || fail 2 "the AWS region is not known" "give --region, or set AWS_REGION"
  must '[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}' "$REGION" "the region"
  export AWS_REGION="$REGION"
  SECRET_NAME="${SECRET_NAME:-$NAME/pypi-token}"
  must '[A-Za-z0-9/_+=.@-]{1,500}' "$SECRET_NAME" "the secret's name"
  if [[ "$SECRET_NAME" =~ -[A-Za-z0-9]{6}$ ]]; then
    say "warning: the name $SECRET_NAME ends in a hyphen and six characters, as AWS's own suffix does;"
    say "         AWS advises against it, because a lookup by a part of the ARN may find another secret"
  fi
  ROLE_NAME="${ROLE_NAME:-relwarden-${NAME:0:46}}"
  must '[A-Za-z0-9_+.@-]{1,56}' "$ROLE_NAME" "the role's name"
  if [ -n "$ROTATOR_ARN" ]; then
    must 'arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]{1,512}' "$ROTATOR_ARN" "the rotator's ARN"
  fi
  ACCOUNT="$(aws sts get-caller-identity --query Account --output text)" \
    || fail 5 "AWS does not know who is asking" "sign in (aws sso login, or a profile) and try again"
  must '[0-9]{12}' "$ACCOUNT" "the answer of AWS about the account"
}

# Numbers and default branch, where they are not known; names change hands, numbers do not. The name comes back as GitHub's tokens
# spell it, which the policy compares letter by letter.
ask_github() {
  local number owner name branch
  if [ -n "$REPOSITORY_ID" ] && [ -n "$OWNER_ID" ]; then
    BRANCH="${BRANCH:-main}"
    return
  fi
  need gh "install GitHub's command line, or give --repository-id and --owner-id"
  read -r number owner name branch < <(
    gh api "repos/$REPOSITORY" --jq '"\(.id) \(.owner.id) \(.full_name) \(.default_branch)"'
  ) || fail 4 "GitHub does not tell about $REPOSITORY" "sign in (gh auth login), or give --repository-id and --owner-id"
  REPOSITORY_ID="${REPOSITORY_ID:-$number}" OWNER_ID="${OWNER_ID:-$owner}" BRANCH="${BRANCH:-$branch}"
  if [ "$REPOSITORY" != "$name" ]; then say "the repository is $name"; fi
  REPOSITORY="$name"
}

# Whether the account has GitHub's identity provider; it can have it once.
provider_exists() {
  aws iam list-open-id-connect-providers --query 'OpenIDConnectProviderList[].Arn' --output text \
    | grep -q ':oidc-provider/token\.actions\.githubusercontent\.com\b'
}

# A secret that is there already is not ours to take over.
refuse_foreign_secret() {
  local answer
  if answer="$(aws secretsmanager describe-secret --secret-id "$SECRET_NAME" --query ARN --output text 2>&1)"; then
    fail 2 "a secret named $SECRET_NAME exists already, and this deployment did not make it" \
      "take another name with --secret-name, or see 'A secret that is left over' in infrastructure/README.md"
  fi
  case "$answer" in
    *ResourceNotFoundException*) ;;
    *) fail 5 "AWS does not tell whether a secret named $SECRET_NAME exists: ${answer##*$'\n'}" ;;
  esac
}

# Asks, unless --yes; without anybody to ask, nothing is done.
confirm() {
  local answer
  if [ "$YES" = yes ]; then
    return
  fi
  if [ ! -t 0 ]; then
    fail 2 "nobody is here to say yes; nothing was changed" "run it again with --yes"
  fi
  read -r -p "$1 [y/N] " answer
  case "$answer" in
    y | Y | yes) ;;
    *)
      say "nothing was changed"
      return 1
      ;;
  esac
}

# print_outputs ROLE REGION SECRET [ROTATOR]: stdout has the variables, stderr what to do with them.
print_outputs() {
  local name
  printf 'AWS_ROLE_ARN=%s\nAWS_REGION=%s\nAWS_SECRET_NAME=%s\n' "$1" "$2" "$3"
  if [ -n "${4:-}" ]; then printf 'ROTATOR_ROLE_ARN=%s\n' "$4"; fi
  say ""
  say "Set the workflow variables (they are no secrets):"
  for name in "AWS_ROLE_ARN $1" "AWS_REGION $2" "AWS_SECRET_NAME $3"; do
    say "  gh variable set ${name%% *} --repo $REPOSITORY --body '${name#* }'"
  done
  say "  gh variable set RELWARDEN_AUTH --repo $REPOSITORY --body aws"
  say "Then store the token, typed or pasted where nobody sees it:"
  say "  eval \"\$(aws configure export-credentials --format env)\""
  say "  read -rs token && printf '%s' \"\$token\" | AWS_REGION=$2 AWS_SECRET_NAME='$3' publish-pypi rotate; unset token"
}

print_kept() {
  say "What stays, because it cannot be had back: the secret $SECRET_NAME, its key, and the identity provider."
  say "infrastructure/README.md says how to remove them by hand."
}
