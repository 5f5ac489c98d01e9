"""The launcher `./orders` and shell completion."""

import os
import subprocess
from pathlib import Path

import pytest

import cli

LAUNCHER = Path(cli.__file__).parent.parent / "orders"


def launch(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        [LAUNCHER, *arguments],
        cwd=folder,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_in_any_folder_and_imports_nothing_from_there(tmp_path: Path) -> None:
    (tmp_path / "cli.py").write_text("raise SystemExit('not this one')")

    result = launch(tmp_path, "--help")

    assert result.returncode == 0
    assert "Exit codes" in result.stdout


def test_a_shell_completes_commands_and_statuses(tmp_path: Path) -> None:
    command = launch(tmp_path, _ORDERS_COMPLETE="complete_bash", COMP_WORDS="orders wa", COMP_CWORD="1")
    words = {"COMP_WORDS": "orders list --status C", "COMP_CWORD": "3"}
    status = launch(tmp_path, _ORDERS_COMPLETE="complete_bash", **words)

    assert command.stdout.split() == ["watch"]
    assert status.stdout.split() == ["CONFIRMED", "CANCELLED"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(tmp_path: Path, shell: str) -> None:
    result = launch(tmp_path, _ORDERS_COMPLETE=f"source_{shell}")

    assert result.returncode == 0
    assert "orders" in result.stdout
