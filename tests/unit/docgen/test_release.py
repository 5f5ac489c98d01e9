"""`make release`: what it refuses, and what it writes."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from docgen import generated_parts, release
from docgen.contract.document import contract
from docgen.event_contract.schemas import detail_schemas
from docgen.release import (
    Refused,
    check_clone,
    check_contracts,
    check_generated_files,
    check_version,
    next_development,
    notes_of,
    publish_notes,
    with_release,
)

DAY = datetime(2026, 3, 1, tzinfo=UTC)
CHANGELOG = """# Changelog

## Unreleased

### Mails

- Mails are plain.

## 0.9.0 (2026-01-01)

- The first release: see [Deploying](docs/deploy.md).
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with one commit on main, which takes the place of this repository."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(release, "REPOSITORY", tmp_path)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    (tmp_path / "file").write_text("a")
    git(tmp_path, "add", "--all")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    git(tmp_path, *who, "commit", "--quiet", "--message", "A")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)  # noqa: S603, S607 - fixed arguments


# What is refused


@pytest.mark.parametrize(
    ("version", "current"),
    [("0.2.0", "0.1.0"), ("0.1.1", "0.1.1.dev0"), ("1.0.0", "0.9.9.dev0"), ("0.10.0", "0.9.1.dev0")],
)
def test_a_newer_version_is_accepted(version: str, current: str) -> None:
    check_version(version, current)


@pytest.mark.parametrize(
    ("version", "current"),
    [
        ("0.1.0", "0.1.0"),
        ("0.1.0", "0.1.1.dev0"),
        ("0.9.0", "0.10.1.dev0"),
        ("", "0.1.0"),
        ("v1.0.0", "0.1.0"),
        ("1.0", "0.1.0"),
        ("1.0.0.dev0", "0.1.0"),
    ],
)
def test_a_version_that_is_none_or_not_newer_is_refused(version: str, current: str) -> None:
    with pytest.raises(Refused):
        check_version(version, current)


def test_the_version_after_a_release_is_newer_than_it_and_can_be_released() -> None:
    assert next_development("1.9.9") == "1.9.10.dev0"
    check_version("1.9.10", next_development("1.9.9"))


@pytest.mark.usefixtures("clone")
def test_a_clean_main_branch_is_accepted() -> None:
    check_clone("1.0.0")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda clone: (clone / "new").write_text("b"), "not committed"),
        (lambda clone: (clone / "file").write_text("b"), "not committed"),
        (lambda clone: git(clone, "switch", "--quiet", "--create", "other"), "this is the branch other"),
        (lambda clone: git(clone, "switch", "--quiet", "--detach"), r"this is the branch \(none\)"),
        (lambda clone: git(clone, "tag", "v1.0.0"), "the tag v1.0.0 exists"),
    ],
)
def test_a_clone_that_is_not_ready_is_refused(
    clone: Path, change: Callable[[Path], Any], message: str
) -> None:
    change(clone)

    with pytest.raises(Refused, match=message):
        check_clone("1.0.0")


def test_generated_files_that_are_out_of_date_are_refused(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = iter([(clone / "file", "a"), (clone / "file", "b")])

    def write() -> int:
        path, text = next(writes)
        path.write_text(text)
        return 0

    monkeypatch.setattr(generated_parts, "main", write)

    check_generated_files()
    with pytest.raises(Refused, match="M file"):
        check_generated_files()


def test_contracts_that_are_kept_are_accepted() -> None:
    check_contracts()


def test_events_that_break_their_contract_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas = detail_schemas()
    event = next(iter(schemas))
    gone = {event: {**schemas[event], "properties": {}, "required": []}}
    monkeypatch.setattr(release, "detail_schemas", lambda: {**schemas, **gone})

    with pytest.raises(Refused, match=f"{event}: detail.currency is gone"):
        check_contracts()


def test_an_api_that_breaks_its_contract_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    without_calls = {**contract(), "paths": {}}
    monkeypatch.setattr(release, "contract", lambda: without_calls)

    with pytest.raises(Refused, match="POST /orders is gone"):
        check_contracts()


@pytest.mark.parametrize("changelog", ["# Changelog\n", CHANGELOG.replace("- Mails are plain.\n", "")])
def test_a_release_without_changes_is_refused(changelog: str) -> None:
    with pytest.raises(Refused, match="no sentence"):
        with_release(changelog, "1.0.0", DAY)


# What is written


def test_the_unreleased_changes_become_those_of_the_release() -> None:
    changed = with_release(CHANGELOG, "1.0.0", DAY)

    assert changed.splitlines()[2:9] == [
        *("## Unreleased", "", "## 1.0.0 (2026-03-01)", "", "### Mails", "", "- Mails are plain."),
    ]
    assert notes_of(changed, "1.0.0") == "### Mails\n\n- Mails are plain."
    assert notes_of(changed, "0.9.0").startswith("- The first release")


def test_the_links_of_published_notes_lead_to_the_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    monkeypatch.setattr(release, "_CHANGELOG", tmp_path / "CHANGELOG.md")
    monkeypatch.setattr(release, "app_version", lambda: "0.9.0")

    code = publish_notes("v0.9.0", "https://github.com/shop/orders")

    link = "[Deploying](https://github.com/shop/orders/blob/v0.9.0/docs/deploy.md)"
    assert (code, capsys.readouterr().out) == (0, f"- The first release: see {link}.\n")


def test_a_tag_that_is_not_of_the_version_is_not_published(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(release, "app_version", lambda: "1.0.1.dev0")

    assert publish_notes("v1.0.0", "https://github.com/shop/orders") == 1
    assert capsys.readouterr().out == ""
