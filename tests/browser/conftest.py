"""A browser for the tests of the console."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from local.chromium import open_browser
from tests.browser.behaviour import misbehaviour_in

_PATIENCE_MS: Final = 30_000
"""Of a test that waits for the page on a busy machine."""


# Playwright occupies the thread's event loop, so the browser closes before tests of other folders.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser, started once."""
    expect.set_options(timeout=_PATIENCE_MS)
    with open_browser() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A new profile: no cookies, no storage. The test fails if one of its pages misbehaves."""
    with browser.new_context() as context:
        misbehaviour = misbehaviour_in(context)
        yield context
    assert misbehaviour == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page. The test fails if it throws, breaks its policy, or calls another machine."""
    return context.new_page()
