"""Takes the pictures of docs/console.md: `python -m tests.browser.screenshots [FOLDER]`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser

from local.chromium import open_browser
from local.processes import REPOSITORY
from tests.browser.console_shop import ATTENTION, AWAITING, DECLINED, HAPPY, RECOVERED, ConsoleShop

_FOLDER: Final = REPOSITORY / "docs" / "images" / "console"
_NOW: Final = "2026-03-01T12:04:40Z"
"""Shortly after the last recorded answer."""


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes:
        kind: The recorded order; empty for the list.
        name: Name of the file without the look.
        height: Of the part of the page that is shown, in pixels; the whole page is too large.
        story: Whether the order's story is shown.
        state: The state that is chosen.
        part: CSS selector of the part that is shown; all by default.
    """

    kind: str
    name: str
    height: int = 1090
    story: bool = False
    state: str | None = None
    part: str | None = None

    def take(self, browser: Browser, folder: Path, look: Literal["light", "dark", "narrow"]) -> None:
        """Take it in one of the looks."""
        size = (360, 780) if look == "narrow" else (1000, self.height)
        with browser.new_context(
            color_scheme="dark" if look == "dark" else "light",
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=1 if look == "narrow" else 0.88,  # 880 pixels, as wide as a page on GitHub
            reduced_motion="reduce",
        ) as context:
            page = context.new_page()
            page.clock.set_fixed_time(_NOW)
            shop = ConsoleShop(page)
            if not self.kind:
                shop.open()
                page.locator(".orders").wait_for()
            else:
                shop.open_order(self.kind, "/story" if self.story else "")
                page.locator(".story" if self.story else ".around").wait_for()
            if self.state:
                page.locator(f'[data-state="{self.state}"]').click()
                page.locator(".log").wait_for()
            shown = page.locator(self.part) if self.part else page
            shown.screenshot(path=folder / f"{self.name}-{look}.png")


_ORDERS: Final = Picture("", "orders", 440)
_RECOVERED: Final = Picture(RECOVERED, "recovered")
_EACH: Final = (
    _ORDERS,
    Picture(HAPPY, "happy"),
    Picture(DECLINED, "declined"),
    Picture(AWAITING, "awaiting"),
    _RECOVERED,
    Picture(ATTENTION, "attention"),
)
_MORE: Final = (
    Picture(ATTENTION, "state", state="RefundPayment", part=".details"),
    Picture(RECOVERED, "axis", part=".axis-card"),
    Picture(RECOVERED, "story", 800, story=True),
)


def main(folder: Path = _FOLDER) -> int:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        for picture in (*_EACH, *_MORE):
            picture.take(browser, folder, "light")
        for picture in _EACH:
            picture.take(browser, folder, "dark")
        for picture in (_ORDERS, _RECOVERED):
            picture.take(browser, folder, "narrow")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
