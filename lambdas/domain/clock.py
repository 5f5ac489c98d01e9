"""Times in the form that this service stores: UTC, ISO 8601, milliseconds."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """The current time, such as `2026-03-01T12:00:00.000Z`."""
    return text(datetime.now(UTC))


def text(moment: datetime) -> str:
    """The text of a time, which must be UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_milliseconds(time: str) -> int:
    """Milliseconds from 1970 to a time."""
    return round(datetime.fromisoformat(time).timestamp() * 1_000)


def of_epoch_milliseconds(milliseconds: int) -> str:
    """The text of a time in milliseconds since 1970."""
    return text(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds))


def of_timestamp(seconds: int) -> str:
    """The text of a time that Stripe states as seconds since 1970."""
    return text(datetime.fromtimestamp(seconds, UTC))


def later(time: str, seconds: int) -> str:
    """The time that is later than another one by some seconds."""
    return text(datetime.fromisoformat(time) + timedelta(seconds=seconds))


def earlier(time: str, by: timedelta) -> str:
    """The time that is earlier than another one by a duration."""
    return text(datetime.fromisoformat(time) - by)
