"""The layer is the same, byte by byte, in every build."""

from pathlib import Path

from stacks.constructs.dependency_layer import LAMBDA, build_layer, layer_folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_are_equal_byte_by_byte(tmp_path: Path) -> None:
    first, second = layer_folder(LAMBDA), tmp_path / "elsewhere" / "second"

    build_layer(second, LAMBDA)

    assert files_of(first) == files_of(second)


def test_an_existing_layer_is_not_built_again() -> None:
    folder = layer_folder(LAMBDA)
    before = folder.stat().st_mtime_ns

    assert layer_folder(LAMBDA) == folder
    assert folder.stat().st_mtime_ns == before


def test_its_packages_are_for_lambda_and_where_lambda_imports_from() -> None:
    files = files_of(layer_folder(LAMBDA))

    binaries = [path for path in files if path.endswith(".so")]
    assert {path.partition("/")[0] for path in files} == {"python"}
    assert "python/stripe/__init__.py" in files
    assert binaries
    assert all("cpython-313-aarch64-linux" in path for path in binaries)


def test_it_contains_no_scripts_and_no_caches() -> None:
    files = files_of(layer_folder(LAMBDA))

    assert not [path for path in files if "__pycache__" in path or path.startswith("python/bin/")]
