"""One order's story, from the lines that the functions really write."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from docgen.contract.schemas import StorySchema
from lambdas.api.get_story.handler import handler
from lambdas.api.get_story.log_search import FoundLines, LogSearch
from lambdas.api.get_story.logic import period_of, story_of
from lambdas.api.get_story.story_entry import StorySource, entries_of_line
from lambdas.domain.order import Order, OrderStatus, TimelineEntry
from lambdas.domain.vocabulary import ReconciliationScope
from lambdas.shared.aws import cloudwatch_logs
from lambdas.shared.log import logger
from lambdas.shared.store.audit import AuditedEvent
from stacks.constructs.function_logs import functions_of_orders
from tests.unit.lambdas.builders import CUSTOMER, EMAIL, ORDER_ID, an_order
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, api_event, step_payload
from tests.unit.lambdas.shop import Shop

FUNCTIONS = functions_of_orders()
EVENT = AuditedEvent("event-1", "OrderConfirmed", "2026-03-01T12:00:04.000Z", "2026-03-01T12:00:05.000Z")


def a_line(message: str, function: str = "charge_payment", **facts: object) -> dict[str, Any]:
    return {
        "level": "INFO",
        "message": message,
        "timestamp": "2026-03-01 12:00:01,830+0000",
        "@timestamp": "2026-03-01 12:00:09.000",
        "function_name": f"orders-prod-{function}",
        "order_id": ORDER_ID,
        **facts,
    }


def story(
    *lines: Mapping[str, Any], order: Order | None = None, events: tuple[AuditedEvent, ...] = ()
) -> dict[str, Any]:
    order = order or an_order()
    period = period_of(order, datetime(2026, 3, 1, 13, tzinfo=UTC), 7)
    told = story_of(order, events, FoundLines(list(lines), is_complete=True), period, FUNCTIONS)
    StorySchema.model_validate_json(json.dumps(told))
    return told


def entry_of(line: Mapping[str, Any], order: Order | None = None) -> Any:  # noqa: ANN401 - an entry
    [entry] = entries_of_line(line, order or an_order(), FUNCTIONS)
    return entry


# Sources, states and texts


@pytest.mark.parametrize(
    ("function", "message", "source", "state"),
    [
        ("submit_order", "order accepted", StorySource.REQUEST, None),
        ("import_orders", "order accepted", StorySource.REQUEST, None),
        ("start_saga", "execution requested", StorySource.STREAM, None),
        ("charge_payment", "step done", StorySource.SAGA, "ChargePayment"),
        ("charge_payment", "Stripe called", StorySource.STRIPE, "ChargePayment"),
        ("reserve_inventory", "stock reserved", StorySource.STOCK, "ReserveInventory"),
        ("notify_customer", "mail sent", StorySource.MAIL, "NotifyCustomer"),
        ("publish_order_events", "event published", StorySource.EVENT, None),
        ("audit_order_events", "event consumed", StorySource.CONSUMER, None),
        ("receive_stripe_webhook", "webhook received", StorySource.WEBHOOK, None),
        ("recover_order", "execution did not succeed", StorySource.RECOVERY, None),
        ("reconcile_orders", "order is run again", StorySource.RECONCILIATION, None),
    ],
)
def test_an_entry_says_where_it_comes_from(
    function: str, message: str, source: StorySource, state: str | None
) -> None:
    entry = entry_of(a_line(message, function))

    assert (entry.source, entry.state, entry.function) == (source, state, function)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        ("OrderConfirmed", "NotifyCustomer"),
        ("OrderFailed", "NotifyCustomerOfClosure"),
        ("OrderCancelled", "NotifyCustomerOfClosure"),
    ],
)
def test_the_state_of_a_mail_follows_from_the_end_of_the_order(end: str, state: str) -> None:
    order = an_order(timeline=(TimelineEntry("2026-03-01T12:00:01.000Z", end),))

    assert entry_of(a_line("mail sent", "notify_customer"), order).state == state


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            a_line("Stripe called", operation="confirm PaymentIntent", http_status=200, milliseconds=640),
            "confirm PaymentIntent: 200, 640 ms",
        ),
        (
            a_line(
                "Stripe called",
                operation="create PaymentIntent",
                http_status=500,
                error="api_error",
                replayed=True,
                milliseconds=90,
            ),
            "create PaymentIntent: 500 api_error, replayed, 90 ms",
        ),
        (
            a_line("Stripe called", operation="x", error="APIConnectionError", milliseconds=20_000),
            "x: APIConnectionError, 20000 ms",
        ),
        (a_line("step done", outcome={"payment": "succeeded", "failure": None}), "done: payment succeeded"),
        (a_line("stock reserved", units={"RED-CHAIR": 2}), "stock reserved: 2 x RED-CHAIR"),
        (a_line("event consumed", event="OrderFailed", consumer="a"), "OrderFailed consumed by a"),
        (a_line("event published"), "event published"),
        (a_line("something new"), "something new"),
    ],
)
def test_a_line_is_told_in_a_sentence(line: Mapping[str, Any], text: str) -> None:
    assert entry_of(line).text == text


def test_the_end_of_an_execution_has_its_own_time_before_the_recovery() -> None:
    line = a_line(
        "execution did not succeed",
        "recover_order",
        status="ABORTED",
        outcome="run_again",
        ended_at="2026-03-01T12:00:00.500Z",
    )

    told = [(each["at"], each["source"], each["text"]) for each in story(line)["entries"]]

    assert told[1:] == [
        ("2026-03-01T12:00:00.500Z", "saga", "execution ended: ABORTED"),
        ("2026-03-01T12:00:01.830Z", "recovery", "recovery: run_again"),
    ]


def test_a_line_without_a_time_of_its_own_has_that_of_the_log() -> None:
    line = {**a_line("x"), "timestamp": "today"}

    assert entry_of(line).at == "2026-03-01T12:00:09.000Z"


def test_facts_that_are_not_listed_are_not_shown() -> None:
    line = a_line("x", error="E", exception="Traceback ...", address=EMAIL, task_token="t")  # noqa: S106

    assert entry_of(line).details == {"error": "E"}


# Logs, the record and the audit together


def test_lines_and_entries_of_the_record_are_sorted_by_time() -> None:
    order = an_order(
        timeline=(
            TimelineEntry("2026-03-01T11:59:59.000Z", "OrderReceived"),
            TimelineEntry("2026-03-01T12:00:03.000Z", "OrderConfirmed"),
        )
    )

    told = story(a_line("step done", outcome={"status": "x"}), order=order)

    assert [each["text"] for each in told["entries"]] == ["OrderReceived", "done: status x", "OrderConfirmed"]


def test_a_call_to_stripe_is_told_before_its_record_of_the_same_millisecond() -> None:
    order = an_order(timeline=(TimelineEntry("2026-03-01T12:00:01.830Z", "PaymentSucceeded"),))

    told = story(a_line("step done"), a_line("Stripe called", operation="confirm"), order=order)["entries"]

    assert [each["source"] for each in told] == ["stripe", "record", "saga"]


def test_an_event_whose_line_is_missing_is_told_from_the_audit() -> None:
    line = a_line(
        "event consumed",
        "audit_order_events",
        event="OrderConfirmed",
        event_id="event-1",
        consumer="audit_order_events",
    )

    assert [each["source"] for each in story(events=(EVENT,))["entries"]] == ["record", "consumer"]
    assert [each["source"] for each in story(line, events=(EVENT,))["entries"]] == ["record", "consumer"]
    assert story(events=(EVENT,))["entries"][-1]["at"] == EVENT.audited_at


# The period


def test_the_logs_are_searched_until_now_while_an_order_is_not_at_rest() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)

    period = period_of(an_order(), now, 7)

    assert (period.since, period.until) == (datetime(2026, 3, 1, 11, 59, 59, tzinfo=UTC), now)
    assert not period.is_cut


def test_the_search_includes_what_stripe_and_the_nightly_run_still_do() -> None:
    order = an_order(unsettled=False, status=OrderStatus.CONFIRMED)
    nightly = ReconciliationScope.FULL.window

    period = period_of(order, datetime(2026, 4, 1, tzinfo=UTC), 90)

    assert timedelta(days=3) < period.until - datetime.fromisoformat(order.updated_at) < timedelta(days=7)
    assert period.until - datetime.fromisoformat(order.updated_at) > nightly


def test_a_story_that_began_before_the_kept_logs_is_truncated() -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)

    period = period_of(an_order(), now, 7)

    assert period.since == now - timedelta(days=7)
    assert (
        story_of(an_order(), [], FoundLines([], is_complete=True), period, FUNCTIONS)["logs"] == "truncated"
    )


# The call


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The lines that the logs have."""
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(LogSearch, "lines_about", lambda *_: FoundLines(lines, is_complete=True))
    return lines


def get(*, groups: str = "operators") -> tuple[int, dict[str, Any]]:
    answer = handler(api_event("GET", f"/orders/{ORDER_ID}/story", groups=groups), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def no_logs() -> Iterator[None]:
    with Stubber(cloudwatch_logs()) as stub:
        stub.add_client_error("start_query", "AccessDeniedException")
        yield


@pytest.mark.usefixtures("no_logs")
def test_the_record_is_told_without_the_logs(shop: Shop) -> None:
    shop.confirmed()

    status, body = get()

    assert (status, body["logs"]) == (200, "unavailable")
    assert [each["text"] for each in body["entries"]][-1] == "OrderConfirmed"


@pytest.mark.usefixtures("found")
def test_only_operators_see_a_story(shop: Shop) -> None:
    shop.placed()

    assert get(groups="customers")[0] == 403


@pytest.mark.usefixtures("found", "shop")
def test_the_story_of_an_unknown_order_is_not_found() -> None:
    assert get()[0] == 404


def test_the_lines_that_powertools_writes_are_understood(
    shop: Shop, log: Log, found: list[dict[str, Any]]
) -> None:
    shop.placed()
    with_keys = {"order_id": ORDER_ID, "execution": step_payload()["execution"]}
    logger.append_keys(**with_keys, function_name="orders-local-charge_payment")
    logger.warning("step failed for now", extra={"error": "StoreUnavailable"})
    logger.remove_keys([*with_keys, "function_name"])
    found += log.lines

    _status, body = get()

    [entry] = [each for each in body["entries"] if each["source"] == "saga"]
    assert (entry["level"], entry["text"]) == ("WARNING", "failed for now: StoreUnavailable")
    assert abs(datetime.fromisoformat(entry["at"]) - datetime.now(UTC)) < timedelta(hours=1)
    assert CUSTOMER not in json.dumps(body["entries"])
