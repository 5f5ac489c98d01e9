"""Which releases there are, and where their code is."""

from pathlib import Path

import pytest

from proof.rolling import releases
from proof.rolling.releases import NoSuchRelease, ReleasedCode, find_release, versions

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "RELEASED", tmp_path)
    for version in ("0.10.0", "0.9.0"):
        ReleasedCode(version, COMMIT).record()


@pytest.mark.usefixtures("released")
def test_the_newest_release_is_found() -> None:
    assert versions() == ["0.9.0", "0.10.0"]
    assert find_release(None) == ReleasedCode("0.10.0", COMMIT)


@pytest.mark.usefixtures("released")
def test_a_release_whose_commit_is_not_in_the_clone_says_what_to_do() -> None:
    with pytest.raises(
        NoSuchRelease, match=r"the code of 0\.9\.0 is not in this clone.*git fetch --unshallow"
    ):
        find_release("0.9.0").load()


def test_a_commit_that_there_is_not_is_refused() -> None:
    with pytest.raises(NoSuchRelease, match="no-such-branch"):
        find_release("no-such-branch")
