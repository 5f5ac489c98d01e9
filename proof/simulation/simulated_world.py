"""The whole system in one process: what `local.world` is for the embedded run, in simulated time."""

import json
import logging
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import copy
from functools import cache, partial
from typing import Any, Final, Self, TypeVar, cast
from unittest.mock import patch
from uuid import UUID

import stripe as stripe_sdk
from aws_lambda_powertools.utilities.parameters import SecretsProvider
from typing_extensions import override

from lambdas.domain.vocabulary import Capture, MailFeedback
from local.demo_shop import DemoShop
from local.fault_proxy.faults import Fault
from local.fault_proxy.recording import Call
from local.fault_proxy.refusals import REJECTED_DOMAIN
from local.saga_control import StateVisit
from local.traces import Mail, deserialized
from proof.consumers import CONSUMERS
from proof.event_contract import breaches
from proof.laws import captured_unasked, fact_of, shipped_unpaid
from proof.simulation.api import API_URL, Api, SimulatedUsers
from proof.simulation.aws_clients import Boto3
from proof.simulation.deliveries import Queue, Stream
from proof.simulation.dynamodb import (
    AUDIT,
    IDEMPOTENCY,
    INVENTORY,
    ORDERS,
    PICKS,
    DynamoDB,
    Tables,
    no_items,
)
from proof.simulation.functions import Functions, current_invocation
from proof.simulation.network import Network, Rejected
from proof.simulation.release import CURRENT, Release
from proof.simulation.scheduler import START_MS, Scheduler, Timer, current_strand
from proof.simulation.state_language import Machine
from proof.simulation.step_functions import MachineVersion, StepFunctions, arn_of
from proof.simulation.stripe import WEBHOOK_SECRET, SimulatedStripe, StripeSession
from proof.simulation.trace import Trace

T = TypeVar("T")

SAGA: Final = "saga"
RECONCILIATION: Final = "reconciliation"

_SECRETS: Final = {"stripe": "sk_test_simulated", "stripe_webhook": WEBHOOK_SECRET, "cursor": "a secret"}
_ENDED_EXECUTIONS: Final = "ended_executions"

RUN_FAILED: Final = "the reconciliation ended"
"""Begins the only finding of a reconciliation that did not succeed."""

_ENVIRONMENT: Final = {
    "STAGE": "local",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "orders",
    "POWERTOOLS_METRICS_NAMESPACE": "OrderSaga/local",
    "ORDERS_TABLE": ORDERS,
    "INVENTORY_TABLE": INVENTORY,
    "IDEMPOTENCY_TABLE": IDEMPOTENCY,
    "AUDIT_TABLE": AUDIT,
    "PICKS_TABLE": PICKS,
    "EVENT_BUS_NAME": "orders",
    "STATE_MACHINE_ARN": arn_of(SAGA),
    "ENDED_EXECUTIONS_QUEUE_URL": _ENDED_EXECUTIONS,
    "RECOVERY_PAUSES_SECONDS": "10,60,300",
    "STALE_AFTER_SECONDS": "1800",
    "ORDERS_PER_CUSTOMER_HOUR": "1000",
    "CHARGE_RATE": "1000",
    "CAPTURE": Capture.AT_ORDER,
    "PAYMENT_DEADLINE_SECONDS": "900",
    "SENDER_EMAIL": "shop@example.com",
    "CONFIGURATION_SET": "orders-local",
    "STRIPE_SECRET_ID": "stripe",
    "PAYMENT_SERVICE": "orders-local",
    "STRIPE_WEBHOOK_SECRET_ID": "stripe_webhook",
    "CURSOR_SECRET_ID": "cursor",
}
"""The environment of all functions together. Resources have the names by which calls are named."""

_POLL_MS: Final = 250
_RECONCILIATION_SECONDS: Final = 15 * 60
_GIVE_UP_AFTER: Final = 3
"""Looks at a world at rest before a wait is given up."""


class _Current:
    """The world that is played now: clients and caches outlive it."""

    world: "SimulatedWorld"


class SimulatedWorld:
    """A new shop. Use it as a context manager, in a process that `installed` has prepared.

    Args:
        seed: Decides all that chance decides.
        payment_deadline_seconds: Time in which a customer can approve a payment.

    Attributes:
        consumers: The queue of each consumer of events.
        queues: All queues.
        rules: Delivers an event to each consumer that receives events of its type.
    """

    def __init__(
        self,
        seed: str,
        *,
        payment_deadline_seconds: int = 900,
        tables: Tables | None = None,
        start_ms: int = START_MS,
    ) -> None:
        self.trace = Trace()
        self.scheduler = Scheduler(seed, start_ms)
        self.dynamodb = DynamoDB(self.scheduler, self._changed, self._written, tables or no_items())
        self.network = Network(self.scheduler, self.trace)
        self.functions = Functions(self.scheduler, self.network, self.trace)
        self.api = Api(self.scheduler, self.functions)
        self.stripe = SimulatedStripe(self.scheduler, self.api, self._paid)
        queue = partial(Queue, scheduler=self.scheduler, functions=self.functions, trace=self.trace)
        self.consumers = {
            each.name: queue(each.name, each.name, max_receive_count=5, batch_size=each.batch_size)
            for each in CONSUMERS
        }
        self.rules: dict[str, Callable[[Mapping[str, Any]], None]] = {
            name: consumer.send for name, consumer in self.consumers.items()
        }
        self.ended_executions = queue(_ENDED_EXECUTIONS, "recover_order", max_receive_count=20)
        self.queues = (*self.consumers.values(), self.ended_executions)
        stream = partial(Stream, scheduler=self.scheduler, functions=self.functions)
        self.streams = (
            stream("start_saga", record_age_seconds=24 * 60 * 60),
            stream("publish_order_events", record_age_seconds=22 * 60 * 60),
        )
        self.step_functions = StepFunctions(self.scheduler, self.functions, self.trace, self._execution_ended)
        self._payment_deadline_seconds = payment_deadline_seconds
        self.deploy(CURRENT)
        self.faults = FaultControl(self)
        self.executions = SimulatedExecutions(self)
        self.shop = DemoShop(API_URL, SimulatedUsers(), transport=self.api)
        self.mail: list[Mail] = []
        self.invariants: list[str] = []
        self.findings: list[Mapping[str, Any]] = []
        self.services: Mapping[str, Any] = {
            "dynamodb": self.dynamodb.handle,
            "states": self.step_functions.handle,
            "events": self._put_events,
            "ses": self._send_email,
            "sqs": self._change_visibility,
            "secretsmanager": lambda _, params: {"SecretString": _SECRETS[params["SecretId"]]},
        }

    def __enter__(self) -> Self:
        _Current.world = self
        self.scheduler.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.scheduler.__exit__()
        self.set_capture(Capture.AT_ORDER)

    def set_capture(self, capture: Capture) -> None:
        """Set when the money of the orders is taken that are placed from now on."""
        os.environ["CAPTURE"] = capture

    @contextmanager
    def capturing(self, capture: Capture) -> Iterator[None]:
        """Take the money of the orders that are placed while the context lasts at another time."""
        self.set_capture(capture)
        yield
        self.set_capture(Capture.AT_ORDER)

    def deploy(self, *releases: Release, pinned: bool = False) -> None:
        """Put a release in the place of the one that is deployed.

        What is under way goes on: an invocation with the code that it began with, and an execution with the
        definition that it began with.

        Args:
            releases: The release; with several, all are at work side by side.
            pinned: Whether an execution of the saga also keeps the functions that it began with, as in the
                cloud stages; else it calls those that are deployed.
        """
        self.functions.releases = releases
        deadline = self._payment_deadline_seconds
        self.step_functions.machines = {
            SAGA: [MachineVersion(saga(each, deadline), each if pinned else None) for each in releases],
            RECONCILIATION: [MachineVersion(reconciliation_machine(each)) for each in releases],
        }

    def signed_in(self, name: str) -> "SimulatedWorld":
        """The same world, whose shop is called by a demo user."""
        seen = copy(self)
        seen.shop = self.shop.signed_in(name)
        return seen

    def wait_for(
        self, look: Callable[[], T | None], what: str, *, timeout_seconds: float = 0, pause_seconds: float = 0
    ) -> T:
        """Call `look` until it returns something, or until nothing more happens that could change it.

        Raises:
            TimeoutError: Nothing more happens; the message contains `what`.
        """
        del timeout_seconds, pause_seconds  # of the embedded run, whose waits are scaled
        strand, at_rest = current_strand(), 0
        while not (seen := look()):
            soonest = self.scheduler.next_at()
            at_rest = at_rest + 1 if soonest is None else 0
            if at_rest > _GIVE_UP_AFTER:
                raise TimeoutError(f"{what}: it never happens")
            strand.sleep(max(_POLL_MS, (soonest or 0) - self.scheduler.now + 1), counts=False)
        return seen

    def sleep(self, milliseconds: int, *, counts: bool = True) -> None:
        """Let time pass; if it counts, the world is not at rest before it has passed."""
        current_strand().sleep(milliseconds, counts=counts)

    def rest(self) -> None:
        """Wait until nothing more happens."""
        self.wait_for(lambda: self.scheduler.pending == 0, "the world is at rest")

    def redrive(self) -> None:
        """Move all dead letters back to their queues, as an operator does, and wait for the end of that."""
        for queue in self.queues:
            letters, queue.dead_letters = queue.dead_letters, []
            for letter in letters:
                queue.send(json.loads(letter))
        self.rest()

    def reconcile(self, scope: str = "full") -> list[Mapping[str, Any]]:
        """Run the reconciliation once, and wait until nothing more happens; returns its findings."""
        self.findings.clear()
        name = f"by-hand-{sum(machine == RECONCILIATION for machine, _ in self.step_functions.executions)}"
        self.step_functions.start(RECONCILIATION, name, json.dumps({"scope": scope}))
        self.rest()
        execution = self.step_functions.executions[RECONCILIATION, name]
        if execution.status != "SUCCEEDED":
            return [{"kind": f"{RUN_FAILED} {execution.status}: {execution.error}"}]
        return list(self.findings)

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table."""
        return [deserialized(item) for item in self.dynamodb.items(table)]

    def order_record(self, order_id: str) -> dict[str, Any] | None:
        """An order's record; None if there is none."""
        item = self.dynamodb.tables[ORDERS].get((order_id,))
        return None if item is None else deserialized(item)

    def order_events(self, order_id: str) -> list[str]:
        """The types of an order's events in the audit table, oldest first; see `local.traces`."""
        events = [each for each in self.items(AUDIT) if each["order_id"] == order_id]
        return [
            event for _, event in sorted((str(each["occurred_at"]), str(each["event"])) for each in events)
        ]

    def pick(self, order_id: str) -> dict[str, Any] | None:
        """An order's item in the pick list; None if there is none."""
        item = self.dynamodb.tables[PICKS].get((order_id,))
        return None if item is None else deserialized(item)

    def subjects_of_mail(self, address: str, order_id: str) -> list[str]:
        """The subjects of the mails to an address about an order, oldest first."""
        return [each.subject for each in self.mail if address in each.to and order_id in each.text]

    def report_mail(self, order_id: str, feedback: MailFeedback) -> None:
        """Let SES report what became of a mail about an order, as the rule passes it on."""
        self._deliver(
            feedback.detail_type,
            {"event_id": str(uuid.uuid4()), "detail_type": feedback.detail_type, "order_ids": [order_id]},
        )

    def update_item(self, table: str, **update: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the parameters of UpdateItem
        """Update an item of a table, past the app."""
        return self.dynamodb.handle("UpdateItem", {"TableName": table, **update})

    def after(self, seconds: float, act: Callable[[], object]) -> Timer:
        """Let something happen after some seconds."""
        return self.scheduler.after(seconds * 1000, act)

    def _written(self, table: str, item: Mapping[str, Any] | None) -> None:
        """Check what must hold after every single write."""
        if table == INVENTORY and item is not None and int(item["available"]["N"]) < 0:
            self.invariants.append(f"{item['sku']['S']} was oversold: {item['available']['N']}")
        if table == ORDERS and item is not None:
            fact = fact_of(deserialized(item))
            self.invariants += shipped_unpaid(fact, self.stripe.payments_of(fact.order_id))

    def _paid(self) -> None:
        """Check what must hold after every single payment and refund."""
        charged: Counter[str | None] = Counter()
        for payment in self.stripe.payments():
            charged[payment.order_id] += payment.charges
            record = self.order_record(payment.order_id or "")
            if record is not None:
                self.invariants += captured_unasked(fact_of(record), [payment])
            if payment.refunded > payment.captured:
                self.invariants.append(
                    f"{payment.intent_id}: {payment.refunded} of {payment.captured} refunded"
                )
        twice = [order_id for order_id, times in charged.items() if order_id is not None and times > 1]
        self.invariants += [f"order {order_id} was charged twice" for order_id in twice]

    def _changed(self, record: Mapping[str, Any]) -> None:
        for stream in self.streams:
            stream.add(record)

    def _execution_ended(self, event: Mapping[str, Any]) -> None:
        detail = event["detail"]
        if detail["stateMachineArn"] == arn_of(SAGA) and detail["status"] in {
            "FAILED",
            "TIMED_OUT",
            "ABORTED",
        }:
            self.ended_executions.send(event)

    def _put_events(self, _: str, params: Mapping[str, Any]) -> dict[str, Any]:
        for entry in params["Entries"]:
            detail = json.loads(entry["Detail"])
            self.invariants += breaches(entry["DetailType"], detail)
            event = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
            self._deliver(entry["DetailType"], event)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "simulated"} for _ in params["Entries"]]}

    def _deliver(self, detail_type: str, message: Mapping[str, Any]) -> None:
        for consumer in CONSUMERS:
            if detail_type in consumer.receives:
                self.rules[consumer.name](message)

    def _send_email(self, _: str, params: Mapping[str, Any]) -> dict[str, Any]:
        to = tuple(params["Destination"]["ToAddresses"])
        if any(address.endswith(f"@{REJECTED_DOMAIN}") for address in to):
            raise Rejected("MessageRejected", "The message contains invalid content.")
        simple = params["Content"]["Simple"]
        self.mail.append(Mail(to, simple["Subject"]["Data"], simple["Body"]["Text"]["Data"]))
        return {"MessageId": f"mail-{len(self.mail)}"}

    def _change_visibility(self, _: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.ended_executions.hide(params["ReceiptHandle"], params["VisibilityTimeout"])
        return {}


class FaultControl:
    """The faults and the recorded calls: what `FaultProxyClient` is for the embedded run."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._network = world.network

    def begin_recording(self) -> None:
        """Forget all calls and count from 1 again. Faults stay."""
        self._network.begin_recording()

    def calls(self) -> list[Call]:
        """The calls since the recording began, in the order of their arrival."""
        return list(self._network.calls)

    def inject(self, fault: Fault) -> None:
        """Activate a fault."""
        self._network.faults.inject(fault)

    def lift(self, fault: Fault) -> None:
        """End a fault and release the calls that it holds; nothing happens if it is not active."""
        self._network.faults.lift(fault)

    def clear(self) -> None:
        """End all faults and release all held calls."""
        self._network.faults.clear()

    def held(self, fault: Fault | None = None) -> int:
        """How many calls are held, by one fault or by all."""
        held = self._network.faults.held()
        return sum(held.values()) if fault is None else held.get(fault, 0)

    def under_way(self) -> int:
        """How many calls have no answer yet."""
        return self._network.under_way

    def wait_until_held(self, count: int = 1, *, timeout_seconds: float = 0) -> None:
        """Wait until this many calls are held.

        Raises:
            TimeoutError: Nothing more happens, and fewer calls are held.
        """
        del timeout_seconds
        self._world.wait_for(lambda: self.held() >= count, f"{count} calls are held")


class SimulatedExecutions:
    """The executions of the saga: what `SagaControl` is for the embedded run."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._service = world.step_functions

    def start(self, name: str, order_id: str) -> None:
        """Run the saga once more for an order."""
        self._service.start(SAGA, name, json.dumps({"order_id": order_id}))

    def stop(self, name: str) -> None:
        """Stop an execution, as an operator would in the console."""
        self._service.stop(SAGA, name)

    def status(self, name: str) -> str | None:
        """The status of an execution; None if it does not exist."""
        execution = self._service.executions.get((SAGA, name))
        return execution.status if execution else None

    def error(self, name: str) -> str | None:
        """The error that an execution failed with; None if it did not fail."""
        execution = self._service.executions[SAGA, name]
        return execution.error if execution.status == "FAILED" else None

    def visits(self, name: str) -> tuple[StateVisit, ...]:
        """An execution's visits to states, in order."""
        return self._service.executions[SAGA, name].visits

    def names(self, order_id: str = "", *, running: bool = False) -> list[str]:
        """The names of an order's executions, oldest first; of all orders if it is left out."""
        return [
            name
            for (machine, name), execution in self._service.executions.items()
            if machine == SAGA
            and name.startswith(order_id)
            and not (running and execution.status != "RUNNING")
        ]

    def wait_until_ended(self, name: str) -> str:
        """Wait until an execution has started and ended.

        Raises:
            TimeoutError: It never ends.
        """
        return self._world.wait_for(lambda: self._ended(name), f"execution {name} ended")

    def _ended(self, name: str) -> str | None:
        status = self.status(name)
        return status if status != "RUNNING" else None


@cache
def saga(release: Release, payment_deadline_seconds: int) -> Machine:
    """The saga of a release, with a deadline for a payment."""
    definition = release.definition("order_saga")
    definition["States"]["AwaitPayment"]["TimeoutSeconds"] = payment_deadline_seconds
    return Machine(definition, release.placeholders)


@cache
def reconciliation_machine(release: Release) -> Machine:
    """The reconciliation of a release."""
    return Machine(release.definition("reconciliation"), release.placeholders)


class _Secrets(SecretsProvider):
    """Reads secrets; each function has its own cache, until its process is killed."""

    @property
    def store(self) -> dict[Any, Any]:
        """The cache of the function that runs now."""
        invocation = current_invocation()
        return _Current.world.functions.cached.setdefault(invocation.function, {})

    @store.setter
    def store(self, _: object) -> None:
        """Ignore the cache that the base class makes."""

    @override
    def clear_cache(self) -> None:
        self.store.clear()


class _NoMetrics:
    """Metrics that nobody collects."""

    def __init__(self, service: str) -> None:
        """Take what `Metrics` of Powertools takes."""

    def add_dimension(self, name: str, value: str) -> None:
        """Do nothing."""

    def add_metric(self, name: str, unit: object, value: float) -> None:
        """Do nothing."""

    def flush_metrics(self) -> None:
        """Do nothing."""


class _Findings(logging.Handler):
    """Keeps the findings of the reconciliation out of the log."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "reconciliation finding":
            known = logging.LogRecord("", 0, "", 0, "", None, None).__dict__
            finding = {name: value for name, value in record.__dict__.items() if name not in known}
            _Current.world.findings.append(finding)


@contextmanager
def installed(*earlier: Release) -> Iterator[None]:
    """Put the simulation in the place of AWS, Stripe, time and chance, as long as the context lasts.

    Args:
        earlier: Releases besides today's that are to be deployed.
    """

    def world() -> SimulatedWorld:
        return _Current.world

    for release in earlier:
        release.module("lambdas.shared.log")  # Powertools' logger looks for its handler when it is made
    session = StripeSession(lambda: world().network, lambda: world().stripe)
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, _ENVIRONMENT))
        stack.enter_context(
            patch.object(
                stripe_sdk, "RequestsClient", partial(stripe_sdk.RequestsClient, session=cast(Any, session))
            )
        )
        stack.enter_context(
            patch.object(uuid, "uuid4", lambda: UUID(int=world().scheduler.random.getrandbits(128)))
        )
        for release in (CURRENT, *earlier):
            stack.enter_context(_put_into(release, world))
        yield


@contextmanager
def _put_into(release: Release, world: Callable[[], SimulatedWorld]) -> Iterator[None]:
    """Put the simulation into the modules of a release that know AWS, time or the log."""
    aws, secrets = release.module("lambdas.shared.aws"), release.module("lambdas.shared.secrets")
    logger = release.module("lambdas.shared.log").logger
    charge_queue = release.module("lambdas.saga.charge_payment.charge_queue")
    reconciliation = release.module("lambdas.shared.reconciliation")
    factories = (
        *(aws.dynamodb, aws.step_functions, aws.event_bridge, aws.sqs, aws.ses, aws.secrets_manager),
        secrets.provider,
    )
    with ExitStack() as stack:
        for owner, name, simulated in (
            (aws, "boto3", Boto3(world)),
            (secrets, "SecretsProvider", _Secrets),
            (release.module("lambdas.shared.metrics"), "Metrics", _NoMetrics),
            (charge_queue, "sleep", lambda seconds: current_strand().sleep(round(seconds * 1000))),
            (reconciliation, "monotonic", lambda: world().scheduler.seconds),
            (logger._logger, "handlers", [_Findings()]),  # noqa: SLF001 - Powertools has no other way
        ):
            stack.enter_context(patch.object(owner, name, simulated))
        stack.callback(logger.setLevel, logger.log_level)
        logger.setLevel(logging.WARNING)
        for factory in factories:
            factory.cache_clear()
            stack.callback(factory.cache_clear)
        yield
