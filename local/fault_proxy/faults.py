"""What can go wrong between a function and AWS or Stripe, at the call where it is wanted.

| kind          | effect | what the function sees                                        |
|---------------|--------|---------------------------------------------------------------|
| `refuse`      | none   | the connection closes                                         |
| `lose_reply`  | yes    | the connection closes                                         |
| `hang`        | none   | silence, until it gives up                                    |
| `late`        | later  | silence, until it gives up; then the effect happens after all |
| `throttle`    | none   | the service's own throttling error                            |
| `kill_before` | none   | nothing: its process is killed                                |
| `kill_after`  | yes    | nothing: its process is killed                                |
| `hold`        | later  | the true answer, after a release                              |
| `contend`     | later  | the true answer; or a conflict, where two write to one item   |

A call can be held, and contend, and then break. Transactions that `contend` stay under way for `seconds`:
whoever writes to one of their items meanwhile, and contends, too, is refused as DynamoDB does it.
"""

import asyncio
import time
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

FaultKind = Literal[
    "refuse", "lose_reply", "hang", "late", "throttle", "kill_before", "kill_after", "hold", "contend"
]


class Fault(BaseModel):
    """A fault, and the calls that it strikes.

    Attributes:
        kind: See the table of this module.
        name: The calls' name, as in `charge_payment: dynamodb UpdateItem orders`; `*` stands for any text.
        n: The first of them that is struck, counted from 1 since the fault was set.
        times: How many in a row are struck; None for all from then on.
        lasts: How many seconds after the first strike the last one can be; None for no such end.
        seconds: How long a `hang` lasts, and how much later a `late` effect comes: both longer than any
            client waits. How much later a transaction ends that contends.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: FaultKind
    name: str
    n: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    lasts: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    seconds: float = Field(default=6, ge=0, allow_inf_nan=False)

    _seen: int = PrivateAttr(default=0)
    _began: float | None = PrivateAttr(default=None)

    def strikes(self, call_name: str) -> bool:
        """Whether it strikes the call that comes now; to be asked once for every call."""
        if not fnmatchcase(call_name, self.name):
            return False
        self._seen += 1
        return self._is_due() and not self._is_over()

    def _is_due(self) -> bool:
        return self._seen >= self.n and (self.times is None or self._seen < self.n + self.times)

    def _is_over(self) -> bool:
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        return self.lasts is not None and now - self._began > self.lasts


class Faults:
    """The faults that wait for their calls, and the calls that wait for their release."""

    def __init__(self) -> None:
        self._set: list[Fault] = []
        self._held = 0
        self._released = asyncio.Event()
        self._cleared = asyncio.Event()

    @property
    def held(self) -> int:
        """How many calls are held."""
        return self._held

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its calls."""
        self._set.append(fault)

    def strike(self, call_name: str) -> list[Fault]:
        """The faults that strike the call that comes now, in the order in which they were set."""
        return [fault for fault in self._set if fault.strikes(call_name)]

    async def hold(self) -> None:
        """Wait for the next release."""
        self._held += 1
        try:
            await self._released.wait()
        finally:
            self._held -= 1

    async def wait(self, seconds: float) -> None:
        """Wait that long, or until the faults are cleared."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._cleared.wait(), seconds)

    def release(self) -> int:
        """Let all held calls go, and say how many."""
        self._released.set()
        self._released = asyncio.Event()
        return self._held

    def clear(self) -> None:
        """Forget all faults and let everything go that waits because of one."""
        self._set.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()
        self.release()
