"""Documents about the code name what exists, and their links lead to files and headings."""

import re

from tests.docs.references import NAME, PATH, ROOT, missing_names, missing_paths
from tests.tables import assert_none

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def test_every_name_in_a_document_is_defined_where_the_document_says() -> None:
    names = [name for document in DOCUMENTS for name in NAME.findall(document.read_text())]
    offenders = {document.name: missing for document in DOCUMENTS if (missing := missing_names(document.read_text()))}
    assert_none(offenders, among=names)


def test_every_path_in_a_document_is_there() -> None:
    offenders = {document.name: missing for document in DOCUMENTS if (missing := missing_paths(document.read_text()))}
    assert_none(offenders, among=DOCUMENTS)


def test_every_term_of_the_glossary_names_a_module_that_is_there() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| term ")]
    modules = {row: PATH.findall(row.split(" | ")[-1]) for row in rows}
    assert_none([row for row, paths in modules.items() if not paths or missing_paths(row)], among=rows)


def test_every_link_between_documents_leads_to_a_file_and_a_heading_of_it() -> None:
    links = [(document, *link) for document in DOCUMENTS for link in LINK.findall(document.read_text())]
    offenders = []
    for document, path, heading in links:
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (heading and heading not in headings(file.read_text())):
            offenders.append(f"{document.name}: {path}#{heading}")
    assert_none(offenders, among=links)


def headings(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_names_that_are_not_defined_are_reported() -> None:
    text = "`servers/facts.py::facts_of` `servers/facts.py::facts` `servers/no.py::facts_of` `tests/world.py::World.no`"
    assert missing_names(text) == ["servers/facts.py::facts", "servers/no.py::facts_of", "tests/world.py::World.no"]


def test_paths_that_are_not_there_are_reported() -> None:
    assert missing_paths("`servers/facts.py` `servers/` `servers/no.py` `manage.py`") == ["servers/no.py"]
