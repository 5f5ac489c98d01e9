"""The slots of charges keep the rate, come in order, and none is lost."""

from itertools import accumulate
from typing import Final

import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.domain.errors import StoreUnavailable
from lambdas.saga.charge_payment.charge_slots import BURST, ITEM_ID, ChargeSlots
from lambdas.shared.aws import dynamodb
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop

NOW: Final = 1_772_366_400_000
CROWD: Final = 30

a_crowd = st.tuples(
    st.integers(1, 30), st.lists(st.sampled_from([0, 0, 0, 1, 40, 333, 5_000]), min_size=1, max_size=40)
)
"""A rate, and the pauses between orders in milliseconds."""

of_one_shop = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def taken(shop: Shop, per_second: int, asked_at: list[int]) -> list[int]:
    """The slots that orders get at these times, in a shop without a queue."""
    shop.client.delete_item(TableName=IDEMPOTENCY_TABLE, Key={"id": {"S": ITEM_ID}})
    slots = ChargeSlots(shop.client, IDEMPOTENCY_TABLE, per_second)
    return [slots.take(now) for now in asked_at]


@of_one_shop
@given(a_crowd)
def test_no_window_has_more_slots_than_the_rate_and_the_burst(
    shop: Shop, crowd: tuple[int, list[int]]
) -> None:
    per_second, pauses = crowd

    slots = taken(shop, per_second, list(accumulate(pauses, initial=NOW)))

    for first, begin in enumerate(slots):
        for last, end in enumerate(slots[first:], start=first):
            assert last - first + 1 <= BURST + (end - begin) / 1_000 * per_second


@of_one_shop
@given(a_crowd)
def test_slots_are_given_out_in_the_order_of_asking(shop: Shop, crowd: tuple[int, list[int]]) -> None:
    per_second, pauses = crowd
    asked_at = list(accumulate(pauses, initial=NOW))

    slots = taken(shop, per_second, asked_at)

    assert slots == sorted(slots)
    assert all(slot >= asked for slot, asked in zip(slots, asked_at, strict=True))


@of_one_shop
@given(a_crowd)
def test_an_order_waits_only_for_slots_that_others_use(shop: Shop, crowd: tuple[int, list[int]]) -> None:
    per_second, pauses = crowd
    asked_at = list(accumulate(pauses, initial=NOW))
    interval = -(-1_000 // per_second)

    slots = taken(shop, per_second, asked_at)

    for place, (slot, asked) in enumerate(zip(slots, asked_at, strict=True)):
        ahead = [each for each in slots[:place] if each > asked - BURST * interval]
        assert slot - asked <= len(ahead) * interval


@pytest.mark.parametrize(("per_second", "interval"), [(1, 1_000), (20, 50), (30, 34), (1_000, 1)])
def test_a_crowd_gets_a_slot_in_each_interval_after_the_burst(
    shop: Shop, per_second: int, interval: int
) -> None:
    waits = [slot - NOW for slot in taken(shop, per_second, [NOW] * CROWD)]

    assert waits == [max(0, place - BURST + 1) * interval for place in range(CROWD)]


def test_a_slot_is_free_again_after_a_pause(shop: Shop) -> None:
    crowd = [NOW] * CROWD

    assert taken(shop, 20, [*crowd, NOW + 60_000])[-1] == NOW + 60_000


def test_an_order_alone_takes_its_slot_with_one_write() -> None:
    with Stubber(dynamodb()) as stub:
        answer = {"Attributes": {"next_at": {"N": str(NOW + 50)}}}
        stub.add_response("update_item", answer)

        assert ChargeSlots(dynamodb(), IDEMPOTENCY_TABLE, 20).take(NOW) == NOW


def test_the_item_of_the_slots_never_expires(shop: Shop) -> None:
    taken(shop, 20, [NOW, NOW])

    assert shop.all_items(IDEMPOTENCY_TABLE) == [{"id": ITEM_ID, "next_at": NOW + 100}]


def test_an_item_that_is_deleted_between_the_writes_is_an_outage() -> None:
    with Stubber(dynamodb()) as stub:
        for _ in range(2):
            stub.add_client_error("update_item", "ConditionalCheckFailedException", http_status_code=400)

        with pytest.raises(StoreUnavailable):
            ChargeSlots(dynamodb(), IDEMPOTENCY_TABLE, 20).take(NOW)
