"""Takes the pictures of docs/mails.md: `python -m tests.browser.mail_pictures [FOLDER]`.

With a folder it takes each mail at the width of a phone, too, in light and in dark.
"""

import sys
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser

from lambdas.shared.mail.html_part import html_part
from lambdas.shared.mail.letter import Letter
from local.chromium import open_browser
from local.processes import REPOSITORY
from tests.unit.lambdas.shared.mail.letters import LETTERS

_FOLDER: Final = REPOSITORY / "docs" / "images"
_WIDE: Final = 600
_PHONE: Final = 360


def take(browser: Browser, letter: Letter, file: Path, look: Literal["light", "dark"], width: int) -> None:
    """Take a picture of a whole mail."""
    with browser.new_context(
        color_scheme=look,
        viewport={"width": width, "height": 100},
        device_scale_factor=0.75,  # two beside each other are as wide as a page on GitHub
    ) as context:
        page = context.new_page()
        page.set_content(html_part(letter))
        page.screenshot(path=file, full_page=True)


def main(folder: Path | None = None) -> int:
    """Take all pictures."""
    with open_browser() as browser:
        for name, letter in LETTERS.items():
            for look in ("light", "dark"):
                for width in (_WIDE, _PHONE) if folder else (_WIDE,):
                    size = "" if width == _WIDE else "-phone"
                    take(browser, letter, (folder or _FOLDER) / f"mail-{name}-{look}{size}.png", look, width)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
