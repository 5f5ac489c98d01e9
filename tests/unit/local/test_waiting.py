"""`wait_for` returns the awaited value, or names the condition that did not come true."""

import pytest

from local.waiting import wait_for


def test_a_value_that_is_there_is_returned_at_once() -> None:
    assert wait_for(lambda: "here", "it", timeout_seconds=0) == "here"


def test_a_value_that_comes_later_is_returned() -> None:
    looks = iter([None, None, "here"])

    seen = wait_for(lambda: next(looks), "it", timeout_seconds=10, pause_seconds=0)

    assert seen == "here"


def test_a_condition_that_does_not_come_true_is_named() -> None:
    with pytest.raises(TimeoutError, match=r"the parcel: not within 0\.01 seconds"):
        wait_for(lambda: None, "the parcel", timeout_seconds=0.01, pause_seconds=0)
