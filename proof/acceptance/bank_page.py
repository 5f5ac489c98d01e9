"""Acts as the customer on the page on which Stripe shows its test bank (3-D Secure)."""

from contextlib import suppress
from typing import Final

from playwright.sync_api import Browser, Error, Locator, Page

from local.waiting import wait_for

_BUTTONS: Final = {True: "#test-source-authorize-3ds", False: "#test-source-fail-3ds"}
"""Ids of Stripe's buttons to complete and to fail the authentication."""

_PAGE_SECONDS: Final = 60.0
"""Longest wait for the buttons, and for the way back to the shop."""


def answer_bank(browser: Browser, url: str, return_url: str, *, success: bool) -> None:
    """Complete or fail the authentication, and wait until the bank sends the customer back.

    Args:
        browser: The customer's browser.
        url: URL of the bank's page.
        return_url: Page of the shop to which the bank redirects. It need not exist.
        success: Whether the customer approves the payment.

    Raises:
        TimeoutError: The page has no such button.
        playwright.sync_api.Error: The page can't be opened, or does not lead back.
    """
    page = browser.new_page()
    try:
        page.route(f"{return_url}*", lambda route: route.fulfill(body="Back in the shop"))
        page.goto(url)
        button = wait_for(
            lambda: _visible(page, _BUTTONS[success]),
            f"the bank's page {page.url} has the button {_BUTTONS[success]}",
            timeout_seconds=_PAGE_SECONDS,
        )
        button.click()
        page.wait_for_url(f"{return_url}*", timeout=_PAGE_SECONDS * 1_000)
    finally:
        with suppress(Error):  # Ctrl-C ends the browser, too; closing the page must not hide it
            page.close()


def _visible(page: Page, selector: str) -> Locator | None:
    """An element in any frame of the page: Stripe nests the bank in frames, and changes how many."""
    found = (frame.locator(selector) for frame in page.frames)
    return next((each for each in found if each.is_visible()), None)
