"""The browser and the accessibility checker find what they should find."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from local.chromium import CHROME_VARIABLE, NoBrowser, find_program
from tests.browser.accessibility import accessibility_findings
from tests.browser.behaviour import misbehaviour_in

STRICT = "default-src 'none'; style-src 'self'"


def show(page: Page, body: str) -> None:
    """Show a page with a strict policy."""
    html = f'<!doctype html><html lang="en"><title>Test</title><main><h1>Test</h1>{body}</main></html>'
    page.route(
        "http://127.0.0.1/",
        lambda route: route.fulfill(
            body=html, content_type="text/html", headers={"Content-Security-Policy": STRICT}
        ),
    )
    page.goto("http://127.0.0.1/")


def test_axe_finds_nothing_in_a_sound_page(page: Page) -> None:
    show(page, "<p>Hello</p>")

    assert accessibility_findings(page) == []


def test_axe_finds_a_field_without_a_label_in_spite_of_the_policy(page: Page) -> None:
    show(page, '<input type="text">')

    (finding,) = accessibility_findings(page)

    assert finding.startswith("label (critical)")
    assert page.evaluate("typeof axe") == "undefined"


def test_breaches_errors_and_calls_to_other_machines_are_seen(browser: Browser) -> None:
    with browser.new_context() as context:
        misbehaviour = misbehaviour_in(context)
        page = context.new_page()

        show(page, '<p style="color: red"><img src="https://elsewhere.invalid/x.png" alt="X"></p>')
        page.evaluate("setTimeout(() => { throw new Error('oh no') })")
        context.wait_for_event("weberror")

    parts = (
        "Applying inline style violates the following Content Security Policy",
        "Loading the image 'https://elsewhere.invalid/x.png' violates",
        "requested https://elsewhere.invalid/x.png",
        "uncaught: oh no",
    )
    assert all(any(part in each for each in misbehaviour) for part in parts), misbehaviour
    assert len(misbehaviour) == len(parts)


def test_the_variable_chooses_another_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = tmp_path / "chrome"
    chosen.touch(mode=0o755)
    monkeypatch.setenv(CHROME_VARIABLE, str(chosen))

    assert find_program().path == chosen


def test_a_variable_that_names_no_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHROME_VARIABLE, "/nowhere/chrome")

    with pytest.raises(NoBrowser, match="CHROME_PATH is /nowhere/chrome"):
        find_program()


def test_a_machine_without_a_browser_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CHROME_VARIABLE, raising=False)
    monkeypatch.setattr("local.chromium._INSTALLED", ())
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    with pytest.raises(NoBrowser, match="install Google Chrome, or set CHROME_PATH"):
        find_program()
