"""Finds the settings that the code of a function reads."""

import ast
from functools import cache

from lambdas.shared.settings import Settings
from stacks.constructs.build_folder import PROJECT

SETTINGS = {name for name in vars(Settings) if not name.startswith("_")}


def variables_read_by(handler: str) -> set[str]:
    """Return the environment variables that a handler reads, directly or in the code that it uses.

    Args:
        handler: Such as `lambdas.saga.close_order.handler.handler`.
    """
    module, _, name = handler.rpartition(".")
    read, seen, left = set[str](), set[tuple[str, str]](), [(module, name)]
    while left:
        module, name = left.pop()
        if (module, name) in seen:
            continue
        seen.add((module, name))
        definitions, imports = _contents(module)
        for node in ast.walk(ast.Module(definitions.get(name, []), [])):
            match node:
                case ast.Attribute(ast.Name("settings") | ast.Call(ast.Name("Settings")), attribute):
                    read |= {attribute} & SETTINGS
                case ast.Name(used) if used in definitions:
                    left.append((module, used))
                case ast.Name(used) if used in imports:
                    left.append(imports[used])
    return {setting.upper() for setting in read}


@cache
def _contents(module: str) -> tuple[dict[str, list[ast.stmt]], dict[str, tuple[str, str]]]:
    """The definitions of a module by name, and the module and name of each import by its local name."""
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, tuple[str, str]] = {}
    file = (PROJECT / module.replace(".", "/")).with_suffix(".py")
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        match statement:
            # The layering test forbids the domain to import settings.
            case ast.ImportFrom(str(source), names) if source.startswith("lambdas.") and (
                not source.startswith("lambdas.domain")
            ):
                imports |= {each.asname or each.name: (source, each.name) for each in names}
            case ast.FunctionDef(name) | ast.ClassDef(name):
                definitions.setdefault(name, []).append(statement)
            case ast.Assign() | ast.AnnAssign():
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        definitions.setdefault(node.id, []).append(statement)
    return definitions, imports
