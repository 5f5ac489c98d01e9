"""The time, in the one form that this service writes it."""

from datetime import UTC, datetime


def now() -> str:
    """The current time: UTC, ISO 8601, milliseconds, as in `2026-03-01T12:00:00.000Z`."""
    return text(datetime.now(UTC))


def text(moment: datetime) -> str:
    """A moment, which must be UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
