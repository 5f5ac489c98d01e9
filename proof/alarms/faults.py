"""The table fault -> alarms: exactly these alarms, and none for business as usual.

Faults that the embedded run can play are played there. For the others, such as quotas, percentiles of many
requests and hours of silence, the metrics are given.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from lambdas.domain.vocabulary import FindingKind, MailOutcome, Metric, RecoveryOutcome, WebhookOutcome
from local.consumers import event_consumers
from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from local.waiting import wait_for
from local.world import World
from proof.alarms.datapoints import API_NAME, api_responses, metric, our_metric
from proof.alarms.evaluation import Datapoint, MetricKey
from proof.orders import DECLINED, an_order
from proof.run_reconciler import run_reconciler
from proof.scenarios import CONFIRM, cancel_once_confirmed
from stacks.names import dead_letters_of, queue_of

_MINUTE: Final = 60.0
_HOUR: Final = 60 * _MINUTE
_TIMEOUT_SECONDS: Final = 60.0
_MAIL: Final = "notify_customer: ses *"

Given = Callable[[float], list[Datapoint]]
"""Makes the metrics of a fault; its argument is the present, in seconds since the epoch."""


def healthy_schedule(now: float) -> list[Datapoint]:
    """The runs of the reconciliation in a stage that has been deployed for two days."""
    return _runs(now, last=10 * _MINUTE) + _stock_compared(now, last=10 * _HOUR)


def _runs(now: float, last: float) -> list[Datapoint]:
    succeeded = metric("AWS/States", "ExecutionsSucceeded", StateMachineArn="Reconciliation")
    return [Datapoint(succeeded, now - last - hours * _HOUR) for hours in range(48)]


def _stock_compared(now: float, last: float) -> list[Datapoint]:
    called = metric("AWS/Lambda", "Invocations", FunctionName="ReconcileStock")
    return [Datapoint(called, now - last - days * 24 * _HOUR) for days in range(2)]


@dataclass(frozen=True, kw_only=True)
class PlayedFault:
    """A fault that the embedded run plays.

    Attributes:
        key: Names its test.
        what: What happens.
        alarms: The alarms that it raises, and no others.
        play: Makes it happen; returns the metrics of what only the caller sees.
        evidence: A metric that it must have changed.
    """

    key: str
    what: str
    alarms: frozenset[str]
    play: Callable[[World], Iterable[Datapoint]]
    evidence: MetricKey


@dataclass(frozen=True, kw_only=True)
class GivenFault:
    """A fault whose metrics are given.

    Attributes:
        what: What happens.
        alarms: The alarms that it raises, and no others.
        given: Its metrics.
        schedule: The runs of the reconciliation before.
    """

    what: str
    alarms: frozenset[str]
    given: Given
    schedule: Given = field(default=healthy_schedule)


# Played


def _confirmed(world: World) -> list[Datapoint]:
    order_id = world.shop.order(an_order())
    world.executions.wait_until_ended(order_id)
    return []


def _declined(world: World) -> list[Datapoint]:
    world.executions.wait_until_ended(world.shop.order(DECLINED))
    return []


def _cancelled(world: World) -> list[Datapoint]:
    cancel_once_confirmed()(world, an_order())
    return []


def _undo_fails(world: World) -> list[Datapoint]:
    refused = cancel_once_confirmed(lambda world, order_id: world.stripe.refuse_refunds(order_id))
    refused(world, an_order())
    return []


def _recoveries_stopped(world: World) -> list[Datapoint]:
    world.faults.inject(Fault("hold", CONFIRM, times=None))
    order_id = world.shop.order(an_order())
    for name in (order_id, *(f"{order_id}-r{number}" for number in (1, 2, 3))):
        wait_for(
            lambda name=name: world.executions.status(name) == "RUNNING",  # type: ignore[misc] # mypy can't infer a lambda with a default
            f"{name} runs",
            timeout_seconds=_TIMEOUT_SECONDS,
        )
        world.executions.stop(name)
    wait_for(
        lambda: world.shop.get_order(order_id)["status"] == "NEEDS_ATTENTION",
        f"order {order_id} is given up",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    world.faults.clear()
    world.shop.signed_in(OPERATOR).retry_order(order_id)
    return []


def _event_not_stored(world: World) -> list[Datapoint]:
    sqs, queue = world.aws.client("sqs"), world.outputs["AuditOrderEventsQueueUrl"]
    usual = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    world.faults.inject(Fault("refuse", "audit_order_events: dynamodb *", times=None))
    try:
        _confirmed(world)
        dead_letters = world.outputs["AuditOrderEventsDeadLettersQueueUrl"]
        wait_for(
            lambda: sqs.receive_message(QueueUrl=dead_letters, VisibilityTimeout=0).get("Messages"),
            "the event is a dead letter",
            timeout_seconds=_TIMEOUT_SECONDS,
        )
    finally:
        world.faults.clear()
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)
    return []


def _forged_webhooks(world: World) -> list[Datapoint]:
    forged = {"Stripe-Signature": "t=1,v1=forged"}
    return api_responses(
        world.shop.request("POST", "/webhooks/stripe", headers=forged, json={}).status_code for _ in range(3)
    )


def _mail_unavailable(world: World) -> list[Datapoint]:
    world.faults.inject(Fault("unavailable", _MAIL, times=None))
    _confirmed(world)
    world.faults.clear()
    return []


def _paid_without_order(world: World) -> list[Datapoint]:
    paid = world.stripe.pay_elsewhere(777, "eur", {"service": "orders-local"})["id"]
    wait_for(
        lambda: run_reconciler(world).about(paid),
        "the payment is reported",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    world.stripe.refund_in_dashboard(paid)
    return []


def _slow_payments(world: World) -> list[Datapoint]:
    """Three orders wait for Stripe: their records are changed, as if each had waited for two minutes."""
    for _ in range(3):
        world.faults.inject(Fault("hold", CONFIRM))
        order_id = world.shop.order(an_order())
        world.faults.wait_until_held()
        accepted = datetime.now(UTC) - timedelta(minutes=2)
        world.dynamodb.update_item(
            TableName=world.tables["orders"],
            Key={"order_id": {"S": order_id}},
            UpdateExpression="SET created_at = :accepted",
            ExpressionAttributeValues={":accepted": {"S": accepted.isoformat(timespec="milliseconds")}},
        )
        world.faults.clear()
        world.executions.wait_until_ended(order_id)
    return []


def _table_unavailable(world: World) -> list[Datapoint]:
    world.faults.inject(Fault("refuse", "get_order: dynamodb *", times=None))
    statuses = [
        world.shop.request("GET", "/orders/11111111-1111-5111-8111-111111111111").status_code
        for _ in range(5)
    ]
    world.faults.clear()
    return api_responses(statuses)


PLAYED: Final = (
    PlayedFault(
        key="confirmed",
        what="Nothing: an order is confirmed",
        alarms=frozenset(),
        play=_confirmed,
        evidence=our_metric(Metric.REVENUE, "usd"),
    ),
    PlayedFault(
        key="declined",
        what="A card is declined",
        alarms=frozenset(),
        play=_declined,
        evidence=our_metric(Metric.ORDERS_FAILED, "payment_declined"),
    ),
    PlayedFault(
        key="cancelled",
        what="A customer cancels a confirmed order",
        alarms=frozenset(),
        play=_cancelled,
        evidence=our_metric(Metric.REFUNDS, "refunded"),
    ),
    PlayedFault(
        key="undo-fails",
        what="Stripe rejects a refund, so an undo fails",
        alarms=frozenset({"ExecutionsFailed", "OrdersNeedAttention"}),
        play=_undo_fails,
        evidence=metric("AWS/States", "ExecutionsFailed", StateMachineArn="Saga"),
    ),
    PlayedFault(
        key="given-up",
        what="An execution and its three recoveries are stopped",
        alarms=frozenset({"RecoveriesGivenUp", "OrdersNeedAttention"}),
        play=_recoveries_stopped,
        evidence=our_metric(Metric.ENDED_EXECUTIONS, RecoveryOutcome.GIVEN_UP),
    ),
    PlayedFault(
        key="dead-letter",
        what="The audit can't store an event, five times",
        alarms=frozenset({"AuditOrderEventsDeadLettersNotEmpty"}),
        play=_event_not_stored,
        evidence=our_metric(Metric.REVENUE, "usd"),
    ),
    PlayedFault(
        key="forged",
        what="Three webhooks have no valid signature",
        alarms=frozenset({"StripeSignaturesRejected"}),
        play=_forged_webhooks,
        evidence=our_metric(Metric.STRIPE_WEBHOOKS, WebhookOutcome.BAD_SIGNATURE),
    ),
    PlayedFault(
        key="no-mail",
        what="Amazon SES is unavailable",
        alarms=frozenset({"MailUnavailable"}),
        play=_mail_unavailable,
        evidence=our_metric(Metric.MAILS, MailOutcome.UNAVAILABLE),
    ),
    PlayedFault(
        key="finding",
        what="Stripe holds a payment that belongs to no order",
        alarms=frozenset({"FoundMoneyWithoutOrder"}),
        play=_paid_without_order,
        evidence=our_metric(Metric.OLDEST_OPEN_ORDER),
    ),
    PlayedFault(
        key="slow",
        what="Stripe is so slow that three orders of an hour take longer than a minute",
        alarms=frozenset({"SloBurnsFast", "SloBurnsSlowly"}),
        play=_slow_payments,
        evidence=our_metric(Metric.SLOW_OUTCOMES),
    ),
    PlayedFault(
        key="no-table",
        what="The API can't reach the orders table for five requests",
        alarms=frozenset({"ApiServerErrors"}),
        play=_table_unavailable,
        evidence=metric("AWS/ApiGateway", "5XXError", ApiName=API_NAME),
    ),
)


# Given


def _once(key: MetricKey, value: float = 1, *, times: int = 1) -> Given:
    """The same value several times, now."""
    return lambda now: [Datapoint(key, now, value)] * times


def _for(minutes: int, key: MetricKey, value: float) -> Given:
    """A value each minute."""
    return lambda now: [Datapoint(key, now - minute * _MINUTE, value) for minute in range(minutes)]


def _outcomes(total: int, slow: int) -> Given:
    """Orders that were decided in the last minute, and how many of them too late."""
    decided, late = our_metric(Metric.OUTCOMES), our_metric(Metric.SLOW_OUTCOMES)
    return lambda now: [
        *(Datapoint(decided, now) for _ in range(total)),
        *(Datapoint(late, now, int(number < slow)) for number in range(total)),
    ]


def _row(what: str, alarms: str, given: Given, schedule: Given = healthy_schedule) -> GivenFault:
    return GivenFault(what=what, alarms=frozenset(alarms.split()), given=given, schedule=schedule)


def _dead_letter(queue: str) -> Given:
    return _once(metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=queue))


def _waiting(queue: str) -> Given:
    return _once(metric("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName=queue), 46 * _MINUTE)


def _behind(function: str) -> Given:
    return _for(5, metric("AWS/Lambda", "IteratorAge", FunctionName=function), 90_000)


GIVEN: Final = (
    _row(
        "One webhook has no valid signature", "", _once(our_metric(Metric.STRIPE_WEBHOOKS, "bad_signature"))
    ),
    _row("A mail bounces", "", _once(our_metric(Metric.MAILS, MailOutcome.BOUNCED))),
    _row("A stopped execution is recovered", "", _once(our_metric(Metric.ENDED_EXECUTIONS, "run_again"))),
    _row("Two orders of a quiet hour are slow", "", _outcomes(total=2, slow=2)),
    _row("One of a hundred orders is slow", "", _outcomes(total=500, slow=5)),
    _row("Ten of a hundred orders are slow", "SloBurnsSlowly", _outcomes(total=100, slow=10)),
    _row(
        "An order has not been at rest for four hours",
        "OldestOrderLate",
        _once(our_metric(Metric.OLDEST_OPEN_ORDER), 4 * _HOUR),
    ),
    _row(
        "An order could not be started for a day", "UnstartedOrdersNotEmpty", _dead_letter("UnstartedOrders")
    ),
    _row(
        "A recovery could not be started",
        "UnrecoveredExecutionsNotEmpty",
        _dead_letter("UnrecoveredExecutions"),
    ),
    _row(
        "A change could not be published for 22 hours", "ParkedEventsNotEmpty", _dead_letter("ParkedEvents")
    ),
    _row(
        "EventBridge could not put an event into Firehose",
        "UnstoredEventsNotEmpty",
        _dead_letter("UnstoredEvents"),
    ),
    _row(
        "Firehose could not write to its bucket for an hour",
        "AnalyticsLate",
        _once(
            metric("AWS/Firehose", "DeliveryToS3.DataFreshness", DeliveryStreamName="AnalyticsStream"), _HOUR
        ),
    ),
    _row(
        "An event does not fit the table for analysis",
        "AnalyticsRefusesEvents",
        _once(metric("AWS/Firehose", "FailedConversion.Records", DeliveryStreamName="AnalyticsStream")),
    ),
    *(
        _row(
            f"`{consumer}` has failed five times to handle an event",
            f"{dead_letters_of(consumer)}NotEmpty",
            _dead_letter(dead_letters_of(consumer)),
        )
        for consumer in event_consumers()
    ),
    *(
        _row(f"`{consumer}` receives no messages for 45 minutes", f"{queue}Late", _waiting(queue))
        for queue, consumer in (
            ("EndedExecutions", "recover_order"),
            *((queue_of(each), each) for each in event_consumers()),
        )
    ),
    _row("`start_saga` is a minute behind, for five", "StartSagaLate", _behind("StartSaga")),
    _row(
        "`publish_order_events` is a minute behind, for five",
        "PublishOrderEventsLate",
        _behind("PublishOrderEvents"),
    ),
    _row(
        "One of fifty requests takes six seconds, for 15 minutes",
        "ApiSlow",
        lambda now: [
            Datapoint(
                metric("AWS/ApiGateway", "Latency", ApiName=API_NAME),
                now - minute * _MINUTE,
                6_000 if request == 0 else 100,
            )
            for minute in range(15)
            for request in range(50)
        ],
    ),
    _row(
        "A customer who signed up could not be enrolled",
        "EnrollCustomerFailed",
        _once(metric("AWS/Lambda", "Errors", FunctionName="EnrollCustomer")),
    ),
    _row(
        "Lambda throttles `charge_payment`",
        "FunctionsThrottled1",
        _once(metric("AWS/Lambda", "Throttles", FunctionName="ChargePayment")),
    ),
    _row(
        "Step Functions throttles the saga",
        "ExecutionsThrottled",
        _once(metric("AWS/States", "ExecutionThrottled", StateMachineArn="Saga")),
    ),
    _row(
        "5 % of the mail bounces",
        "MailBounceRateHigh",
        _once(metric("AWS/SES", "Reputation.BounceRate"), 0.05),
    ),
    _row(
        "0.1 % of the mail is marked as spam",
        "MailComplaintRateHigh",
        _once(metric("AWS/SES", "Reputation.ComplaintRate"), 0.001),
    ),
    _row(
        "A reconciliation fails",
        "ReconciliationFailed",
        _once(metric("AWS/States", "ExecutionsFailed", StateMachineArn="Reconciliation")),
    ),
    _row(
        "A reconciliation takes longer than six hours",
        "ReconciliationTimedOut",
        _once(metric("AWS/States", "ExecutionsTimedOut", StateMachineArn="Reconciliation")),
    ),
    _row(
        "No reconciliation has run for five hours",
        "ReconciliationLate",
        lambda _now: [],
        lambda now: _runs(now, last=5 * _HOUR) + _stock_compared(now, last=10 * _HOUR),
    ),
    _row(
        "The full reconciliation of a night does not run, while all others do",
        "NightlyReconciliationMissed",
        lambda _now: [],
        lambda now: _runs(now, last=10 * _MINUTE) + _stock_compared(now, last=31 * _HOUR),
    ),
    *(
        _row(
            f"The reconciliation reports `{kind}`",
            f"Found{''.join(word.title() for word in kind.split('_'))}",
            _once(our_metric(Metric.RECONCILIATION_FINDINGS, kind)),
        )
        for kind in FindingKind
    ),
)
