#!/usr/bin/env bash
# Deploys this module: shows Terraform's plan, asks, applies it, prints the workflow variables. May be run again at any time.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=../common.sh
. "$HERE/../common.sh"

about="Deploys the publishing role, the secret and its key with Terraform. The state is kept where the module says; it never
holds the token."
read_options "$about" "$@"
need terraform "install Terraform 1.6 or newer"
settle

tf() { terraform -chdir="$HERE" "$@"; }

# What is kept when the rest goes.
KEPT=(aws_secretsmanager_secret.token aws_kms_key.token "aws_iam_openid_connect_provider.github[0]")

in_state() { tf state list 2>/dev/null | grep -xF "$1" >/dev/null; }

output() { tf output -raw "$1" 2>/dev/null || true; }

outputs() {
  local role
  role="$(output AWS_ROLE_ARN)"
  [ -n "$role" ] || fail 2 "nothing is deployed from this folder's state" "run: deploy.sh"
  print_outputs "$role" "$(output AWS_REGION)" "$(output AWS_SECRET_NAME)" "$(output ROTATOR_ROLE_ARN)"
}

settings() {
  export TF_VAR_github_owner="$OWNER" TF_VAR_github_owner_id="$OWNER_ID"
  export TF_VAR_github_repository="$NAME" TF_VAR_github_repository_id="$REPOSITORY_ID"
  export TF_VAR_environment="$ENVIRONMENT" TF_VAR_branch="$BRANCH"
  export TF_VAR_secret_name="$SECRET_NAME" TF_VAR_role_name="$ROLE_NAME" TF_VAR_rotator_arn="$ROTATOR_ARN"
  export TF_VAR_create_provider=true TF_IN_AUTOMATION=1
  # The provider that this state made stays in it; one that was there before does not come into it.
  if ! in_state "aws_iam_openid_connect_provider.github[0]" && provider_exists; then
    TF_VAR_create_provider=false
  fi
}

deploy() {
  local changes=0
  tf init -input=false >&2
  settings
  if ! in_state aws_secretsmanager_secret.token; then refuse_foreign_secret; fi
  say "plan for account $ACCOUNT, region $REGION:"
  PLAN="$(mktemp -d)"
  trap 'rm -rf "$PLAN"' EXIT
  tf plan -input=false -detailed-exitcode -out="$PLAN/relwarden.tfplan" >&2 || changes=$?
  case "$changes" in
    0)
      say "nothing to change"
      outputs
      return
      ;;
    2) ;;
    *) fail 4 "Terraform does not make the plan" ;;
  esac
  if [ "$COMMAND" = plan ]; then return; fi
  confirm "Apply this plan?" || exit 2
  tf apply -input=false "$PLAN/relwarden.tfplan" >&2 || fail 4 "Terraform did not apply the whole plan; run it again"
  outputs
}

teardown() {
  local resource
  tf init -input=false >&2
  settings
  say "Of this folder's state in account $ACCOUNT, region $REGION, role and policies go. Nothing can publish through it afterwards."
  tf state list >&2
  print_kept
  confirm "Remove it?" || exit 2
  for resource in "${KEPT[@]}"; do
    if in_state "$resource"; then tf state rm "$resource" >&2; fi
  done
  # What is left hangs on the kept ones by name only.
  tf destroy -input=false -auto-approve >&2 || fail 4 "Terraform did not remove everything; run it again"
  say "removed"
}

case "$COMMAND" in
  plan | deploy) deploy ;;
  outputs) outputs ;;
  teardown) teardown ;;
esac
