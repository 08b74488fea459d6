"""The Terraform examples, with IBM's provider: made, planned again without a change, changed, destroyed.

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
EXAMPLES = Path(__file__).parents[2] / "examples" / "terraform"
CHANGES = {"main.tf": "metadata_service=false", "key-protect/main.tf": "months_between_rotations=6"}
"""The variable that changes something in each example."""
SECONDS = 600

pytestmark = [pytest.mark.live, pytest.mark.e2e]
with_the_provider = pytest.mark.skipif(
    not (PROVIDER and shutil.which("terraform")), reason="needs terraform, and TERRAFORM_IBM_PROVIDER=<folder>"
)


class Terraform:
    def __init__(self, folder: Path, product: Product, example: str) -> None:
        shutil.copy(EXAMPLES / example, folder)
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


@with_the_provider
@pytest.mark.parametrize("example", CHANGES)
def test_an_example_is_made_stays_as_it_is_is_changed_and_goes(product: Product, tmp_path: Path, example: str) -> None:
    terraform = Terraform(tmp_path, product, example)
    assert terraform.run("apply", "-auto-approve") == 0
    assert terraform.run("plan", "-detailed-exitcode") == 0
    change = ("-var", CHANGES[example])
    assert terraform.run("apply", "-auto-approve", *change) == 0
    assert terraform.run("plan", "-detailed-exitcode", *change) == 0
    assert terraform.run("destroy", "-auto-approve", *change) == 0


def test_every_example_is_run() -> None:
    assert {str(each.relative_to(EXAMPLES)) for each in EXAMPLES.rglob("*.tf")} == {*CHANGES}
