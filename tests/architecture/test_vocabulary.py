"""What people read is plain standard English, and a name says what a thing is; docs/glossary.md has the terms."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.test_house_rules import ROOT
from tests.architecture.vocabulary import (
    EXEMPT,
    Offender,
    names_kept_out,
    participle_locals,
    tracked,
    words_kept_out,
)
from tests.tables import assert_none

Check = Callable[[Path], Iterator[Offender]]


def test_texts_and_names_keep_to_the_vocabulary() -> None:
    files = tracked()
    modules = [path for path in files if path.suffix == ".py"]
    assert_none(
        [
            *offenders(words_kept_out, files, "has a better word"),
            *offenders(names_kept_out, modules, "is a name with such a word"),
            *offenders(participle_locals, modules, "is a participle: name what it is"),
        ],
        among=modules,
    )


def offenders(check: Check, files: list[Path], reason: str) -> Iterator[str]:
    for path in files:
        name = str(path.relative_to(ROOT))
        if name not in EXEMPT:
            yield from (f'{name}:{line}: "{text}" {reason}' for line, text in check(path))


EXAMPLE = '''
def open_door(whoever):
    """Asks\n    nobody."""
    found = asked = whoever  # anew
    def inner():
        held = [told for told in found]
    try:
        import issued
    except Exception as lost:
        """It may be laid
        open."""
    return "stranger", "a stranger"
'''


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (words_kept_out, [(4, "nobody"), (5, "anew"), (11, "laid\n        open"), (13, "stranger")]),
        (names_kept_out, [(2, "open_door"), (2, "whoever")]),
        (participle_locals, [(5, "found"), (5, "asked"), (9, "issued"), (10, "lost"), (7, "held"), (7, "told")]),
    ],
)
def test_each_check_names_the_line_of_what_it_finds(
    check: Check, expected: list[tuple[int, str]], tmp_path: Path
) -> None:
    path = tmp_path / "example.py"
    path.write_text(EXAMPLE)
    assert list(check(path)) == expected


def test_of_a_page_its_texts_are_read_and_not_its_markup(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('{# anew #}\n<p class="door" title="for nobody">{{ nobody }}</p>\n<p>To a stranger.</p>')
    assert list(words_kept_out(page)) == [(2, "nobody"), (3, "stranger")]
