"""Waiting ends with what was waited for, or with a word about what did not come."""

import pytest

from local.waiting import wait_for


def test_what_is_there_is_returned_at_once() -> None:
    assert wait_for(lambda: "here", "it", timeout_seconds=0) == "here"


def test_what_comes_later_is_returned_when_it_comes() -> None:
    # Given
    looks = iter([None, None, "here"])

    # When
    seen = wait_for(lambda: next(looks), "it", timeout_seconds=10, pause_seconds=0)

    # Then
    assert seen == "here"


def test_what_does_not_come_is_named() -> None:
    with pytest.raises(TimeoutError, match=r"the parcel: not within 0\.01 seconds"):
        wait_for(lambda: None, "the parcel", timeout_seconds=0.01, pause_seconds=0)
