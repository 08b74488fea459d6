"""The words of this project: those that stay out of what people read, and those that stay out of names."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.architecture.test_house_rules import ROOT

WORDS = (
    r"whoever|whomever|nobody|somebody|anybody|everybody|heirs?|doors?|doorbells?|ledgers?|anew|lest|heed(?:s|ed)?|"
    r"strangers?"
)
PHRASES = (
    r"nor (?:do|does|is|are|has|may)|of our own|(?:is|are) ours|things? of ours|(?:to|can|cannot) be had|laid open|"
    r"lays? open|what becomes of|became of|all the same|for good"
)
"""Words and phrases for which plain English has a better one: "an unauthenticated caller" for "nobody", "a successor"
for "an heir", "again" for "anew"."""

PARTICIPLES = re.compile(
    "found|asked|known|wanted|made|held|named|told|taken|kept|chosen|shown|done|changed|counted|refused|seen|issued|"
    "given|begun|gone|ended|listed|allowed|left|read|used|bound|offered|signed|needed|said|meant|sent|written|brought|"
    "drawn|put|heard|met|lost|thrown|grown|spoken|forgotten|dropped|announced|excused|condemned"
)
"""No names of local variables: a name says what a value is (``server``), not what happened to it (``found``)."""

SUFFIXES = (".py", ".html", ".md", ".txt", ".js", ".css", ".toml", ".yml", ".yaml", ".sh", "Makefile")
EXEMPT = {
    "CHANGELOG.md": "says what earlier versions did, in the words of their time",
    "tests/architecture/vocabulary.py": "lists the words",
    "tests/architecture/test_vocabulary.py": "tries the checks",
}

WORD = re.compile(rf"\b(?:{WORDS}|{PHRASES})\b", re.IGNORECASE)
PART_OF_NAME = re.compile("[A-Z]?[a-z]+|[A-Z]+")
MARKUP = re.compile(r"<[^>]+>|\{[%{#].*?[%}#]\}|```.*?```|`[^`]*`", re.DOTALL)
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Offender(NamedTuple):
    line: int
    text: str


def tracked(*folders: str) -> list[Path]:
    """The files that people read, in some folders or everywhere, but migrations, which stay as they are, and what
    other projects wrote."""
    command = ["git", "ls-files", "--", *folders]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        ROOT / name
        for name in listing.splitlines()
        if name.endswith(SUFFIXES) and not re.search("/(migrations|vendor)/", name) and (ROOT / name).exists()
    ]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """What a file says to people, each with its line: docstrings, comments and messages, or the text of a page."""
    source = path.read_text()
    if path.suffix != ".py":
        yield 1, MARKUP.sub(lambda markup: "\n" * markup[0].count("\n") or " ", source)
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
            yield token.start[0], token.string


def words_kept_out(path: Path) -> Iterator[Offender]:
    for line, text in texts(path):
        for match in WORD.finditer(text):
            yield Offender(line + text[: match.start()].count("\n"), match[0])


def names_kept_out(path: Path) -> Iterator[Offender]:
    """The names of functions, classes, parameters, variables and the file itself that have such a word in them."""
    for line, name in [(1, path.stem), *defined_names(path)]:
        if any(re.fullmatch(WORDS, part, re.IGNORECASE) for part in PART_OF_NAME.findall(name)):
            yield Offender(line, name)


def defined_names(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name


def participle_locals(path: Path) -> Iterator[Offender]:
    """The local variables of functions, each once a function."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, Function):
            lines: dict[str, int] = {}
            for name in _local_names(function):
                if PARTICIPLES.fullmatch(name.id) and isinstance(name.ctx, ast.Store):
                    lines.setdefault(name.id, name.lineno)
            yield from (Offender(line, name) for name, line in lines.items())


def _local_names(function: ast.AST) -> Iterator[ast.Name]:
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.Name):
            yield child
        if not isinstance(child, Function):
            yield from _local_names(child)
