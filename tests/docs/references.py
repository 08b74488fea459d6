"""What the documents say of the code: names of the form ``path::Name``, and paths of files and folders."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"`([\w/.-]+\.py)::([\w.]+)`")
PATH = re.compile(r"`((?:controlplane|identity|servers|trustedprofiles|tests|docs|examples)/[\w/.-]*)`")


def missing_names(text: str) -> list[str]:
    """Every ``path::Name`` and ``path::Class.member`` of the text that no file defines."""
    return [f"{path}::{name}" for path, name in NAME.findall(text) if name not in definitions(path)]


def missing_paths(text: str) -> list[str]:
    """Every path of the text, in quotation marks for code, that neither a file nor a folder has."""
    return [path for path in PATH.findall(text) if not (ROOT / path).exists()]


@cache
def definitions(path: str) -> frozenset[str]:
    """The names that a module defines: functions, classes with their members, variables. Empty: it is not there."""
    file = ROOT / path
    return frozenset(_defined(ast.parse(file.read_text()).body)) if file.is_file() else frozenset()


def _defined(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name, body=members):
                yield prefix + name
                yield from _defined(members, f"{prefix}{name}.")
            case ast.Assign(targets=targets):
                yield from (prefix + each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name
