"""Which SDKs a function imports, and how large a package is."""

from pathlib import Path

import pytest

from proof.bench.cold_start import package_of, sdks_of
from stacks.constructs.build_folder import PROJECT


@pytest.mark.parametrize(
    ("handler", "sdks"),
    [
        ("saga/charge_payment", ("boto3", "stripe", "aws_lambda_powertools")),
        ("saga/reserve_inventory", ("boto3", "aws_lambda_powertools")),
        ("api/submit_order", ("boto3", "pydantic", "aws_lambda_powertools")),
    ],
)
def test_the_sdks_of_a_function_are_those_that_its_code_imports(handler: str, sdks: tuple[str, ...]) -> None:
    assert sdks_of(PROJECT / "lambdas" / handler / "handler.py") == sdks


def test_bytecode_is_no_part_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_bytes(b"#" * 2**20)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_bytes(b"#" * 2**20)

    package = package_of(tmp_path)

    assert package.mb == 1.0
    assert package.zipped_mb < 0.1
