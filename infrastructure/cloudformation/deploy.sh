#!/usr/bin/env bash
# Deploys relwarden.yml: shows the change set, asks, executes it, prints the workflow variables. May be run again at any time.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=../common.sh
. "$HERE/../common.sh"

about="Deploys the publishing role, the secret and its key with CloudFormation."
read_options "$about" "$@"
settle
# Names of stacks have letters, digits and hyphens only, and begin with a letter.
STACK="${ROLE_NAME//[!A-Za-z0-9-]/-}"
case "$STACK" in [A-Za-z]*) ;; *) STACK="relwarden-$STACK" ;; esac
CHANGE_SET="relwarden-$(date -u +%Y%m%d%H%M%S)-$$"

cfn() { aws cloudformation "$@"; }

# Sets STATUS; NONE for a stack that is not there.
stack_status() {
  if STATUS="$(cfn describe-stacks --stack-name "$STACK" --query 'Stacks[0].StackStatus' --output text 2>&1)"; then
    return
  fi
  case "$STATUS" in
    *"does not exist"*) STATUS=NONE ;;
    *) fail 5 "AWS does not tell about the stack $STACK: ${STATUS##*$'\n'}" ;;
  esac
}

# stack_value Parameters|Outputs KEY: empty where there is none.
stack_value() {
  local kind="${1%s}"
  cfn describe-stacks --stack-name "$STACK" --output text \
    --query "Stacks[0].$1[?${kind}Key=='$2'].${kind}Value | [0]" | sed 's/^None$//'
}

outputs() {
  stack_status
  case "$STATUS" in
    CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE) ;;
    *) fail 2 "the stack $STACK is not deployed" "run: deploy.sh" ;;
  esac
  print_outputs "$(stack_value Outputs AwsRoleArn)" "$(stack_value Outputs AwsRegion)" \
    "$(stack_value Outputs AwsSecretName)" "$(stack_value Outputs RotatorRoleArn)"
}

parameter() { printf 'ParameterKey=%s,ParameterValue=%s' "$1" "$2"; }

# Removes a change set, and the empty stack that a first one leaves.
forget_plan() {
  cfn delete-change-set --stack-name "$STACK" --change-set-name "$CHANGE_SET" >/dev/null || true
  if [ "$1" = CREATE ]; then cfn delete-stack --stack-name "$STACK"; fi
}

deploy() {
  local kind create_provider reason
  stack_status
  case "$STATUS" in
    NONE | REVIEW_IN_PROGRESS)
      kind=CREATE create_provider=true
      if provider_exists; then create_provider=false; fi
      refuse_foreign_secret
      ;;
    CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE)
      kind=UPDATE create_provider="$(stack_value Parameters CreateProvider)"
      ;;
    ROLLBACK_COMPLETE | CREATE_FAILED | DELETE_FAILED)
      fail 2 "the stack $STACK is $STATUS, which only a removal ends" "run: deploy.sh teardown"
      ;;
    *) fail 4 "the stack $STACK is $STATUS" "wait until that has ended, and run it again" ;;
  esac

  say "plan for stack $STACK in account $ACCOUNT, region $REGION:"
  cfn create-change-set --stack-name "$STACK" --change-set-name "$CHANGE_SET" --change-set-type "$kind" \
    --template-body "file://$HERE/relwarden.yml" --capabilities CAPABILITY_NAMED_IAM \
    --parameters \
    "$(parameter GitHubOwner "$OWNER")" "$(parameter GitHubOwnerId "$OWNER_ID")" \
    "$(parameter GitHubRepository "$NAME")" "$(parameter GitHubRepositoryId "$REPOSITORY_ID")" \
    "$(parameter Environment "$ENVIRONMENT")" "$(parameter Branch "$BRANCH")" \
    "$(parameter SecretName "$SECRET_NAME")" "$(parameter RoleName "$ROLE_NAME")" \
    "$(parameter CreateProvider "$create_provider")" "$(parameter RotatorArn "$ROTATOR_ARN")" >/dev/null
  if ! cfn wait change-set-create-complete --stack-name "$STACK" --change-set-name "$CHANGE_SET" 2>/dev/null; then
    reason="$(cfn describe-change-set --stack-name "$STACK" --change-set-name "$CHANGE_SET" --query StatusReason --output text)"
    forget_plan "$kind"
    case "$reason" in
      *"didn't contain changes"* | *"No updates are to be performed"*)
        say "nothing to change"
        outputs
        return
        ;;
    esac
    fail 4 "CloudFormation does not make the plan: $reason"
  fi
  cfn describe-change-set --stack-name "$STACK" --change-set-name "$CHANGE_SET" --output table \
    --query 'Changes[].ResourceChange.{Action:Action,Resource:LogicalResourceId,Type:ResourceType,Replaces:Replacement}' >&2
  if [ "$COMMAND" = plan ]; then
    forget_plan "$kind"
    return
  fi
  # A refusal, or nobody to ask, leaves nothing behind.
  if ! (confirm "Execute this change set?"); then
    forget_plan "$kind"
    exit 2
  fi
  cfn execute-change-set --stack-name "$STACK" --change-set-name "$CHANGE_SET"
  if [ "$kind" = CREATE ]; then
    cfn wait stack-create-complete --stack-name "$STACK" || failed
  else
    cfn wait stack-update-complete --stack-name "$STACK" || failed
  fi
  outputs
}

failed() {
  cfn describe-stack-events --stack-name "$STACK" --output table \
    --query "StackEvents[?ends_with(ResourceStatus, 'FAILED')].{Resource:LogicalResourceId,Reason:ResourceStatusReason}" >&2 || true
  stack_status
  fail 4 "the stack $STACK could not be brought to the plan; it is $STATUS"
}

teardown() {
  stack_status
  if [ "$STATUS" = NONE ]; then
    say "the stack $STACK is not there"
    return
  fi
  say "The stack $STACK in account $ACCOUNT, region $REGION, goes: role and policies. Nothing can publish through it afterwards."
  print_kept
  confirm "Remove it?" || exit 2
  cfn delete-stack --stack-name "$STACK"
  cfn wait stack-delete-complete --stack-name "$STACK" || failed
  say "removed"
}

case "$COMMAND" in
  plan | deploy) deploy ;;
  outputs) outputs ;;
  teardown) teardown ;;
esac
