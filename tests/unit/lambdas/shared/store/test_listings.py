import pytest
from botocore.stub import Stubber

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.store.listings import BATCH, OrderListing
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop

DAY = "2026-03-01"


@pytest.fixture
def listing(shop: Shop) -> OrderListing:
    return OrderListing(shop.client, ORDERS_TABLE)


def an_id(number: int) -> str:
    return f"a1b2c3d4-0000-5000-8000-{number:012}"


def place(shop: Shop, *times: str) -> None:
    for number, time in enumerate(times):
        shop.placed(order_id=an_id(number), created_at=f"{time}Z")


def test_the_orders_of_a_day_are_listed_oldest_first_and_page_by_page(
    shop: Shop, listing: OrderListing
) -> None:
    place(shop, f"{DAY}T23:59:59.999", f"{DAY}T00:00:00.000", "2026-03-02T00:00:00.000")

    first = listing.of_day(DAY, start=None, limit=1)
    second = listing.of_day(DAY, start=first.next_key, limit=2)

    assert [each.order_id for each in first.orders] == [an_id(1)]
    assert [(each.order_id, each.created_at) for each in second.orders] == [
        (an_id(0), f"{DAY}T23:59:59.999Z")
    ]
    assert second.next_key is None


def test_the_orders_of_a_day_are_listed_from_a_given_time(shop: Shop, listing: OrderListing) -> None:
    place(shop, f"{DAY}T11:59:59.999", f"{DAY}T12:00:00.000")

    page = listing.of_day(DAY, since=f"{DAY}T12:00:00.000Z", start=None)

    assert [each.order_id for each in page.orders] == [an_id(1)]


def test_unsettled_orders_are_listed_by_their_shard_and_age(shop: Shop, listing: OrderListing) -> None:
    place(shop, f"{DAY}T12:00:00.000", f"{DAY}T11:00:00.000", f"{DAY}T10:00:00.000")
    shop.placed(order_id=f"b{ORDER_ID[1:]}", created_at=f"{DAY}T09:00:00.000Z")

    first = listing.unsettled("a", before=f"{DAY}T12:00:00.000Z", start=None, limit=1)
    second = listing.unsettled("a", before=f"{DAY}T12:00:00.000Z", start=first.next_key)

    assert [each.order_id for each in (*first.orders, *second.orders)] == [an_id(2), an_id(1)]


def test_orders_are_read_by_id_without_unknown_ones(shop: Shop, listing: OrderListing) -> None:
    order = shop.placed()

    assert listing.read([ORDER_ID, an_id(7), ORDER_ID]) == {ORDER_ID: order}
    assert listing.read([]) == {}


def test_more_orders_are_read_than_fit_into_one_call(shop: Shop, listing: OrderListing) -> None:
    order = shop.placed()

    assert listing.read([*map(an_id, range(2, BATCH + 2)), ORDER_ID]) == {ORDER_ID: order}


def test_unprocessed_keys_are_read_again(shop: Shop, listing: OrderListing) -> None:
    keys = [{"order_id": {"S": an_id(number)}} for number in (1, 2)]
    with Stubber(shop.client) as stub:
        stub.add_response(
            "batch_get_item", {"Responses": {}, "UnprocessedKeys": {ORDERS_TABLE: {"Keys": keys[1:]}}}
        )
        stub.add_response(
            "batch_get_item",
            {"Responses": {}, "UnprocessedKeys": {}},
            {"RequestItems": {ORDERS_TABLE: {"Keys": keys[1:], "ConsistentRead": True}}},
        )

        assert listing.read([an_id(1), an_id(2)], consistent=True) == {}
        stub.assert_no_pending_responses()


def test_a_read_without_progress_can_be_retried(shop: Shop, listing: OrderListing) -> None:
    left = {ORDERS_TABLE: {"Keys": [{"order_id": {"S": ORDER_ID}}]}}
    with Stubber(shop.client) as stub:
        stub.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left})

        with pytest.raises(StoreUnavailable, match="none"):
            listing.read([ORDER_ID])


def test_a_throttled_list_can_be_retried(shop: Shop, listing: OrderListing) -> None:
    with Stubber(shop.client) as stub:
        stub.add_client_error("query", "ThrottlingException")

        with pytest.raises(StoreUnavailable):
            listing.of_day(DAY, start=None)
