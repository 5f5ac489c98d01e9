"""Faults on request: what can go wrong between a client and Stripe, at the call where it is wanted.

| kind           | when            | effect | answer                          | kept under the key |
|----------------|-----------------|--------|---------------------------------|--------------------|
| `refuse`       | at the door     | none   | none, the connection closes     | no                 |
| `hang`         | at the door     | none   | none, it closes after `seconds` | no                 |
| `rate_limit`   | at the door     | none   | 429                             | no                 |
| `unavailable`  | at the door     | none   | 503                             | no                 |
| `hold`         | in execution    | later  | the true one, after a release   | yes                |
| `error_before` | in execution    | none   | 500                             | yes                |
| `error_after`  | in execution    | yes    | 500                             | yes                |
| `lose_reply`   | on the way back | yes    | none, the connection closes     | yes                |

A request whose answer was kept earlier is not executed, so that faults in execution pass it by.
One request can meet a fault at each place: held first, and then its reply lost.
"""

import asyncio
import re
from contextlib import suppress
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from local.stripe_stand_in.ledger import Call

FaultKind = Literal[
    "refuse", "hang", "rate_limit", "unavailable", "hold", "error_before", "error_after", "lose_reply"
]


class Fault(BaseModel):
    """A fault, and the calls that it strikes: those that fit everything that is given.

    Attributes:
        kind: See the table of this module.
        method: `GET`, `POST` or `DELETE`.
        path: A regular expression, found anywhere in the path.
        order_id: The order in the metadata of the request, or of the PaymentIntent that it is about.
        times: How many calls it strikes; None for all until the faults are cleared.
        seconds: How long a `hang` lasts.
        after: How many fitting calls it lets pass first.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: FaultKind
    method: Literal["GET", "POST", "DELETE"] | None = None
    path: re.Pattern[str] | None = None
    order_id: str | None = None
    times: int | None = Field(default=1, ge=1)
    seconds: float = Field(default=60, ge=0, allow_inf_nan=False)
    after: int = Field(default=0, ge=0)

    def fits(self, call: Call) -> bool:
        """Whether it is meant for this call."""
        return (
            self.method in {None, call.method}
            and self.order_id in {None, call.order_id}
            and (self.path is None or self.path.search(call.path) is not None)
        )


class Faults:
    """The faults that wait for their calls, and the calls that wait for their release."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._parked = 0
        self._released = asyncio.Event()
        self._cleared = asyncio.Event()

    @property
    def parked(self) -> int:
        """How many calls are held."""
        return self._parked

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its calls. Where several fit a call, the one that came first strikes."""
        self._waiting.append(fault)

    def strike(self, call: Call, *kinds: FaultKind) -> Fault | None:
        """The fault of these kinds that strikes a call now, if one does, which the call then bears."""
        for fault in self._waiting:
            if fault.kind not in kinds or not fault.fits(call):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.remove(fault)
            call.fault = fault.kind
            return fault
        return None

    async def park(self) -> None:
        """Wait for the next release."""
        self._parked += 1
        try:
            await self._released.wait()
        finally:
            self._parked -= 1

    async def hang(self, seconds: float) -> None:
        """Wait that long, or until the faults are cleared."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._cleared.wait(), seconds)

    def release(self) -> int:
        """Let all held calls go, and say how many."""
        self._released.set()
        self._released = asyncio.Event()
        return self._parked

    def clear(self) -> None:
        """Forget all faults and let everything go that waits because of one."""
        self._waiting.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()
        self.release()
