import json
from collections.abc import Mapping

import pytest

from lambdas.domain.vocabulary import Metric
from lambdas.events.record_mail_feedback.handler import handler
from lambdas.shared.metrics import Measure
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, sqs_event
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop


def a_message(
    detail_type: str = "Email Bounced", *, event_id: str = "event-1", order_id: str = ORDER_ID
) -> str:
    """A message as the rule makes it from an event of SES."""
    return json.dumps({"event_id": event_id, "detail_type": detail_type, "order_ids": [order_id]})


def receive(*messages: str) -> Mapping[str, object]:
    return handler(sqs_event(*messages), CONTEXT)


@pytest.mark.parametrize(
    ("detail_type", "entry"),
    [("Email Bounced", "MailBounced"), ("Email Complaint Received", "MailMarkedAsSpam")],
)
def test_what_became_of_a_mail_is_on_the_timeline_of_its_order(
    shop: Shop, detail_type: str, entry: str
) -> None:
    before = shop.confirmed()

    assert receive(a_message(detail_type)) == {"batchItemFailures": []}

    after = shop.order()
    assert [each.event for each in after.timeline[len(before.timeline) :]] == [entry]
    assert (after.status, after.unsettled) == (before.status, before.unsettled)


def test_an_event_that_is_delivered_again_is_recorded_once(shop: Shop) -> None:
    shop.confirmed()

    receive(a_message(), a_message())
    receive(a_message(), a_message(event_id="event-2"))

    assert [entry.event for entry in shop.order().timeline].count("MailBounced") == 2


@pytest.mark.parametrize(
    ("detail_type", "outcome"), [("Email Bounced", "bounced"), ("Email Complaint Received", "complained")]
)
def test_what_became_of_a_mail_is_counted_once(
    shop: Shop, emitted: Emitted, detail_type: str, outcome: str
) -> None:
    shop.confirmed()

    receive(a_message(detail_type), a_message(detail_type), a_message(detail_type, order_id="gone"))

    assert emitted() == [Measure(Metric.MAILS, outcome)]


def test_feedback_on_an_order_that_does_not_exist_is_logged_only(shop: Shop, log: Log) -> None:
    assert receive(a_message(order_id="gone")) == {"batchItemFailures": []}

    assert shop.all_items(ORDERS_TABLE) == []
    assert (log.lines[-1]["order_id"], log.lines[-1]["recorded"]) == ("gone", False)


def test_an_unknown_event_does_not_stop_the_others(shop: Shop) -> None:
    shop.confirmed()

    answer = receive(a_message("Email Opened"), a_message())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert shop.order().timeline[-1].event == "MailBounced"
