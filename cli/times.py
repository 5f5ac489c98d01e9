"""Reads the times of options."""

from datetime import UTC, datetime

from cli.errors import WrongUsage


def utc_time(option: str, text: str) -> datetime:
    """Read the time of an option; without an offset, it is UTC.

    Raises:
        WrongUsage: It is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{option} {text} is not a time", "Use ISO 8601: 2026-03-01T12:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
