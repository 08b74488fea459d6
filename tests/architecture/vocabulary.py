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
    r"strangers?|shall"
)
PHRASES = (
    r"nor (?:do|does|is|are|has|may)|of our own|of ours|(?:is|are) ours|(?:to|can|cannot) be had|laid open|lays? open|"
    r"becomes? of|became of|tells? of|whether to tell|all the same|for good"
)
"""Words and phrases for which plain English has a better one: "an unauthenticated caller" for "nobody", "a successor"
for "an heir", "again" for "anew"."""

PARTICIPLES = re.compile(
    "found|asked|known|wanted|made|held|named|told|taken|kept|chosen|shown|done|changed|counted|refused|seen|issued|"
    "given|begun|gone|ended|listed|allowed|left|read|used|bound|offered|signed|needed|said|meant|sent|written|brought|"
    "drawn|put|heard|met|lost|thrown|grown|spoken|forgotten|dropped|announced|excused|condemned"
)
"""No names of local variables: a name says what a value is (``server``), not what happened to it (``found``)."""

SUFFIXES = (
    ".py",
    ".html",
    ".md",
    ".txt",
    ".js",
    ".css",
    ".toml",
    ".yml",
    ".yaml",
    ".sh",
    "Makefile",
    "Dockerfile",
    "run",
)
EXEMPT = {
    "CHANGELOG.md": "says what earlier versions did, in the words of their time",
    "tests/architecture/vocabulary.py": "lists the words",
    "tests/architecture/test_vocabulary.py": "tries the checks",
}

WORD = re.compile(rf"\b(?:{WORDS}|{PHRASES})\b".replace(" ", r"\s+"), re.IGNORECASE)
PART_OF_NAME = re.compile("[A-Z]?[a-z]+|[A-Z]+")
CODE_IN_PAGE = {
    ".html": re.compile(r"<[^>]+>|\{[%{#].*?[%}#]\}", re.DOTALL),
    ".md": re.compile(r"```.*?```|`[^`]*`", re.DOTALL),
}
QUOTED = re.compile('"([^"]*)"')
TEXT = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
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
        code = CODE_IN_PAGE.get(path.suffix)
        yield 1, code.sub(_quoted_text, source) if code else source
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in TEXT and (token.type == tokenize.COMMENT or " " in token.string):
            yield token.start[0], token.string


def _quoted_text(markup: re.Match[str]) -> str:
    """The texts in a tag, such as a title, and its line breaks."""
    return " ".join(text for text in QUOTED.findall(markup[0]) if " " in text) + "\n" * markup[0].count("\n") + " "


def words_kept_out(path: Path) -> Iterator[Offender]:
    if not WORD.search(path.read_text()):
        return  # to read a file whole is ten times quicker than to take it apart
    for line, text in texts(path):
        for match in WORD.finditer(text):
            yield Offender(line + text[: match.start()].count("\n"), match[0])


def names_kept_out(path: Path) -> Iterator[Offender]:
    """The names of functions, classes, parameters, variables and the file itself that have such a word in them."""
    has_words = re.search(WORDS, path.read_text(), re.IGNORECASE)
    for line, name in [(1, path.stem), *(defined_names(path) if has_words else ())]:
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
            for name, line in _local_names(function):
                if PARTICIPLES.fullmatch(name):
                    lines.setdefault(name, line)
            yield from (Offender(line, name) for name, line in lines.items())


def _local_names(function: ast.AST) -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(function):
        match child:
            case ast.Name(id=name, ctx=ast.Store()) | ast.ExceptHandler(name=str(name)):
                yield name, child.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, child.lineno
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name, child.lineno) for alias in aliases)
        if not isinstance(child, Function):
            yield from _local_names(child)
