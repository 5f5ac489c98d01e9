"""Which SDKs a function imports, and how large a package is."""

from pathlib import Path

import pytest

from proof.bench.cold_start import package_of, sdks_of
from stacks.constructs.build_folder import PROJECT


def roots(handler: str) -> set[str]:
    """The packages from which a handler imports."""
    statements = sdks_of(PROJECT / "lambdas" / handler / "handler.py")
    return {each.split()[1].partition(".")[0] for each in statements}


@pytest.mark.parametrize(
    ("handler", "packages"),
    [
        ("saga/charge_payment", {"stripe", "typing_extensions"}),
        ("saga/reserve_inventory", set[str]()),
        ("api/submit_order", {"pydantic", "pydantic_core", "typing_extensions"}),
    ],
)
def test_the_sdks_of_a_function_are_those_that_its_code_imports(handler: str, packages: set[str]) -> None:
    assert roots(handler) == {"boto3", "botocore", "aws_lambda_powertools"} | packages


def test_an_sdk_is_imported_as_the_function_imports_it() -> None:
    statements = sdks_of(PROJECT / "lambdas/saga/reserve_inventory/handler.py")

    assert "from botocore.config import Config" in statements


def test_bytecode_is_no_part_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_bytes(b"#" * 2**20)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_bytes(b"#" * 2**20)

    package = package_of(tmp_path)

    assert package.mb == 1.0
    assert package.zipped_mb < 0.1
