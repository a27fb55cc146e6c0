# Lets one GitHub Actions job of one repository read one secret, the token of a Python package index, and nothing else.
# The policies are in policies.tf, which is generated.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_region.current.id
  suffix    = data.aws_partition.current.dns_suffix
  key_arn   = aws_kms_key.token.arn
}

# AWS checks GitHub's certificates by itself; a list of thumbprints would be ignored.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_provider ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]

  # Other roles of the account may trust it.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_key" "token" {
  description             = "Encrypts the index token of ${var.github_owner}/${var.github_repository}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy

  lifecycle {
    prevent_destroy = true
  }
}

# Made without a value: the token never is a variable, a part of the state or a word of a command line.
resource "aws_secretsmanager_secret" "token" {
  name                    = var.secret_name
  description             = "Token with which ${var.github_owner}/${var.github_repository} publishes; stored by publish-pypi rotate"
  kms_key_id              = aws_kms_key.token.arn
  recovery_window_in_days = 30

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_secretsmanager_secret_policy" "token" {
  secret_arn          = aws_secretsmanager_secret.token.arn
  block_public_policy = true
  policy              = local.secret_policy
}

# Attached to the publishing role, and its boundary too: a policy that somebody adds to the role gives it nothing more.
resource "aws_iam_policy" "read" {
  name        = "${var.role_name}-read"
  description = "Reads the secret ${var.secret_name} and nothing else"
  policy      = local.read_policy
}

resource "aws_iam_role" "publisher" {
  name                 = var.role_name
  description          = "The publishing job of ${var.github_owner}/${var.github_repository}"
  max_session_duration = 3600
  permissions_boundary = aws_iam_policy.read.arn
  assume_role_policy   = local.trust_policy

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy_attachment" "publisher" {
  role       = aws_iam_role.publisher.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_role" "rotator" {
  count = var.rotator_arn == "" ? 0 : 1

  name                 = "${var.role_name}-rotate"
  description          = "Replaces the token in ${var.secret_name}; for people, not for workflows"
  max_session_duration = 3600
  assume_role_policy   = local.rotator_policy
}

resource "aws_iam_role_policy" "rotator" {
  count = var.rotator_arn == "" ? 0 : 1

  name   = "replace-token"
  role   = aws_iam_role.rotator[0].id
  policy = local.rotate_policy
}
