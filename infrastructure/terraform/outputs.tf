# Named as the workflow variables that they are.

output "AWS_ROLE_ARN" {
  description = "The role that the publishing job becomes."
  value       = aws_iam_role.publisher.arn
}

output "AWS_REGION" {
  description = "The region of the secret."
  value       = local.region
}

output "AWS_SECRET_NAME" {
  description = "The name of the secret."
  value       = aws_secretsmanager_secret.token.name
}

output "ROTATOR_ROLE_ARN" {
  description = "The role to become before publish-pypi rotate; empty where there is none."
  value       = one(aws_iam_role.rotator[*].arn)
}
