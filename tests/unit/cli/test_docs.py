"""docs/command-line.md and docs/runbook.md describe the command line as it is."""

import re
import shlex
from pathlib import Path

import pytest

import cli
from cli.exit_codes import MEANINGS
from cli.order_state import advice
from tests.unit.cli.conftest import Run, an_order

DOCS = Path(cli.__file__).parent.parent / "docs"
RUNBOOK_COMMANDS = re.findall(r"(?:^|`)(orders \w[^`\n]*)", (DOCS / "runbook.md").read_text(), re.MULTILINE)


def test_the_documented_exit_codes_are_the_real_ones() -> None:
    text = (DOCS / "command-line.md").read_text()

    assert re.findall(r"^\| (\d) \| (.+) \|$", text, re.MULTILINE) == [
        (str(code.value), meaning) for code, meaning in MEANINGS.items()
    ]


def test_the_picture_of_a_watched_order_has_the_present_advice() -> None:
    waiting = an_order(status="AWAITING_PAYMENT", payment={"status": "requires_action", "next_action": {}})
    first_line, _command = (advice(waiting, has_stand_in=True) or "").split("\n")

    assert first_line.replace(" ", "&#160;") in (DOCS / "images" / "orders-watch.svg").read_text()


@pytest.mark.parametrize("command", RUNBOOK_COMMANDS)
def test_the_runbooks_commands_and_their_options_exist(orders: Run, command: str) -> None:
    _program, *arguments = shlex.split(command, comments=True)

    result = orders(*arguments, "--help")

    assert result.exit_code == 0, result.output
    assert "Usage: orders" in result.output
