"""A token bucket lets through what it is made for, and never more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proof.scale.token_bucket import TokenBucket


def test_a_full_bucket_gives_its_burst_at_once() -> None:
    bucket = TokenBucket(rate=2, burst=3)

    assert [bucket.take(10) for _ in range(3)] == [10, 10, 10]


def test_an_empty_bucket_gives_tokens_at_its_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3)

    assert [bucket.take(10) for _ in range(5)][3:] == [10.5, 11]


def test_a_bucket_refills_while_nobody_takes() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    for _ in range(3):
        bucket.take(10)

    assert [bucket.take(11) for _ in range(3)] == [11, 11, 11.5]


def test_a_refused_call_takes_no_token() -> None:
    bucket = TokenBucket(rate=1)
    bucket.take(0)

    assert [bucket.try_take(0.5), bucket.try_take(0.9), bucket.try_take(1)] == [False, False, True]


@given(
    st.lists(st.floats(0, 5), min_size=2, max_size=60),
    st.floats(0.5, 20),
    st.integers(1, 10),
)
def test_no_window_has_more_than_the_burst_and_the_rate(pauses: list[float], rate: float, burst: int) -> None:
    bucket, now, granted = TokenBucket(rate, burst), 0.0, list[float]()
    for pause in pauses:
        now += pause
        granted.append(bucket.take(now))

    assert granted == pytest.approx(sorted(granted))
    for first, begin in enumerate(granted):
        for last in range(first, len(granted)):
            assert last - first + 1 <= burst + rate * (granted[last] - begin) + 1e-6
