"""The order of a case, and what customers and operators do to it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import httpx

from local.fault_proxy.faults import Fault
from proof.fault_campaign.patient_client import PatientClient
from proof.journey import Journey
from proof.port import PlayedWorld
from proof.promises import AT_REST
from proof.scenarios import CONFIRM

_TIMEOUT_SECONDS: Final = 240.0

_HELD_CHARGE: Final = Fault("hold", CONFIRM)

_HOLD_SECONDS: Final = 3.5
"""Shorter than the time that the saga waits for Stripe."""

Record = Mapping[str, Any]


@dataclass
class OrderUnderTest:
    """The order of a case.

    Attributes:
        world: Its world.
        customer: The demo user who submits it.
        is_quiet: Whether nothing happens in the world.
        order_id: Its id; empty until it is accepted.
        delivered: Units by SKU that were added to the stock without an order; negative if they were taken.
    """

    world: PlayedWorld
    customer: str
    is_quiet: Callable[[], bool]
    order_id: str = ""
    delivered: dict[str, int] = field(default_factory=dict)

    @cached_property
    def client(self) -> PatientClient:
        """The client of the order's customer and of operators."""
        return PatientClient(self.world, self.customer)

    def submit(self, journey: Journey) -> None:
        """Place the journey's order in a stage that takes its money at the journey's time."""
        with self.world.capturing(journey.capture):
            self.order_id = self.client.submit(journey.order)

    def wait_for(self, fits: Callable[[Record], bool]) -> Record | None:
        """Wait until the order's record fits a condition.

        Returns:
            The record; None if the order ended without that, or if the time is up.
        """

        def look() -> tuple[Record, bool] | None:
            record = self.world.order_record(self.order_id)
            if record is None:
                return None
            if fits(record):
                return record, True
            has_ended = self.is_quiet() and record["status"] in {*AT_REST, "NEEDS_ATTENTION"}
            return (record, False) if has_ended else None

        try:
            record, does_fit = self.world.wait_for(look, "the record fits", timeout_seconds=_TIMEOUT_SECONDS)
        except TimeoutError:
            return None
        return record if does_fit else None

    @contextmanager
    def while_charging(self) -> Iterator[None]:
        """Run the block while the charge is held, or as soon as it is clear that the order is not charged.

        The charge is released before the saga's call times out, even if the block takes longer.
        """
        self.wait_for(lambda _: self.world.faults.held(_HELD_CHARGE) > 0)
        release = self.world.after(_HOLD_SECONDS, lambda: self.world.faults.lift(_HELD_CHARGE))
        try:
            yield
        finally:
            release.cancel()
            self.world.faults.lift(_HELD_CHARGE)

    def answer_bank(self, *, approves: bool) -> None:
        """Wait until the bank asks for 3-D Secure, and approve or refuse it, unless it is too late."""
        asked = self.wait_for(
            lambda record: (
                record["status"] == "AWAITING_PAYMENT" and record["payment"]["status"] == "requires_action"
            )
        )
        if asked is not None:
            with suppress(httpx.HTTPStatusError):
                self.world.stripe.authenticate(asked["payment"]["intent_id"], success=approves)

    def take_all(self, sku: str) -> None:
        """Take all units of a SKU out of the stock."""
        self.delivered[sku] = -set_available(self.world, sku, 0)


def hold_charge(world: PlayedWorld) -> None:
    """Hold the next charge."""
    world.faults.inject(_HELD_CHARGE)


def set_available(world: PlayedWorld, sku: str, units: int) -> int:
    """Set the units of a SKU that are in stock; returns how many there were."""
    answer = world.update_item(
        "inventory",
        Key={"sku": {"S": sku}},
        UpdateExpression="SET available = :units ADD version :one",
        ExpressionAttributeValues={":units": {"N": str(units)}, ":one": {"N": "1"}},
        ReturnValues="ALL_OLD",
    )
    return int(answer["Attributes"]["available"]["N"])
