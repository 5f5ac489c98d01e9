"""docs/command-line.md describes the command line as it is."""

import re
from pathlib import Path

import cli
from cli.exit_codes import MEANINGS

DOCUMENT = (Path(cli.__file__).parent.parent / "docs" / "command-line.md").read_text()


def test_the_documented_exit_codes_are_the_real_ones() -> None:
    assert re.findall(r"^\| (\d) \| (.+) \|$", DOCUMENT, re.MULTILINE) == [
        (str(code.value), meaning) for code, meaning in MEANINGS.items()
    ]
