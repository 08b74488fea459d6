"""The Terraform example, with IBM's provider: made, planned again without a change, changed, destroyed.

Runs where ``terraform`` is installed and ``TERRAFORM_IBM_PROVIDER`` names the folder of a built provider.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.live.product import Product

PROVIDER = os.environ.get("TERRAFORM_IBM_PROVIDER", "")
EXAMPLE = Path(__file__).parents[2] / "examples" / "terraform" / "main.tf"
SECONDS = 600

pytestmark = [
    pytest.mark.live,
    pytest.mark.e2e,
    pytest.mark.skipif(
        not (PROVIDER and shutil.which("terraform")), reason="needs terraform, and TERRAFORM_IBM_PROVIDER=<folder>"
    ),
]


class Terraform:
    def __init__(self, folder: Path, product: Product) -> None:
        shutil.copy(EXAMPLE, folder)
        rc = folder / "terraform.rc"
        rc.write_text(
            f'provider_installation {{\n dev_overrides {{ "IBM-Cloud/ibm" = "{PROVIDER}" }}\n direct {{}}\n}}\n'
        )
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        public = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        lines = product.run("env", "--format", "terraform").splitlines()
        variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        self.folder = folder
        self.environment = os.environ | variables | {"TF_CLI_CONFIG_FILE": str(rc), "TF_VAR_public_key": public}

    def run(self, *arguments: str) -> int:
        command = ["terraform", *arguments, "-no-color", "-input=false"]
        process = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert "Error" not in process.stdout + process.stderr, process.stdout[-3000:] + process.stderr[-3000:]
        return process.returncode


def test_the_example_is_made_stays_as_it_is_is_changed_and_goes(product: Product, tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, product)
    assert terraform.run("apply", "-auto-approve") == 0
    assert terraform.run("plan", "-detailed-exitcode") == 0
    off = ("-var", "metadata_service=false")
    assert terraform.run("apply", "-auto-approve", *off) == 0
    assert terraform.run("plan", "-detailed-exitcode", *off) == 0
    assert terraform.run("destroy", "-auto-approve", *off) == 0
