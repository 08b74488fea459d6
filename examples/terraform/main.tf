# A bare metal server with its network, made in a running Baremint by IBM's own Terraform provider.
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

variable "zone" {
  type    = string
  default = "us-south-1"
}

variable "metadata_service" {
  type    = bool
  default = true
}

variable "public_key" {
  type        = string
  description = "Of an SSH key: TF_VAR_public_key=\"$(cat ~/.ssh/id_rsa.pub)\""
}

data "ibm_is_zones" "all" {
  region = join("-", slice(split("-", var.zone), 0, 2))
}

data "ibm_is_images" "all" {
  visibility = "public"
}

data "ibm_is_bare_metal_server_profiles" "all" {}

data "ibm_is_bare_metal_server_profile" "chosen" {
  name = "bx2-metal-96x384"
}

data "ibm_is_image" "ubuntu" {
  name = one([for image in data.ibm_is_images.all.images : image.name if startswith(image.name, "ibm-ubuntu-22-04")])
}

resource "ibm_is_vpc" "example" {
  name = "terraform"
}

resource "ibm_is_subnet" "example" {
  name                     = "terraform"
  vpc                      = ibm_is_vpc.example.id
  zone                     = var.zone
  total_ipv4_address_count = 256
}

resource "ibm_is_ssh_key" "example" {
  name       = "terraform"
  public_key = var.public_key
}

resource "ibm_is_bare_metal_server" "example" {
  name    = "terraform"
  profile = data.ibm_is_bare_metal_server_profile.chosen.name
  image   = data.ibm_is_image.ubuntu.id
  zone    = var.zone
  vpc     = ibm_is_vpc.example.id
  keys    = [ibm_is_ssh_key.example.id]

  primary_network_interface {
    subnet = ibm_is_subnet.example.id
  }

  metadata_service {
    enabled  = var.metadata_service
    protocol = "http"
  }
}

output "server" {
  value = ibm_is_bare_metal_server.example.id
}
