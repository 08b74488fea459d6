"""``python -m tests.architecture.figures``: the product's code in figures, migrations left out.

The rules of this folder say what must be true; the figures say which way the whole goes.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.test_house_rules import PACKAGES, ROOT, SOURCES
from tests.architecture.test_imports import imports_inside_functions
from tests.architecture.vocabulary import participle_locals, texts, tracked, words_kept_out

A_WORD = re.compile(r"[A-Za-z][\w'-]*")


def main() -> None:
    files = tracked(*PACKAGES)
    words = sum(len(A_WORD.findall(text)) for path in files for _, text in texts(path))
    offenders = sum(1 for path in files for _ in words_kept_out(path))
    locals_ = sum(1 for path in SOURCES for _ in participle_locals(path))
    [(largest, count)] = Counter(package_of(path) for path in SOURCES).most_common(1)
    pairs = list(two_way_pairs())
    print(f"words kept out          {offenders} of {words:,} ({1000 * offenders / words:.2f} per 1,000)")
    print(f"participle locals       {locals_}")
    print(f"largest package         {largest}, {count} files")
    print(f"two-way pairs           {len(pairs)} {', '.join(map(' <-> '.join, pairs))}")
    print(
        f"imports in functions    {sum(len({line for line, _ in imports_inside_functions(path)}) for path in SOURCES)}"
    )
    print(f"lines                   {sum(len(path.read_text().splitlines()) for path in SOURCES):,}")
    print(f"statements              {sum(map(statements, SOURCES)):,}")


def package_of(path: Path) -> str:
    """An app, or a package or module of ``controlplane``, by its dotted name."""
    first, *rest = path.relative_to(ROOT).with_suffix("").parts
    return f"{first}.{rest[0]}" if first == "controlplane" else first


def two_way_pairs() -> Iterator[tuple[str, str]]:
    """The packages that import each other."""
    imports: dict[str, set[str]] = defaultdict(set)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
                for alias in node.names:
                    first, *rest = f"{node.module}.{alias.name}".split(".")
                    imports[package_of(path)].add(f"{first}.{rest[0]}" if first == "controlplane" else first)
    for package, others in sorted(imports.items()):
        yield from ((package, other) for other in sorted(others) if package < other and package in imports[other])


def statements(path: Path) -> int:
    """The statements of a file but its docstrings."""
    return sum(
        isinstance(node, ast.stmt)
        and not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        for node in ast.walk(ast.parse(path.read_text()))
    )


if __name__ == "__main__":
    main()
