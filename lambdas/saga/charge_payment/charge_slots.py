"""The slots of charges: when each charge may begin, so that Stripe never limits us.

Stripe limits the requests to each endpoint (https://docs.stripe.com/rate-limits), and a charge makes one to
each of two. A generic cell rate algorithm spaces the charges: a few may begin at once, and then one in each
interval, first come first served.
"""

from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.aws import dynamodb
from lambdas.shared.settings import Settings
from lambdas.shared.store.expressions import Update
from lambdas.shared.store.writes import write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BURST: Final = 4
"""Number of charges that may begin at once after a pause. So 24 begin within a second in `prod`."""

ITEM_ID: Final = "charge-slots"
"""Key of the item in the idempotency table. The item has no expiration, so the table keeps it."""

_HAS_NO_QUEUE: Final = Attr("next_at").not_exists()


class ChargeSlots:
    """Gives out slots: times, in milliseconds since 1970.

    One item holds all state: `next_at`, when the next slot would be if every charge kept its interval. Slots
    begin up to `BURST` - 1 intervals before it. A slot that nobody uses, because its reply was lost or its
    order was cancelled, delays the charges behind it by one interval.

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str, per_second: int) -> None:
        """Use an idempotency table; at most `per_second` charges a second."""
        self._client = client
        self._table = table
        self._interval = -(-1_000 // per_second)  # rounded up, so that the rate is never exceeded

    @classmethod
    def from_settings(cls, settings: Settings) -> "ChargeSlots":
        """The table and the rate that the environment names."""
        return cls(dynamodb(), settings.idempotency_table, settings.charge_rate)

    def take(self, now: int) -> int:
        """Take the next free slot.

        One write if no charge is ahead, else two. Neither depends on what was read before, so any number of
        functions can take slots at the same time, and none has to try again.

        Returns:
            When the charge may begin: `now`, or later.
        """
        alone = Update(_HAS_NO_QUEUE | Attr("next_at").lte(now), set={"next_at": now + self._interval})
        if self._write(alone) is not None:
            return now
        # The time only grows, so the condition holds now, whoever has written in between.
        behind = self._write(Update(Attr("next_at").gt(now), add={"next_at": self._interval}))
        if behind is None:
            raise StoreUnavailable("the item of the slots was deleted")
        return max(now, behind - BURST * self._interval)

    def _write(self, update: Update) -> int | None:
        item: Any = write(self._client, update.request(self._table, id=ITEM_ID))
        return int(item["next_at"]["N"]) if item is not None else None
