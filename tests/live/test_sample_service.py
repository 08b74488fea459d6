"""A third service: one package and one setting, and every part of the product knows it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.live.operator import Operator
from tests.live.product import ROOT, Product
from tests.live.signed_in import signed_in
from tests.live.test_program_flows import inside

pytestmark = [pytest.mark.live, pytest.mark.e2e]

PACKAGE = "tests.sample_service"
MOST_LINES = 80
ROLE = "crn:v1:bluemix:public:{}::::serviceRole:{}"


@pytest.fixture(scope="module")
def product(new_product: Callable[..., Product]) -> Iterator[Product]:
    instance = new_product(settings={"BAREMINT_SERVICES": PACKAGE, "PYTHONPATH": str(ROOT)})
    instance.start()
    yield instance
    instance.end()


@pytest.fixture(scope="module")
def profile(operator: Operator, chain: dict[str, Any]) -> dict[str, Any]:
    """What the program on the server runs as. It may do nothing yet."""
    profile = operator.create_profile()
    operator.iam.create_link(profile["id"], cr_type="BMS", link={"crn": chain["server"]["crn"]})
    return profile


class Program:
    """A program on the server, with a token that it got for its identity."""

    def __init__(self, product: Product, operator: Operator, profile: dict[str, Any], metadata_url: str) -> None:
        self.product, self.operator, self.profile = product, operator, profile
        self.token = inside(metadata_url, id=profile["id"]).token_manager.get_token()

    def call(self, method: str, note: str, token: str = "") -> requests.Response:
        url = f"{self.product.info['control_plane_url']}/notes/v1/notes/{note}"
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return requests.request(method, url, headers=headers, timeout=10)

    def grant(self, role: str) -> None:
        resource = {"accountId": self.operator.info["account_id"], "serviceName": "notes"}
        self.operator.policies.create_policy(
            type="access",
            subjects=[{"attributes": [{"name": "iam_id", "value": self.profile["iam_id"]}]}],
            roles=[{"role_id": role}],
            resources=[{"attributes": [{"name": name, "value": value} for name, value in resource.items()]}],
        )


@pytest.fixture(scope="module")
def program(product: Product, operator: Operator, chain: dict[str, Any], profile: dict[str, Any]) -> Program:
    return Program(product, operator, profile, chain["url"])


def test_the_sample_service_has_at_most_eighty_lines() -> None:
    files = (ROOT / PACKAGE.replace(".", "/")).glob("*.py")
    assert 0 < sum(len(file.read_text().splitlines()) for file in files) <= MOST_LINES


def test_a_program_on_a_server_is_refused_with_an_explanation_and_then_allowed(
    product: Product, program: Program
) -> None:
    answer = program.call("GET", "1")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (403, "not_authorized")
    assert product.run("explain", error["more_info"]).startswith(f"DENY: {error['message']}\n")
    program.grant(ROLE.format("iam", "Reader"))
    answer = program.call("GET", "1")
    assert (answer.status_code, answer.json()["id"]) == (200, "1")


def test_an_action_that_needs_its_named_role_is_granted_by_that_role_alone(product: Product, program: Program) -> None:
    owner = product.run("token").strip()
    program.grant(ROLE.format("iam", "Manager"))
    answers = [program.call("DELETE", "2"), program.call("DELETE", "2", owner)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert all("the role Note Burner would allow it" in answer.text for answer in answers)
    explained = product.run("explain", "--action", "notes.note.burn")
    assert explained.startswith("DENY:")
    assert "Note Burner" in explained
    program.grant(ROLE.format("notes", "NoteBurner"))
    assert program.call("DELETE", "2").status_code == 204


def test_calls_of_the_sample_service_are_in_the_activity_log(
    product: Product, program: Program, profile: dict[str, Any]
) -> None:
    program.call("GET", "of-this-test")
    export = f"{product.info['control_plane_url']}/activity/export?format=json&q=of-this-test"
    [event] = signed_in(product).get(export, timeout=10).json()["events"]
    assert "notes.note.read" in str(event)
    assert profile["iam_id"] in str(event)


def test_a_caller_without_a_verified_token_is_told_so_and_leaves_no_event(product: Product, program: Program) -> None:
    answer = program.call("GET", "of-an-unknown-caller", token="a.b.c")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    export = f"{product.info['control_plane_url']}/activity/export?format=json&q=of-an-unknown-caller"
    assert signed_in(product).get(export, timeout=10).json()["events"] == []


def test_the_permissions_page_and_the_api_documentation_have_it(product: Product) -> None:
    page = product.run("permissions")
    assert "## Notes (`notes`)" in page
    assert "| `burn_note` | `DELETE /notes/v1/notes/{note_id}` | `notes.note.burn` | Note Burner |" in page
    document = requests.get(f"{product.info['control_plane_url']}/docs/openapi.json", timeout=20).json()
    assert document["paths"]["/notes/v1/notes/{note_id}"]["get"]["operationId"] == "get_note"


def test_clients_find_it_by_its_variable(product: Product) -> None:
    environment = product.run("env", "--format", "terraform")
    assert f"IBMCLOUD_NOTES_API_ENDPOINT={product.info['control_plane_url']}/notes" in environment.replace("'", "")


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        ("no_such_package", "there is no module no_such_package"),
        ("json", "there is no module json.service"),
        ("tests.no_service", "there is no module tests.no_service"),
        ("..", "not the name of a package"),
        ("controlplane.objectstore", "there is a service cloud-object-storage"),
    ],
)
def test_a_package_without_a_service_is_refused_at_start_by_a_plain_message(
    tmp_path: Any, package: str, reason: str
) -> None:
    process = Product(tmp_path / "home").attempt("up", "--detach", BAREMINT_SERVICES=package)
    assert process.returncode == 1
    assert reason in process.stderr
    assert "Traceback" not in process.stderr


def test_a_service_is_declared_without_loading_django() -> None:
    script = "import sys, tests.sample_service.service; print('django' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "False"
