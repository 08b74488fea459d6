"""The side navigation: one entry for each section."""

from dataclasses import dataclass

SECTIONS = (
    ("Overview", "/"),
    ("Bare metal servers", "/servers"),
    ("Trusted profiles", "/profiles"),
    ("Explain", "/explain"),
    ("Token inspector", "/inspector"),
    ("Keys and certificates", "/keys"),
    ("Activity", "/activity"),
    ("Learn", "/learn/"),
)
ELSEWHERE = (("API reference", "/docs"), ("Admin", "/admin/"))


@dataclass(frozen=True)
class Section:
    name: str
    path: str
    current: bool = False


def sections(path: str) -> list[Section]:
    """The sections; the one with the path is current."""
    return [Section(name, where, _is_in(path, where)) for name, where in SECTIONS]


def _is_in(path: str, section: str) -> bool:
    return path == section or (section != "/" and path.startswith(f"{section.rstrip('/')}/"))
