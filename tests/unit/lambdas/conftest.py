"""What is outside of the functions: tables in memory, and fakes for everything else."""

import io
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.dynamodb.models.table import StreamRecord, Table

from lambdas.domain import clock
from lambdas.events.publish_order_events import event_publisher
from lambdas.shared import aws
from lambdas.shared.log import logger
from lambdas.shared.mail.ses_mailer import SesMailer
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.secrets import forget_secrets, provider
from lambdas.shared.task_callback import TaskCallback
from stacks.constructs.function_logs import functions_of_orders
from tests.unit.lambdas.builders import ARMCHAIR, LAMP, PAYMENT_SERVICE
from tests.unit.lambdas.direct_dynamodb import call_directly
from tests.unit.lambdas.fakes import FakeCallback, FakeEventBridge, FakeMailer, FakeStripe
from tests.unit.lambdas.metrics import Emitted, data_points
from tests.unit.lambdas.shop import (
    AUDIT_TABLE,
    IDEMPOTENCY_TABLE,
    INVENTORY_TABLE,
    ORDERS_TABLE,
    PICKS_TABLE,
    Shop,
)
from tests.unit.lambdas.webhooks import SIGNING_SECRET

CURSOR_SECRET_ID = "cursor-secret"  # noqa: S105 - its name
WEBHOOK_SECRET_ID = "stripe-webhook-secret"  # noqa: S105 - its name
OPENED_AT = "2026-02-01T12:00:00.000Z"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ticking_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock starts at noon on 1 March 2026, and each reading is one second later."""
    seconds = count()

    def now() -> str:
        return (NOON + timedelta(seconds=next(seconds))).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    monkeypatch.setattr(clock, "now", now)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of all functions together."""
    for name, value in {
        "STAGE": "local",
        "POWERTOOLS_SERVICE_NAME": "orders",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": "OrderSaga/local",
        "ORDERS_TABLE": ORDERS_TABLE,
        "INVENTORY_TABLE": INVENTORY_TABLE,
        "IDEMPOTENCY_TABLE": IDEMPOTENCY_TABLE,
        "AUDIT_TABLE": AUDIT_TABLE,
        "PICKS_TABLE": PICKS_TABLE,
        "LOG_GROUP_PREFIX": "/aws/lambda/orders-local-",
        "LOGGED_FUNCTIONS": " ".join(functions_of_orders()),
        "LOG_RETENTION_DAYS": "7",
        "EVENT_BUS_NAME": "orders",
        "STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:order-saga",
        "ENDED_EXECUTIONS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/ended",
        "RECOVERY_PAUSES_SECONDS": "10,60",
        "STALE_AFTER_SECONDS": "1800",
        "ORDERS_PER_CUSTOMER_HOUR": "1000",
        "CHARGE_RATE": "1000",
        "CAPTURE": "at_order",
        "PAYMENT_DEADLINE_SECONDS": "900",
        "SENDER_EMAIL": "shop@example.com",
        "CONFIGURATION_SET": "orders-local",
        "STRIPE_SECRET_ID": "stripe-key",
        "PAYMENT_SERVICE": PAYMENT_SERVICE,
        "STRIPE_WEBHOOK_SECRET_ID": WEBHOOK_SECRET_ID,
        "CURSOR_SECRET_ID": CURSOR_SECRET_ID,
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def warm_clients() -> Iterator[None]:
    """Create the clients once, as in a warm environment, because it is slow; moto patches them all."""
    clients = (
        *(aws.dynamodb, aws.step_functions, aws.event_bridge, aws.ses, aws.cognito, aws.cloudwatch_logs),
        *(aws.s3, aws.sqs, aws.secrets_manager, provider),
    )
    for client in clients:
        client.cache_clear()
    call_directly(aws.dynamodb())
    yield
    for client in clients:
        client.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def uncopied_stream_records() -> Iterator[None]:
    """Spare moto the copies of a stream's records, which never change, that it makes for each transaction."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StreamRecord, "__deepcopy__", lambda self, _memo: self, raising=False)
        yield


@pytest.fixture
def aws_account() -> Iterator[None]:
    """An empty account in memory."""
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def tables_of_a_new_shop() -> Mapping[str, Table]:
    """The tables of a shop that was opened on 1 February 2026."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: OPENED_AT)
        return deepcopy(Shop.open(ARMCHAIR, LAMP).backend.tables)


@pytest.fixture
def shop(aws_account: None, tables_of_a_new_shop: Mapping[str, Table]) -> Shop:  # noqa: ARG001 - holds the tables
    """A shop with five armchairs and five lamps, and no orders."""
    return Shop.with_tables(tables_of_a_new_shop)


@pytest.fixture
def step_functions_stub() -> Iterator[Stubber]:
    """The client of Step Functions. A call that a test does not expect fails, as does one that is missing."""
    with Stubber(aws.step_functions()) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def untouched_store() -> Iterator[None]:
    """A store that must not be called: every call fails."""
    with Stubber(aws.dynamodb()):
        yield


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    """The payment provider, for handlers too."""
    fake = FakeStripe()
    monkeypatch.setattr(StripeGateway, "from_settings", lambda _settings: fake)
    return fake


@pytest.fixture
def callback(monkeypatch: pytest.MonkeyPatch) -> FakeCallback:
    """The callback to waiting executions, for handlers too."""
    fake = FakeCallback()
    monkeypatch.setattr(TaskCallback, "connect", lambda: fake)
    return fake


@pytest.fixture
def signing_secret(aws_account: None) -> Iterator[None]:  # noqa: ARG001 - holds the secret
    """The secret that Stripe signs its webhooks with."""
    with _secret(WEBHOOK_SECRET_ID, SIGNING_SECRET):
        yield


@pytest.fixture
def cursor_secret(aws_account: None) -> Iterator[None]:  # noqa: ARG001 - holds the secret
    """The secret that cursors are signed with."""
    with _secret(CURSOR_SECRET_ID, "a secret"):
        yield


@contextmanager
def _secret(name: str, value: str) -> Iterator[None]:
    forget_secrets()
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=value)
    yield
    forget_secrets()


@pytest.fixture
def mailer(monkeypatch: pytest.MonkeyPatch) -> FakeMailer:
    """The mail service, for handlers too."""
    fake = FakeMailer()
    monkeypatch.setattr(SesMailer, "from_settings", lambda _settings: fake)
    return fake


@pytest.fixture
def event_bridge(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEventBridge]:
    """The client of the event bus. Every event that a test publishes must conform to its schema."""
    fake = FakeEventBridge()
    monkeypatch.setattr(event_publisher, "event_bridge", lambda: fake)
    yield fake
    assert fake.breaches == []


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> Emitted:
    """The metrics of the functions."""
    return lambda: list(data_points(capsys.readouterr().out))


@dataclass(frozen=True)
class Log:
    """The log of the functions."""

    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield Log(stream)
    handler.setStream(before)
