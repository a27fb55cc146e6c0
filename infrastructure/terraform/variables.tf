# No variable takes the token: `publish-pypi rotate` stores it, so that it is in no plan and in no state.

variable "github_owner" {
  description = "The user or organisation that owns the repository."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}$", var.github_owner))
    error_message = "github_owner must be a GitHub name, without wildcards."
  }
}

variable "github_owner_id" {
  description = "The owner's number (gh api users/OWNER --jq .id). It stays the same when the name changes hands."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{1,20}$", var.github_owner_id))
    error_message = "github_owner_id must be a number."
  }
}

variable "github_repository" {
  description = "The repository's name without its owner."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}$", var.github_repository))
    error_message = "github_repository must be a repository's name, without owner and wildcards."
  }
}

variable "github_repository_id" {
  description = "The repository's number (gh api repos/OWNER/NAME --jq .id)."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{1,20}$", var.github_repository_id))
    error_message = "github_repository_id must be a number."
  }
}

variable "environment" {
  description = "The GitHub environment of the publishing job."
  type        = string
  default     = "pypi"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}$", var.environment))
    error_message = "environment must be an environment's name, without wildcards."
  }
}

variable "publish_workflow" {
  description = "The workflow file that publishes by hand."
  type        = string
  default     = "pypi-publish.yml"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}[.]ya?ml$", var.publish_workflow))
    error_message = "publish_workflow must be the name of a file in .github/workflows."
  }
}

variable "release_workflow" {
  description = "The workflow file that publishes when the security picture changed."
  type        = string
  default     = "security-driven-release.yml"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}[.]ya?ml$", var.release_workflow))
    error_message = "release_workflow must be the name of a file in .github/workflows."
  }
}

variable "branch" {
  description = "The branch whose workflow files may publish."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]{1,200}$", var.branch))
    error_message = "branch must be a branch's name, without wildcards."
  }
}

variable "secret_name" {
  description = "The name of the secret. A name should not end in a hyphen and six characters."
  type        = string
  default     = "pypi-token"

  validation {
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]{1,500}$", var.secret_name))
    error_message = "secret_name may have letters, digits and /_+=.@- only."
  }
}

variable "role_name" {
  description = "The name of the role that the publishing job becomes."
  type        = string
  default     = "relwarden-publisher"

  validation {
    condition     = can(regex("^[A-Za-z0-9_+.@-]{1,56}$", var.role_name))
    error_message = "role_name must be a role's name of at most 56 characters."
  }
}

variable "create_provider" {
  description = "Whether to make GitHub's identity provider. An account can have it once; false where it is there already."
  type        = bool
  default     = true
}

variable "rotator_arn" {
  description = "The role or user that may become the rotation role; empty for none, when an administrator rotates."
  type        = string
  default     = ""

  validation {
    condition     = var.rotator_arn == "" || can(regex("^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]{1,512}$", var.rotator_arn))
    error_message = "rotator_arn must be the ARN of a role or a user, or empty."
  }
}
