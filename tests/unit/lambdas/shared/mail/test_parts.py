"""The text part and the HTML part of a mail say the same, and the HTML is safe."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest

from lambdas.shared.mail.html_part import html_part
from lambdas.shared.mail.letter import Goods, Letter, Link
from lambdas.shared.mail.text_part import text_part
from tests.unit.lambdas.shared.mail.letters import LETTERS

EVIL = '<script src="https://evil.example">&</script>"\''
GMAIL_CLIPS_AT = 102 * 1024

each_letter = pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def words_of(letter: Letter) -> list[str]:
    """All texts of a letter, without its layout."""
    goods = [text for each in letter.goods for text in (each.name, each.unit_price, each.price) if text]
    link = [letter.link.label] if letter.link else []
    total = [letter.total] if letter.total else []
    return [letter.subject, *letter.opening, *letter.closing, *goods, *total, *link, letter.order_id]


@each_letter
def test_both_parts_have_all_words_of_the_letter(letter: Letter) -> None:
    text, page = text_part(letter), Page(html_part(letter))

    assert [words for words in words_of(letter) if words not in text] == []
    assert [words for words in words_of(letter) if words not in page.text] == []


@each_letter
def test_both_parts_say_the_same_amounts(letter: Letter) -> None:
    def amounts(text: str) -> list[str]:
        return sorted(re.findall(r"\$[\d,.]*\d", text))

    assert amounts(text_part(letter)) == amounts(Page(html_part(letter)).text)


def test_nothing_from_outside_is_markup() -> None:
    harmless = LETTERS["approval-needed"]
    letter = replace(
        harmless,
        order_id=EVIL,
        subject=EVIL,
        opening=(EVIL,),
        closing=(EVIL,),
        goods=(Goods(EVIL, 1, EVIL, EVIL),),
        total=EVIL,
        link=Link(EVIL, f"https://bank.example/?a={EVIL}"),
    )

    page = Page(html_part(letter))

    assert "script" not in page.tags
    assert ("href", f"https://bank.example/?a={EVIL}") in page.attributes
    assert page.text.count(EVIL) == len(words_of(letter)) + 1  # the subject is the title, too
    assert unescape(html_part(harmless)).count("<script") == 0


@each_letter
def test_a_mail_loads_nothing(letter: Letter) -> None:
    html = html_part(letter)
    page = Page(html)

    assert {"img", "link", "script", "iframe"}.isdisjoint(page.tags)
    assert {name for name, _ in page.attributes}.isdisjoint({"src", "background", "srcset"})
    assert not re.search(r"url\(|@import|@font-face", html)
    assert ("lang", "en") in page.attributes


def test_gmail_shows_the_largest_order_whole() -> None:
    line = Goods("W" * 60, 10_000, "$1,000,000.00", "$10,000,000.00")
    letter = replace(LETTERS["confirmed"], goods=(line,) * 99)

    assert len(html_part(letter).encode()) < GMAIL_CLIPS_AT
