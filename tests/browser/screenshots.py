"""Takes the pictures of docs/console.md: `python -m tests.browser.screenshots`."""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from local.processes import REPOSITORY
from tests.browser.chromium import open_browser
from tests.browser.console_shop import ATTENTION, DECLINED, KINDS, RECOVERED, ConsoleShop

_FOLDER: Final = REPOSITORY / "docs" / "images" / "console"
_WIDE: Final = (1280, 900)
_NOW: Final = "2026-03-01T12:04:40Z"
"""Shortly after the last recorded answer."""
_NARROW: Final = (360, 780)


def _take(browser: Browser, folder: Path, scheme: str, size: tuple[int, int], *names: str) -> None:
    """Take pictures: the list (orders), an order (NAME), a story (NAME-story), a state (NAME/STATE)."""
    suffix = "narrow" if size == _NARROW else scheme
    with browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    ) as context:
        for name in names:
            page = context.new_page()
            page.clock.set_fixed_time(_NOW)
            shop = ConsoleShop(page)
            kind, _, state = name.partition("/")
            if kind == "orders":
                shop.open()
                page.locator(".orders").wait_for()
            elif kind.endswith("-story"):
                shop.open_order(kind.removesuffix("-story"), "/story")
                page.locator(".story").wait_for()
            else:
                shop.open_order(kind)
                page.locator(".around").wait_for()
            if state:
                page.locator(f'[data-state="{state}"]').click()
                page.locator(".details .log").wait_for()
            path = folder / f"{name.replace('/', '-').lower()}-{suffix}.png"
            page.screenshot(path=path, full_page=True)
            page.close()


def main(folder: Path = _FOLDER) -> int:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        _take(
            browser,
            folder,
            "light",
            _WIDE,
            "orders",
            *KINDS,
            f"{ATTENTION}/RefundPayment",
            f"{RECOVERED}-story",
        )
        _take(browser, folder, "dark", _WIDE, "orders", *KINDS)
        _take(browser, folder, "light", _NARROW, "orders", DECLINED, RECOVERED)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
