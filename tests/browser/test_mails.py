"""The HTML of the mails, as a client shows it that knows what a browser knows."""

from typing import Literal

import pytest
from playwright.sync_api import Browser

from lambdas.shared.mail.html_part import html_part
from lambdas.shared.mail.letter import Goods, Letter
from tests.browser.accessibility import accessibility_findings
from tests.unit.lambdas.shared.mail.letters import LETTERS

PHONE = 360
LONG = Letter(
    "a1b2c3d4-0000-5000-8000-000000000001",
    "Your order is confirmed",
    ("Longest-SKU-" * 12,),
    (),
    (Goods("W" * 200, 1_000_000, "CHF\u00a09,999,999,999.99", "CHF\u00a09,999,999,999.99"),),
    "CHF\u00a09,999,999,999.99",
)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
def test_a_mail_is_accessible(browser: Browser, letter: Letter, look: Literal["light", "dark"]) -> None:
    with browser.new_context(color_scheme=look) as context:
        page = context.new_page()
        page.set_content(html_part(letter))

        assert accessibility_findings(page) == []


@pytest.mark.parametrize("letter", [*LETTERS.values(), LONG], ids=[*LETTERS, "long"])
def test_a_mail_fits_a_phone(browser: Browser, letter: Letter) -> None:
    with browser.new_context(viewport={"width": PHONE, "height": 780}) as context:
        page = context.new_page()
        page.set_content(html_part(letter))

        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
