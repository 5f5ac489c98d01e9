"""The calls that came through the proxy since the recording began."""

from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_MOST_CALLS: Final = 50_000
"""Bounds the memory of a world that runs for days. The oldest calls are forgotten first."""


@dataclass(slots=True)
class Call:
    """A call of a function.

    Attributes:
        at: When it came: UTC, ISO 8601.
        name: Function, service, operation and resource: `charge_payment: dynamodb UpdateItem orders`.
        n: Counts the calls of this name since the recording began, from 1.
        pid: The process that made it.
        order_id: The order that a call to Stripe is about, where that is known.
        status: The HTTP status of the answer; None until there is one.
        fault: The kind of the fault that struck it; the last one if there were several.
    """

    at: str
    name: str
    n: int
    pid: int | None
    order_id: str | None = None
    status: int | None = None
    fault: str | None = None

    def __str__(self) -> str:
        return f"{self.name} #{self.n}"


class Recording:
    """The calls, the latest last.

    Attributes:
        under_way: How many calls have not left the proxy yet.
    """

    def __init__(self) -> None:
        self.under_way = 0
        self._calls: deque[Call] = deque(maxlen=_MOST_CALLS)
        self._counts: Counter[str] = Counter()

    @property
    def calls(self) -> list[Call]:
        """All calls in the order of their arrival."""
        return list(self._calls)

    def begin(self) -> None:
        """Forget all calls and count from 1 again."""
        self._calls.clear()
        self._counts.clear()

    def add(self, name: str, pid: int | None, order_id: str | None) -> Call:
        """Record a call."""
        self._counts[name] += 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        call = Call(at, name, self._counts[name], pid, order_id)
        self._calls.append(call)
        return call
