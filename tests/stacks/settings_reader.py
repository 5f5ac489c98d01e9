"""Finds the settings that the code of a function reads."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lambdas.shared.settings import Settings
from stacks.constructs.build_folder import PROJECT

SETTINGS = {name for name in vars(Settings) if not name.startswith("_")}

Definition = tuple[str, str]
"""A module and a name that it defines, such as `lambdas.shared.log` and `logger`."""


def variables_read_by(handler: str) -> set[str]:
    """Return the environment variables that a handler reads, directly or in the code that it uses.

    Args:
        handler: Such as `lambdas.saga.close_order.handler.handler`.
    """
    module, _, name = handler.rpartition(".")
    found, left = set[Definition](), [(module, name)]
    while left:
        definition = left.pop()
        if definition not in found:
            found.add(definition)
            left.extend(_used_by(*definition))
    return {name.upper() for definition in found for name in _read_in(*definition)}


def _read_in(module: str, name: str) -> Iterator[str]:
    """Every `settings.name` and `Settings().name` in a definition."""
    for node in _nodes(module, name):
        match node:
            case ast.Attribute(value=ast.Name("settings") | ast.Call(ast.Name("Settings")), attr=attribute):
                if attribute in SETTINGS:
                    yield attribute


def _used_by(module: str, name: str) -> Iterator[Definition]:
    """The definitions that a definition refers to, in its own module or imported from `lambdas`."""
    definitions, imports = _contents(module)
    for node in _nodes(module, name):
        if isinstance(node, ast.Name):
            if node.id in definitions:
                yield module, node.id
            elif node.id in imports:
                yield imports[node.id]


def _nodes(module: str, name: str) -> Iterator[ast.AST]:
    for statement in _contents(module)[0].get(name, ()):
        yield from ast.walk(statement)


@cache
def _contents(module: str) -> tuple[dict[str, list[ast.stmt]], dict[str, Definition]]:
    """The definitions of a module by name, and its imports by their local name."""
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, Definition] = {}
    for statement in ast.parse(_file(module).read_text(encoding="utf-8")).body:
        match statement:
            case ast.ImportFrom(module=str(source), names=names) if _has_settings(source):
                imports |= {each.asname or each.name: (source, each.name) for each in names}
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                definitions.setdefault(name, []).append(statement)
            case ast.Assign() | ast.AnnAssign():
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        definitions.setdefault(node.id, []).append(statement)
    return definitions, imports


def _file(module: str) -> Path:
    return (PROJECT / module.replace(".", "/")).with_suffix(".py")


def _has_settings(module: str) -> bool:
    """Whether a module may read settings. The layering test forbids it in the domain."""
    return module.startswith("lambdas.") and not module.startswith("lambdas.domain")
