"""docs/command-line.md describes the command line as it is."""

import re
from pathlib import Path

import cli
from cli.exit_codes import MEANINGS
from cli.order_state import advice
from tests.unit.cli.conftest import an_order

DOCS = Path(cli.__file__).parent.parent / "docs"


def test_the_documented_exit_codes_are_the_real_ones() -> None:
    text = (DOCS / "command-line.md").read_text()

    assert re.findall(r"^\| (\d) \| (.+) \|$", text, re.MULTILINE) == [
        (str(code.value), meaning) for code, meaning in MEANINGS.items()
    ]


def test_the_picture_of_a_watched_order_has_the_present_advice() -> None:
    waiting = an_order(status="AWAITING_PAYMENT", payment={"status": "requires_action", "next_action": {}})
    first_line, _command = (advice(waiting, has_stand_in=True) or "").split("\n")

    assert first_line.replace(" ", "&#160;") in (DOCS / "images" / "orders-watch.svg").read_text()
