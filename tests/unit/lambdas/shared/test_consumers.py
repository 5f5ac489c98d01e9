"""Consumers of order events: each event has its effect once, and one that fails stops no other."""

import json
from collections.abc import Mapping

import pytest

from lambdas.domain import clock
from lambdas.shared.consumers import consume_once
from lambdas.shared.queues import Message
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, sqs_event
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop


def an_event(event_id: str, occurred_at: str = "2026-03-01T12:00:00.000Z") -> str:
    detail = {
        "event_id": event_id,
        "order_id": ORDER_ID,
        "request_id": "a-request",
        "occurred_at": occurred_at,
    }
    return json.dumps({"detail-type": "OrderConfirmed", "source": "orders", "detail": detail})


class Consumer:
    """A consumer that remembers what it has done, and fails for some events."""

    def __init__(self, name: str = "count_sales") -> None:
        self.done: list[str] = []
        self.fails_for: set[str] = set()
        self._name = name

    def receive(self, *messages: str) -> Mapping[str, object]:
        return consume_once(self._name, sqs_event(*messages), CONTEXT, self._act)

    def _act(self, message: Message) -> None:
        event_id = message["detail"]["event_id"]
        if event_id in self.fails_for:
            raise ValueError("poison")
        self.done.append(event_id)


@pytest.mark.usefixtures("shop")
def test_an_event_has_its_effect_once_however_often_it_comes() -> None:
    consumer = Consumer()

    consumer.receive(an_event("a"), an_event("a"))
    consumer.receive(an_event("a"), an_event("b"))

    assert consumer.done == ["a", "b"]


@pytest.mark.usefixtures("shop")
def test_poison_in_a_batch_stops_no_other_event() -> None:
    consumer = Consumer()
    consumer.fails_for = {"poison"}

    answer = consumer.receive(an_event("a"), "no JSON", an_event("poison"), "{}", an_event("b"))

    failed = [{"itemIdentifier": f"message-{number}"} for number in (1, 2, 3)]
    assert answer == {"batchItemFailures": failed}
    assert consumer.done == ["a", "b"]


@pytest.mark.usefixtures("shop")
def test_an_event_that_failed_has_its_effect_when_it_comes_again() -> None:
    consumer = Consumer()
    consumer.fails_for = {"b"}
    consumer.receive(an_event("a"), an_event("b"))
    consumer.fails_for = set()

    assert consumer.receive(an_event("b")) == {"batchItemFailures": []}

    assert consumer.done == ["a", "b"]


@pytest.mark.parametrize(("days", "effects"), [(88, 2), (89, 1), (365, 1)])
def test_an_event_that_may_be_forgotten_has_no_effect_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, days: int, effects: int
) -> None:
    consumer, event = Consumer(), an_event("a")
    consumer.receive(event)

    [record] = shop.all_items(IDEMPOTENCY_TABLE)
    shop.client.delete_item(TableName=IDEMPOTENCY_TABLE, Key={"id": {"S": record["id"]}})
    monkeypatch.setattr(clock, "now", lambda: clock.later("2026-03-01T12:00:01.000Z", days * 86_400))

    assert consumer.receive(event) == {"batchItemFailures": []}

    assert consumer.done == ["a"] * effects


@pytest.mark.usefixtures("shop")
def test_each_consumer_acts_on_an_event() -> None:
    first, second = Consumer("first"), Consumer("second")

    first.receive(an_event("a"))
    second.receive(an_event("a"))

    assert (first.done, second.done) == (["a"], ["a"])


def test_the_story_of_an_order_names_its_consumers(shop: Shop, log: Log) -> None:
    del shop  # holds the table of what was done

    Consumer().receive(an_event("a"), an_event("a"))

    lines = [line for line in log.lines if line["message"] == "event consumed"]
    assert [(line["consumer"], line["event_id"], line["again"]) for line in lines] == [
        ("count_sales", "a", False),
        ("count_sales", "a", True),
    ]
    assert {(line["order_id"], line["request_id"]) for line in lines} == {(ORDER_ID, "a-request")}
