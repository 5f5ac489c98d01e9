"""Where a case is played: a world, one order in it, and what the people of the case can do."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from threading import Timer
from typing import Any, Final

import httpx

from local.fault_proxy.faults import Fault
from local.waiting import wait_for
from local.world import World
from proof.fault_campaign.shopper import Shopper
from proof.plays import CONFIRM
from proof.promises import RESTS, read_record
from proof.reconciliation import reconcile

_PATIENCE_SECONDS: Final = 240.0
_IDLE_SECONDS: Final = 7.0
"""Longer than the reconciliation lets an order be idle, than a lock is held, and than a recovery waits."""

_HELD_CHARGE: Final = Fault("hold", CONFIRM)

_HOLD_SECONDS: Final = 3.5
"""Less than the saga waits for Stripe."""

Record = Mapping[str, Any]


@dataclass
class Stage:
    """One order on its way.

    Attributes:
        world: Where it is.
        order_id: The order, once it is accepted.
        taken_away: Units that left the shelf without an order, by SKU.
        reconciliations: How often the reconciliation was run because nothing moved.
    """

    world: World
    order_id: str = ""
    taken_away: dict[str, int] = field(default_factory=dict)
    reconciliations: int = 0
    _idle_since: float = field(default_factory=time.monotonic)

    @cached_property
    def shopper(self) -> Shopper:
        """Whoever sends requests."""
        return Shopper(self.world)

    def record(self) -> Record | None:
        """The order's record as it is now."""
        return read_record(self.world, self.order_id)

    def wait_for(self, fits: Callable[[Record], bool]) -> Record | None:
        """Wait until the order's record fits.

        Returns:
            The record; None where the order has come to its end, or nothing has come, before that.
        """

        def look() -> tuple[Record, bool] | None:
            record = self.record()
            if record is None:
                return None
            if fits(record):
                return record, True
            is_quiet = self.is_quiet()
            return (record, False) if is_quiet and record["status"] in {*RESTS, "NEEDS_ATTENTION"} else None

        try:
            record, does_fit = wait_for(look, "the record fits", timeout_seconds=_PATIENCE_SECONDS)
        except TimeoutError:
            return None
        return record if does_fit else None

    @contextmanager
    def while_charging(self) -> Iterator[None]:
        """Run the block while the charge is held, or as soon as it is clear that none comes.

        The charge does not wait for a block that takes longer than the saga waits for Stripe.
        """
        self.wait_for(lambda _: self.world.faults.held(_HELD_CHARGE) > 0)
        release = Timer(_HOLD_SECONDS, self.world.faults.lift, [_HELD_CHARGE])
        release.start()
        try:
            yield
        finally:
            release.cancel()
            self.world.faults.lift(_HELD_CHARGE)

    def is_quiet(self) -> bool:
        """Whether no execution runs and no function calls anybody.

        When that is so for long, it is time for the reconciliation, which runs on a schedule.
        """
        quiet = self.world.faults.under_way() == 0 and not self.world.executions.names(running=True)
        now = time.monotonic()
        if not quiet:
            self._idle_since = now
        elif now - self._idle_since > _IDLE_SECONDS:
            reconcile(self.world)
            self.reconciliations += 1
            self._idle_since = time.monotonic()
        return quiet

    def approve(self, record: Record) -> None:
        """Be the customer who passes 3-D Secure, unless it is too late."""
        with suppress(httpx.HTTPStatusError):
            self.world.stripe.authenticate(record["payment"]["intent_id"], success=True)

    def empty_shelf(self, sku: str) -> None:
        """Let somebody at the counter take all units that are there."""
        self.taken_away[sku] = set_available(self.world, sku, 0)


def hold_charge(world: World) -> None:
    """Have the next charge wait."""
    world.faults.inject(_HELD_CHARGE)


def set_available(world: World, sku: str, units: int) -> int:
    """Put so many units on the shelf; returns how many were there."""
    answer = world.dynamodb.update_item(
        TableName=world.tables["inventory"],
        Key={"sku": {"S": sku}},
        UpdateExpression="SET available = :units ADD version :one",
        ExpressionAttributeValues={":units": {"N": str(units)}, ":one": {"N": "1"}},
        ReturnValues="UPDATED_OLD",
    )
    return int(answer["Attributes"]["available"]["N"])
