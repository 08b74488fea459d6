"""The mutants of a file, made by mutmut's operators, as whole source texts.

mutmut alone changes nothing outside functions and nothing under a decorator, so that a product imports one file with
all mutants in it. Here each mutant is imported for itself, so constants, tables and decorated functions count too.
Left alone is what no test can be about: type annotations, and wording (three words or more).
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst
from libcst import matchers
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

TYPE = matchers.Annotation() | matchers.Subscript(value=matchers.Name("Literal"))


@dataclass(frozen=True)
class Mutant:
    path: str
    function: str
    """In which function or class; empty at the level of the module."""
    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    """The lines that differ, and what stands there instead."""
    number: int
    """Of those that make the same of the same lines in one function, from 1."""
    source: str

    @property
    def name(self) -> str:
        """The same wherever the lines stand in the file."""
        before, after = (" ".join(" ".join(lines).split()) for lines in (self.before, self.after))
        place = f"{self.path} {self.function}".rstrip()
        return f"{place}: {before} => {after}" + (f" #{self.number}" if self.number > 1 else "")

    def is_drawn(self, *, percent: int, seed: str) -> bool:
        """Whether it is in the sample. A change elsewhere in the file draws no other ones."""
        return int.from_bytes(hashlib.sha256((seed + self.name).encode()).digest()[:4]) % 100 < percent


class Everywhere(MutationVisitor):
    """Also under decorators, but not in them."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            return False
        return matchers.matches(node, TYPE) or super()._skip_node_and_children(node)


def mutants_of(path: str, code: str) -> Iterator[Mutant]:
    wrapper = MetadataWrapper(cst.parse_module(code))
    visitor = Everywhere(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    parts = [module.code_for_node(statement) for statement in module.body]
    head = code[: len(code) - len("".join(parts))]
    statement_of = {id(node): index for index, statement in enumerate(module.body) for node in _nodes(statement)}
    counts: Counter[tuple[str, tuple[str, ...], tuple[str, ...]]] = Counter()
    for mutation in visitor.mutations:
        if _is_wording(mutation.original_node):
            continue
        index = statement_of[id(mutation.original_node)]
        statement = module.body[index].deep_replace(mutation.original_node, mutation.mutated_node)
        assert isinstance(statement, cst.CSTNode)
        mutated = head + "".join([*parts[:index], module.code_for_node(statement), *parts[index + 1 :]])
        line, before, after = _difference(code.splitlines(), mutated.splitlines())
        function = _name_of(module.body[index], mutation)
        counts[function, before, after] += 1
        yield Mutant(path, function, line, before, after, counts[function, before, after], mutated)


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _is_wording(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleString) and not node.prefix and len(node.raw_value.split()) > 2


def _name_of(statement: cst.CSTNode, mutation: Mutation) -> str:
    inner = mutation.contained_by_top_level_function
    names = [each.name.value for each in (statement, inner) if isinstance(each, cst.FunctionDef | cst.ClassDef)]
    return ".".join(dict.fromkeys(names))


def _difference(old: list[str], new: list[str]) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """The first line that differs, and what differs from there on in each."""
    start = next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
    )
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start + 1, tuple(old[start : len(old) - end]), tuple(new[start : len(new) - end])


def statements_run(code: str, lines: set[int]) -> set[int]:
    """All lines of the statements, and of the heads of blocks, of which at least one of ``lines`` was run."""
    line_numbers: set[int] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.stmt | ast.match_case):
            body = getattr(node, "body", None)
            first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
            last = body[0].lineno - 1 if body else node.end_lineno
            span = set(range(first, max(first, last or first) + 1))
            line_numbers |= span if span & lines else set()
    return line_numbers
