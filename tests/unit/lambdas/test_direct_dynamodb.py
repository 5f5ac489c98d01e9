"""A direct call to moto's DynamoDB has the result of a call over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.table import Table

from lambdas.domain import clock
from lambdas.domain.errors import OutOfStock
from lambdas.shared.store.listings import OrderListing
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, ORDER_ID, SUBMITTED_AT, an_order, two
from tests.unit.lambdas.direct_dynamodb import OPERATIONS
from tests.unit.lambdas.shop import AUDIT_TABLE, INVENTORY_TABLE, ORDERS_TABLE, Shop

Result = tuple[str, object]


@pytest.fixture
def shop_over_http(shop: Shop, tables_of_a_new_shop: Mapping[str, Table]) -> Shop:
    """A second shop in another region. Its client calls moto as any other does."""
    assert shop.client.meta.region_name != "eu-west-1"
    return Shop.with_tables(tables_of_a_new_shop, boto3.client("dynamodb", region_name="eu-west-1"))


def results(shop: Shop, act: Callable[[Shop], object]) -> list[Result]:
    """Every call that `act` makes, with its response or error."""
    calls: list[Result] = []

    def note(parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's model
        calls.append(
            (model.name, {name: each for name, each in parsed.items() if name != "ResponseMetadata"})
        )

    shop.client.meta.events.register("after-call.dynamodb", note)
    act(shop)
    shop.client.meta.events.unregister("after-call.dynamodb", note)
    return calls


def sell_and_take_back(shop: Shop) -> None:
    shop.confirmed(two(ARMCHAIR), two(LAMP))
    shop.close_cancelled()


def place_twice(shop: Shop) -> None:
    shop.placed()
    assert shop.orders.create(an_order()) is not None


def sell_more_than_there_is(shop: Shop) -> None:
    order = shop.paid(two(ARMCHAIR), two(LAMP))
    shop.sell_out(LAMP)
    with pytest.raises(OutOfStock):
        shop.stock.take(order)


def read_in_every_way(shop: Shop) -> None:
    shop.placed()
    shop.placed(order_id=f"{ORDER_ID[:-1]}2")
    listing = OrderListing(shop.client, ORDERS_TABLE)
    page = listing.of_day(SUBMITTED_AT[:10], start=None, limit=1)
    listing.of_day(SUBMITTED_AT[:10], start=page.next_key, limit=1)
    list(listing.newest_first("by_customer", "harry", until=SUBMITTED_AT, limit=1))
    listing.read([ORDER_ID, "unknown"])
    shop.orders.find("unknown")
    shop.unsettled()


def fill_and_empty(shop: Shop) -> None:
    keys = {"order_id": {"S": ORDER_ID}, "event_id": {"S": "e"}}
    values: dict[str, Any] = {
        "none": {"NULL": True},
        "yes": {"BOOL": True},
        "set": {"SS": ["a"]},
        "list": {"L": [{"N": "1.50"}]},
    }
    for _ in range(2):
        shop.client.put_item(TableName=AUDIT_TABLE, Item={**keys, **values}, ReturnValues="ALL_OLD")
    shop.all_items(AUDIT_TABLE)
    shop.client.delete_item(TableName=AUDIT_TABLE, Key=keys, ReturnValues="ALL_OLD")
    shop.take_from_catalogue(ARMCHAIR)
    shop.all_items(INVENTORY_TABLE)


def make_invalid_calls(shop: Shop) -> None:
    """An unknown table, a reserved name, an unused value, and a missing key."""
    key = {"order_id": {"S": ORDER_ID}}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        shop.client.get_item(TableName="unknown", Key=key)
    with pytest.raises(ClientError, match="reserved keyword"):
        shop.client.update_item(
            TableName=ORDERS_TABLE,
            Key=key,
            UpdateExpression="SET status = :s",
            ExpressionAttributeValues={":s": {"S": "s"}},
        )
    with pytest.raises(ClientError, match="ValidationException"):
        shop.client.update_item(
            TableName=ORDERS_TABLE,
            Key=key,
            UpdateExpression="SET a = :a",
            ExpressionAttributeValues={":a": {"S": "a"}, ":b": {"S": "b"}},
        )
    with pytest.raises(ClientError, match="ValidationException"):
        shop.client.get_item(TableName=AUDIT_TABLE, Key=key)


ACTS = (
    sell_and_take_back,
    place_twice,
    sell_more_than_there_is,
    read_in_every_way,
    fill_and_empty,
    make_invalid_calls,
)


@pytest.mark.parametrize("act", ACTS)
def test_every_result_is_the_same_as_over_http(
    shop: Shop, shop_over_http: Shop, monkeypatch: pytest.MonkeyPatch, act: Callable[[Shop], None]
) -> None:
    monkeypatch.setattr(clock, "now", lambda: SUBMITTED_AT)

    assert results(shop, act) == results(shop_over_http, act)
    for table in (ORDERS_TABLE, INVENTORY_TABLE, AUDIT_TABLE):
        assert shop.all_items(table) == shop_over_http.all_items(table)


@pytest.mark.usefixtures("aws_account")
def test_every_direct_operation_is_compared(tables_of_a_new_shop: Mapping[str, Table]) -> None:
    calls = [call for act in ACTS for call in results(Shop.with_tables(tables_of_a_new_shop), act)]

    assert {name for name, _result in calls} == OPERATIONS.keys()
