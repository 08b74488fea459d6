"""What the package index and the container engine are given."""

import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml

from controlplane import __version__
from tests.architecture.test_house_rules import ROOT
from tests.tables import check_each

LINK = re.compile(r"\]\(([^)]+)\)")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
COMMANDS_OF_BAREMINT = [name for name, service in SERVICES.items() if service["image"] == "baremint"]


@pytest.fixture(scope="module")
def links() -> list[str]:
    """Of the README as the package has it."""
    command = [sys.executable, "-m", "hatch_fancy_pypi_readme"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [link for link in LINK.findall(process.stdout) if not link.startswith("#")]


def test_no_link_of_the_package_leads_to_a_file_beside_it(links: list[str]) -> None:
    assert links
    assert [link for link in links if not link.startswith(("https://", "http://"))] == []


def test_every_link_into_the_repository_leads_to_a_file_of_it(links: list[str]) -> None:
    into = re.compile(rf"{re.escape(REPOSITORY)}/(?:blob|raw)/main/([^#]+)")
    paths = [match[1] for link in links if (match := into.match(link))]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_readme_clones_the_repository_that_the_package_names() -> None:
    assert f"git clone {REPOSITORY} " in (ROOT / "README.md").read_text()


def test_the_pictures_are_fetched_as_pictures(links: list[str]) -> None:
    pictures = [link for link in links if link.endswith(".png")]
    assert pictures
    assert [link for link in pictures if "/raw/" not in link] == []


def test_the_changelog_begins_with_the_version() -> None:
    first = re.search(r"^## (\S+?)[, ]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first
    assert first[1] == __version__


def test_one_service_builds_the_image_and_no_other_fetches_it() -> None:
    """Else each of them writes an image of its own, and an `up` with nothing changed makes all containers again."""
    assert [name for name in COMMANDS_OF_BAREMINT if "build" in SERVICES[name]] == ["migrate"]
    assert {SERVICES[name]["pull_policy"] for name in COMMANDS_OF_BAREMINT if name != "migrate"} == {"never"}


def test_a_service_has_time_to_stop() -> None:
    def check(name: str) -> None:
        assert "stop_grace_period" in SERVICES[name]

    check_each(SERVICES, check)


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "healthcheck" in service])
def test_a_service_that_is_still_starting_is_not_held_to_be_ill(name: str) -> None:
    assert "start_period" in SERVICES[name]["healthcheck"]


def test_what_the_documents_write_with_secrets_in_it_is_not_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {"/compose.env", "/proxy-ca.pem"} <= set(ignored)
