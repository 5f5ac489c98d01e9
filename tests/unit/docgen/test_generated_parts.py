"""The generated parts of README.md and docs/ are up to date."""

from pathlib import Path

import pytest

from docgen import generated_parts
from docgen.generated_parts import README_JOURNEYS, drawings, with_parts
from local.processes import REPOSITORY
from proof.journeys import PATH_JOURNEYS

PAGES = generated_parts.generated_parts()

EMPTY = """Before.
<!-- generated: first -->
<!-- end -->
Between.
<!-- generated: second -->
old
<!-- end -->
After.
"""
PARTS = {"first": "one", "second": "two"}


@pytest.mark.parametrize(("name", "parts"), PAGES.items(), ids=PAGES)
def test_a_page_is_up_to_date(name: str, parts: dict[str, str]) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")

    is_stale = with_parts(text, parts) != text

    assert not is_stale, f"{name} is out of date: run `make docs`"


def test_the_drawings_are_up_to_date() -> None:
    stale = [path.name for path, text in drawings().items() if path.read_text(encoding="utf-8") != text]

    assert stale == [], "run `make docs`"


def test_the_readme_shows_six_journeys() -> None:
    assert len([journey for journey in PATH_JOURNEYS if journey.key in README_JOURNEYS]) == 6


def test_only_the_text_between_markers_is_replaced() -> None:
    assert with_parts(EMPTY, PARTS) == (
        "Before.\n<!-- generated: first -->\none\n<!-- end -->\nBetween.\n"
        "<!-- generated: second -->\ntwo\n<!-- end -->\nAfter.\n"
    )


def test_a_second_run_changes_nothing() -> None:
    written = with_parts(EMPTY, PARTS)

    assert with_parts(written, PARTS) == written


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with generated parts, the only one."""
    monkeypatch.setattr(generated_parts, "REPOSITORY", tmp_path)
    monkeypatch.setattr(generated_parts, "generated_parts", lambda: {"page.md": PARTS})
    monkeypatch.setattr(generated_parts, "drawings", dict)
    monkeypatch.setattr(generated_parts, "event_contract_files", dict)
    monkeypatch.setattr(generated_parts, "contract_files", lambda: {tmp_path / "api.json": "the contract"})
    return tmp_path / "page.md"


def test_the_files_are_written_in_place(page: Path) -> None:
    page.write_text(EMPTY, encoding="utf-8")

    assert generated_parts.main() == 0

    assert page.read_text(encoding="utf-8") == with_parts(EMPTY, PARTS)
    assert page.with_name("api.json").read_text(encoding="utf-8") == "the contract"


def test_a_page_without_markers_is_left_alone(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.write_text("No markers.\n", encoding="utf-8")

    assert generated_parts.main() == 1

    assert "<!-- generated: first -->" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "No markers.\n"


def test_the_parts_of_a_page_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generated_parts, "generated_parts", lambda: {"page.md": {"calls": "| a | b |"}})

    exit_code = generated_parts.show(["page.md"])

    assert (exit_code, capsys.readouterr().out) == (0, "\npage.md: calls\n\n| a | b |\n")


def test_a_page_without_generated_parts_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generated_parts, "generated_parts", lambda: {"page.md": {}})

    exit_code = generated_parts.show(["other.md"])

    assert (exit_code, capsys.readouterr().err) == (
        1,
        "error: other.md has no generated parts; these have: page.md\n",
    )
