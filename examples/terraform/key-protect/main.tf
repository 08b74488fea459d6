# An instance of Key Protect with a root key in a key ring, and an instance of the object store, made in a running
# Baremint by IBM's own Terraform provider.
#
#   eval "$(baremint env --format terraform)"
#   terraform init && terraform apply

terraform {
  required_providers {
    ibm = { source = "IBM-Cloud/ibm" }
  }
}

# Where everything is and who asks comes from the environment: see `baremint env --help`.
provider "ibm" {}

variable "months_between_rotations" {
  type    = number
  default = 3
}

resource "ibm_resource_instance" "kms" {
  name     = "terraform-kms"
  service  = "kms"
  plan     = "tiered-pricing"
  location = "us-south"
}

resource "ibm_resource_instance" "cos" {
  name     = "terraform-cos"
  service  = "cloud-object-storage"
  plan     = "standard"
  location = "global"
}

resource "ibm_kms_key_rings" "team" {
  instance_id = ibm_resource_instance.kms.guid
  key_ring_id = "team-a"
}

resource "ibm_kms_key" "root" {
  instance_id = ibm_resource_instance.kms.guid
  key_name    = "root"
  description = "for buckets"
  key_ring_id = ibm_kms_key_rings.team.key_ring_id
}

resource "ibm_kms_key_alias" "root" {
  instance_id = ibm_resource_instance.kms.guid
  alias       = "db"
  key_id      = ibm_kms_key.root.key_id
}

resource "ibm_kms_key_policies" "root" {
  instance_id = ibm_resource_instance.kms.guid
  key_id      = ibm_kms_key.root.key_id

  rotation {
    interval_month = var.months_between_rotations
  }
}

resource "ibm_kms_instance_policies" "kms" {
  instance_id = ibm_resource_instance.kms.guid

  dual_auth_delete {
    enabled = false
  }
}

output "key" {
  value = ibm_kms_key.root.crn
}
