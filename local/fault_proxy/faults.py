"""Faults: what can go wrong with a call from a function to AWS or Stripe.

| kind           | effect | what the function sees                                                         |
|----------------|--------|--------------------------------------------------------------------------------|
| `refuse`       | none   | the connection closes                                                          |
| `lose_reply`   | yes    | the connection closes                                                          |
| `hang`         | none   | silence until it gives up                                                      |
| `late`         | later  | silence until it gives up; the effect comes after that                         |
| `slow`         | later  | the true answer, late                                                          |
| `throttle`     | none   | the service's own throttling error                                             |
| `unavailable`  | none   | HTTP 503                                                                       |
| `error_before` | none   | HTTP 500, which Stripe stores under the idempotency key and replays            |
| `error_after`  | yes    | HTTP 500, which Stripe stores under the idempotency key and replays            |
| `kill_before`  | none   | nothing: its process is killed                                                 |
| `kill_after`   | yes    | nothing: its process is killed                                                 |
| `hold`         | later  | the true answer, once the fault is lifted                                      |
| `contend`      | later  | the true answer, or a conflict with another contending write to the same item  |

Several faults can strike one call. A hold comes first, then contention, then the fault that was injected
last; what one fault lets through meets the next.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

FaultKind = Literal[
    "refuse",
    "lose_reply",
    "hang",
    "late",
    "slow",
    "throttle",
    "unavailable",
    "error_before",
    "error_after",
    "kill_before",
    "kill_after",
    "hold",
    "contend",
]

_PRECEDENCE: Final = {"hold": 0, "contend": 1}
_NO_PRECEDENCE: Final = 2

_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Fault:
    """A fault, and the calls that it strikes. Equal faults are one fault.

    Attributes:
        kind: What goes wrong; see the table of this module.
        name: The name of the calls, as in `charge_payment: dynamodb UpdateItem orders`; `*` matches any text.
        n: The first of these calls that is struck, counted from 1 since the fault was injected.
        times: How many of them in a row are struck; None for all until the fault is lifted.
        lasts: Seconds after the first strike in which others can follow; None for no limit.
        seconds: How long a `hang` lasts and how much later a `late` effect comes, both longer than the client
            waits; how much later a `slow` answer comes; how long a transaction that contends stays open.
        order_id: Strikes only calls to Stripe about this order; None for all calls.

    Raises:
        ValueError: A value is not valid, or another service than Stripe is to store an error.
    """

    kind: FaultKind
    name: str
    n: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] | None = 1
    lasts: _Seconds | None = None
    seconds: _Seconds = 6
    order_id: str | None = None

    @model_validator(mode="after")
    def _only_stripe_stores_errors(self) -> Self:
        if self.kind.startswith("error_") and ": stripe " not in self.name:
            raise ValueError(f"only calls to Stripe can be struck by {self.kind}")
        return self


FAULT: Final = TypeAdapter(Fault)
"""Writes a fault as JSON, and reads it."""


class InjectedFault:
    """An active fault.

    Attributes:
        fault: The fault.
        held: How many calls it holds.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.held = 0
        self._matched = 0
        self._first_strike: float | None = None
        self._lifted = asyncio.Event()

    def strikes(self, name: str, order_id: str | None) -> bool:
        """Whether it strikes the next call. Ask once for each call, because asking counts it."""
        fault = self.fault
        if not fnmatchcase(name, fault.name) or fault.order_id not in {None, order_id}:
            return False
        self._matched += 1
        is_due = self._matched >= fault.n and (fault.times is None or self._matched < fault.n + fault.times)
        return is_due and not self._is_over()

    def _is_over(self) -> bool:
        now = time.monotonic()
        self._first_strike = now if self._first_strike is None else self._first_strike
        return self.fault.lasts is not None and now - self._first_strike > self.fault.lasts

    async def hold(self) -> None:
        """Wait until the fault is lifted."""
        self.held += 1
        try:
            await self._lifted.wait()
        finally:
            self.held -= 1

    async def delay(self) -> None:
        """Wait for the seconds of the fault, or until it is lifted."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._lifted.wait(), self.fault.seconds)

    def lift(self) -> None:
        """Release the calls that wait because of the fault."""
        self._lifted.set()


class Faults:
    """The active faults.

    Args:
        make: Makes an active fault.
    """

    def __init__(self, make: Callable[[Fault], InjectedFault] = InjectedFault) -> None:
        self._make = make
        self._injected: dict[Fault, InjectedFault] = {}

    def inject(self, fault: Fault) -> None:
        """Activate a fault."""
        self.lift(fault)
        self._injected[fault] = self._make(fault)

    def strike(self, name: str, order_id: str | None) -> list[InjectedFault]:
        """The faults that strike the next call, in the order in which they take effect.

        Args:
            name: The call's name.
            order_id: The order that it is about, where that is known.
        """
        if not self._injected:
            return []
        latest_first = [each for each in reversed(self._injected.values()) if each.strikes(name, order_id)]
        return sorted(latest_first, key=lambda each: _PRECEDENCE.get(each.fault.kind, _NO_PRECEDENCE))

    def held(self) -> dict[Fault, int]:
        """How many calls each fault holds."""
        return {fault: injected.held for fault, injected in self._injected.items()}

    def lift(self, fault: Fault) -> None:
        """End a fault; nothing happens if it is not active."""
        injected = self._injected.pop(fault, None)
        if injected is not None:
            injected.lift()

    def clear(self) -> None:
        """End all faults."""
        for fault in list(self._injected):
            self.lift(fault)
