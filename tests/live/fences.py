"""The fenced blocks of this project's documents, and how one reads what it prints."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^ *```(?P<language>\S*)")
# What differs from one run to the next: ids, secrets, tokens, times, addresses.
VARYING = re.compile(r"[-\w]*[0-9][-\w.]{6,}|\b\d{3,}\b|127\.[\d.:]+|https?://[\w.:]+")


@dataclass(frozen=True)
class Block:
    document: str
    line: int
    language: str
    text: str
    follows: int = 0
    """Line of the block before it, when nothing but space is between them: then this is what that one prints."""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a Markdown file; ``line`` is where the fence opens."""
    opened: tuple[int, str] | None = None
    inside: list[str] = []
    before = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if fence and opened is None:
            opened, inside = (number, fence["language"]), []
        elif fence and opened:
            yield Block(str(path.relative_to(ROOT)), *opened, "\n".join(inside), follows=before)
            opened, before = None, opened[0]
        elif opened:
            inside.append(line)
        elif line.strip():
            before = 0


def every_block() -> list[Block]:
    return [block for path in DOCUMENTS for block in blocks(path)]


def resembles(printed: str, shown: str) -> bool:
    """Whether a run printed what the document shows, but for what varies; ``...`` in the document is anything."""
    patterns = [re.escape(_steady(piece)) for piece in shown.split("...")]
    return re.fullmatch(".*".join(patterns), _steady(printed), re.DOTALL) is not None


def _steady(text: str) -> str:
    return re.sub(r"\s+", "", VARYING.sub("#", text))
