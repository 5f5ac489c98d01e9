"""Rules for the pages that people read: README.md and docs/."""

import re
from pathlib import Path

import pytest

from local.processes import REPOSITORY

DECISIONS = sorted((REPOSITORY / "docs" / "decisions").glob("[0-9]*.md"))
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def page_name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("decision", DECISIONS, ids=page_name)
def test_a_decision_has_at_most_20_lines(decision: Path) -> None:
    assert len(decision.read_text().splitlines()) <= 20


def test_the_index_of_decisions_lists_each_with_its_title() -> None:
    titles = [decision.read_text().splitlines()[0].removeprefix("# ") for decision in DECISIONS]
    links = re.findall(
        r"^(\d+)\. \[(.+)\]\((.+)\)$", DECISIONS[0].with_name("README.md").read_text(), re.MULTILINE
    )

    assert [(f"{number}. {title}", file) for number, title, file in links] == [
        (title, decision.name) for title, decision in zip(titles, DECISIONS, strict=True)
    ]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_to_a_file_or_a_heading_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        linked = page if not path else page.parent / path
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text()), target


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_no_row_is_cut_off_from_its_table(page: Path) -> None:
    """Behind a blank line, Markdown shows a row as plain text, unless the next line makes it a new table."""
    cut_off = re.findall(r"\n\n(\|.*)\n(?!\|[-:| ]+\|\n)", f"{page.read_text()}\n")

    assert cut_off == []


def anchors(text: str) -> set[str]:
    """The ids that GitHub gives to headings, and those that the page sets itself."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    of_headings = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    return of_headings | set(re.findall(r'<a id="(.+?)"', text))


def test_every_page_that_the_code_names_exists() -> None:
    packages = ("cli", "docgen", "lambdas", "local", "proof", "stacks", "statemachines", "tests")
    sources = [file for package in packages for file in (REPOSITORY / package).rglob("*.py")]
    named = {page for source in sources for page in re.findall(r"docs/[\w/-]+\.md", source.read_text())}

    assert named
    assert {page for page in named if not (REPOSITORY / page).exists()} == set()
