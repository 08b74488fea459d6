"""How the command line client prints."""

from typing import Any

import pytest

from controlplane.cli.output import as_fields, as_table, value

ROW = {
    "name": "web-1",
    "status": "running",
    "metadata_service": {"enabled": True},
    "disks": [{"id": "d", "name": "boot"}, {"id": "e"}],
    "reasons": [],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name", "web-1"),
        ("metadata_service.enabled", "true"),
        ("metadata_service.protocol", "-"),
        ("name.of.nothing", "-"),
        ("disks", "boot, e"),
        ("reasons", "-"),
    ],
)
def test_a_property_reads_well(path: str, expected: str) -> None:
    assert value(ROW, path) == expected


def test_columns_are_aligned() -> None:
    rows: list[dict[str, Any]] = [ROW, {"name": "a-much-longer-name", "status": "failed"}]
    assert as_table(rows, [("Name", "name"), ("Status", "status")]).splitlines() == [
        "Name                 Status",
        "web-1                running",
        "a-much-longer-name   failed",
    ]


def test_a_table_of_nothing_has_a_heading() -> None:
    assert as_table([], [("Name", "name")]) == "Name"


def test_fields_are_aligned() -> None:
    assert as_fields(ROW, [("Name", "name"), ("Metadata service", "metadata_service.enabled")]).splitlines() == [
        "Name               web-1",
        "Metadata service   true",
    ]
