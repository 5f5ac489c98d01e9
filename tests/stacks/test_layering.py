"""Who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks.constructs.build_folder import PROJECT

HANDLERS = sorted(path.parent.name for path in (PROJECT / "lambdas").glob("*/handler.py"))


def imports_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every module that a file below the folder imports, as (file, module)."""
    for file in sorted(folder.rglob("*.py")):
        package = file.relative_to(PROJECT).parent.parts
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=module, names=names, level=level):
                    base = [*package[: len(package) - level + 1]] if level else []
                    prefix = ".".join([*base, *filter(None, [module])])
                    modules = [prefix, *(f"{prefix}.{alias.name}" for alias in names)]
                case _:
                    continue
            yield from ((str(file.relative_to(PROJECT)), module) for module in modules)


def is_in(module: str, packages: list[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("lambdas", ["stacks", "local", "tests", "app", "aws_cdk"]),
        ("lambdas/shared", [f"lambdas.{handler}" for handler in HANDLERS]),
        ("stacks", ["lambdas", "local", "tests", "app"]),
        ("local", ["tests"]),
        # The command line talks to a shop from anywhere, over HTTP: it knows nothing of what that is made of.
        ("cli", ["lambdas", "stacks", "local", "tests", "app", "aws_cdk"]),
    ],
)
def test_a_layer_imports_nothing_from_above(folder: str, forbidden: list[str]) -> None:
    found = list(imports_of(PROJECT / folder))

    assert found
    assert [f"{file} imports {module}" for file, module in found if is_in(module, forbidden)] == []


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_function_imports_no_other_function(handler: str) -> None:
    others = [f"lambdas.{other}" for other in HANDLERS if other != handler]

    assert [module for _, module in imports_of(PROJECT / "lambdas" / handler) if is_in(module, others)] == []
