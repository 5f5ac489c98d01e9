"""Stripe: the model of the stand-in, the calls of the functions to it, and the delivery of its webhooks."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import requests
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ReadTimeout

from lambdas.domain.vocabulary import STRIPE_EVENTS
from local.fault_proxy.naming import STRIPE_ID
from local.stripe_stand_in.bank_outcomes import BankOutcome, RefundStatus
from local.stripe_stand_in.events import Event
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error
from local.stripe_stand_in.limits import Limits
from local.stripe_stand_in.model import Stripe
from local.stripe_stand_in.payments import StripePayment
from local.stripe_stand_in.shell.deliveries import Delivery
from local.stripe_stand_in.webhooks import signature
from proof.simulation.api import Api
from proof.simulation.functions import current_invocation
from proof.simulation.network import ConnectionLost, Network, NoAnswer, Refused
from proof.simulation.scheduler import Scheduler, current_strand

WEBHOOK_SECRET: Final = "whsec_simulated"  # noqa: S105 - only the simulation signs with it

_DELAY_MS: Final = (50, 1500)
"""The shortest and the longest time between a change and its webhook."""

_PAUSES_SECONDS: Final = (10, 60, 300, 1800, 3600, 3600)
"""Stripe tries for three days; these are enough to outlast every fault."""

_PERSON_MS: Final = (1_000, 4_000)
"""The shortest and the longest time that a person takes to react."""

_SOON_SECONDS: Final = 24 * 60 * 60
"""A world is at rest although an authorization will expire some days later."""

_CLAIMED: Final = 0.5
"""Share of the refunds that require action whose customers act."""

_KEY: Final = "sk_test_simulated"


class SimulatedStripe:
    """Stripe, and what customers, banks and people at the dashboard do there; see `StandInClient`.

    Args:
        scheduler: Simulated time.
        api: Receives the webhooks.
        paid: Called after each call that can move money.

    Attributes:
        subscribed: The types of the events that are delivered.
        requests: All requests to the API, the oldest first.
    """

    def __init__(self, scheduler: Scheduler, api: Api, paid: Callable[[], None]) -> None:
        self._scheduler = scheduler
        self._api = api
        self._paid = paid
        self._ids: Counter[str] = Counter()
        self._orders: dict[str, str | None] = {}
        self.subscribed: Collection[str] = STRIPE_EVENTS
        self.requests: list[ApiRequest] = []
        self._hold, self._duplicate = False, 0
        self._held: list[Event] = []
        self._events: dict[str, Event] = {}
        self._deliveries: list[Delivery] = []
        self.model = Stripe(
            lambda: scheduler.seconds,
            self._new_id,
            self._take,
            lambda seconds, act: scheduler.after(seconds * 1000, act, counts=seconds < _SOON_SECONDS),
        )

    def _new_id(self, prefix: str) -> str:
        self._ids[prefix] += 1
        return f"{prefix}_{self._ids[prefix]:06}"

    def handle(self, request: ApiRequest) -> Answer:
        """Answer a request to the API."""
        self.requests.append(request)
        answer = self.model.handle(request)
        if request.method == "POST":
            self._paid()
        if answer.body.get("object") == "payment_intent":
            self._orders[answer.body["id"]] = answer.body["metadata"].get("order_id")
        return answer

    def order_of(self, request: ApiRequest) -> str | None:
        """The order that a request is about, where that is known."""
        return request.fields("metadata").get("order_id") or self._orders.get(request.intent_id or "")

    def payments(self) -> list[StripePayment]:
        """All payments with the money that they moved, the oldest first."""
        return self.model.payments()

    def payments_of(self, order_id: str) -> list[StripePayment]:
        """The payments of an order."""
        return [payment for payment in self.payments() if payment.order_id == order_id]

    def authenticate(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Pass or fail 3-D Secure, as the customer does; returns the PaymentIntent as it is then.

        Raises:
            httpx.HTTPStatusError: The intent is not in the status `requires_action`.
        """
        current_strand().sleep(self._scheduler.random.randint(*_PERSON_MS))
        path = f"/v1/payment_intents/{intent_id}"
        secret = self._call("GET", path).body["client_secret"]
        answer = self._call(
            "POST", f"{path}/_authenticate", client_secret=secret, success=str(success).lower()
        )
        if answer.status not in {httpx.codes.OK, httpx.codes.PAYMENT_REQUIRED}:
            request = httpx.Request("POST", f"https://stripe.test{path}")
            response = httpx.Response(answer.status, request=request)
            raise httpx.HTTPStatusError(str(answer.body), request=request, response=response)
        return self._call("GET", path).body

    def make_payment_method(self, card_number: str = "4242424242424242") -> str:
        """Make a payment method, as the customer's browser does; returns its id. It can be used once."""
        fields = {"number": card_number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        card = {"type": "card", **{f"card[{name}]": value for name, value in fields.items()}}
        return str(self._call("POST", "/v1/payment_methods", **card).body["id"])

    def limit_amount(self, maximum: int) -> None:
        """Reject payments of more than this many minor units, as if the account were not allowed more."""
        self.model.limits.change(Limits(amount=maximum))

    def limit_rate(self, total_per_second: int | None = None, per_endpoint: int | None = None) -> None:
        """Limit the requests, in all and to each endpoint; None for no limit."""
        self.model.limits.change(Limits(per_second=total_per_second, per_second_and_endpoint=per_endpoint))

    def unlimited(self) -> None:
        """Take all limits back."""
        self.model.limits.change(Limits(amount=None, per_second=None, per_second_and_endpoint=None))

    def hold_webhooks(self) -> None:
        """Hold all events back from now on."""
        self._hold = True

    def release_webhooks(self, *, shuffle: bool = False) -> int:
        """Deliver held events and hold none back from now on; returns how many there were."""
        del shuffle  # webhooks never keep an order here
        held, self._held, self._hold = self._held, [], False
        for event in held:
            self._take(event)
        return len(held)

    def lose_webhooks(self) -> list[str]:
        """Let the events that are held never be delivered; returns their ids."""
        lost, self._held = self._held, []
        return [event.event_id for event in lost]

    def duplicate_webhooks(self, times: int) -> None:
        """Repeat the delivery of every event this many times, also of held ones."""
        self._duplicate = times

    def reset_webhooks(self) -> None:
        """Deliver every event at once, and once, also held ones."""
        self._duplicate = 0
        self.release_webhooks()

    def deliveries(self, order_id: str | None = None) -> list[Delivery]:
        """The tries to deliver events in the order in which they began, all or those of one order."""
        return [each for each in self._deliveries if order_id in {None, each.order_id}]

    def resend(self, event_id: str) -> None:
        """Deliver an event again."""
        self._deliver(self._events[event_id])

    def resend_all(self, order_id: str) -> int:
        """Deliver all events of an order again; returns how many there are."""
        events = [event for event in self._events.values() if event.order_id == order_id]
        for event in events:
            self._deliver(event)
        return len(events)

    def refund_in_dashboard(self, intent_id: str, amount: int | None = None) -> dict[str, Any]:
        """Refund a payment by hand; returns the refund.

        Raises:
            ValueError: It can't be refunded.
        """
        return _possible(lambda: self.model.dashboard.refund(intent_id, amount))

    def cancel_in_dashboard(self, intent_id: str) -> dict[str, Any]:
        """Cancel a payment by hand, which releases an authorized amount; returns the PaymentIntent.

        Raises:
            ValueError: It can't be canceled.
        """
        return _possible(lambda: self.model.dashboard.cancel(intent_id))

    def capture_in_dashboard(self, intent_id: str, amount: int | None = None) -> dict[str, Any]:
        """Capture an authorized payment by hand; returns the PaymentIntent.

        Raises:
            ValueError: It can't be captured.
        """
        captured = _possible(lambda: self.model.dashboard.capture(intent_id, amount))
        self._paid()
        return captured

    def expire_authorization(self, intent_id: str) -> dict[str, Any]:
        """Cancel a payment whose authorization has expired, as Stripe does; returns the PaymentIntent.

        Raises:
            ValueError: Nothing is authorized.
        """
        return _possible(lambda: self.model.dashboard.expire(intent_id))

    def hold_shortly(self, order_id: str) -> None:
        """Hold the amount of an order for hours instead of days, if it is authorized."""
        self._add_outcome(order_id, "short_hold")

    def refuse_capture(self, order_id: str) -> None:
        """Decline the next capture of an order."""
        self._add_outcome(order_id, "capture_refused")

    def return_refund(self, intent_id: str) -> dict[str, Any]:
        """Send a refund back that had succeeded, as a bank does; returns the refund.

        Raises:
            ValueError: No refund of the intent has succeeded.
        """
        return _possible(lambda: self.model.dashboard.fail_refund(intent_id))

    def dispute(self, intent_id: str) -> dict[str, Any]:
        """Dispute a payment, as a customer does; returns the dispute.

        Raises:
            ValueError: The payment has no charge that can be disputed.
        """
        return _possible(lambda: self.model.dashboard.dispute(intent_id))

    def close_dispute(self, intent_id: str, *, won: bool) -> dict[str, Any]:
        """Decide the dispute of a payment, as the bank does; returns the dispute.

        Raises:
            ValueError: No dispute of the intent is open.
        """
        return _possible(lambda: self.model.dashboard.close_dispute(intent_id, won=won))

    def set_refund_outcome(self, order_id: str, status: RefundStatus) -> None:
        """Create the next refund of an order in this status."""
        self._add_outcome(order_id, f"refund_{status}")

    def refuse_refunds(self, order_id: str) -> None:
        """Reject every refund of an order, as if the card were closed."""
        self._add_outcome(order_id, "refund_refused")

    def finish_refund(self, intent_id: str, *, success: bool, refund_id: str | None = None) -> dict[str, Any]:
        """Decide about a refund that waits, the oldest one unless one is named; returns the refund.

        Raises:
            ValueError: No such refund of the intent waits.
        """
        return _possible(
            lambda: self.model.dashboard.finish_refund(intent_id, success=success, refund_id=refund_id)
        )

    def end_refunds_that_require_action(self) -> None:
        """Let each customer give their bank details, or let Stripe cancel the refund after some weeks."""
        for refund in self._call("GET", "/v1/refunds", limit="100").body["data"]:
            if refund["status"] == "requires_action":
                is_claimed = self._scheduler.random.random() < _CLAIMED
                self.finish_refund(refund["payment_intent"], success=is_claimed, refund_id=refund["id"])

    def set_processing(self, order_id: str) -> None:
        """Leave the PaymentIntent `processing` after the next successful charge of an order."""
        self._add_outcome(order_id, "charge_pending")

    def finish_processing(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Decide about a payment that is `processing`, as its bank does; returns the new PaymentIntent.

        Raises:
            ValueError: The intent is not `processing`.
        """
        return _possible(lambda: self.model.dashboard.finish_processing(intent_id, success=success))

    def _add_outcome(self, order_id: str, kind: Any) -> None:  # noqa: ANN401 - the model checks it
        self.model.outcomes.add(BankOutcome(order_id=order_id, kind=kind))

    def _call(self, method: str, path: str, **params: str) -> Answer:
        return self.handle(ApiRequest(method, path, tuple(params.items()), api_key=_KEY))

    def _take(self, event: Event) -> None:
        if event.type not in self.subscribed:
            return
        self._events[event.event_id] = event
        if self._hold:
            self._held.append(event)
            return
        for _ in range(1 + self._duplicate):
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        self._scheduler.spawn(lambda: self._try(event), after=self._scheduler.random.randint(*_DELAY_MS))

    def _try(self, event: Event) -> None:
        """Deliver an event until the endpoint accepts it."""
        body = event.body.decode()
        for attempt, pause in enumerate((*_PAUSES_SECONDS, 0), start=1):
            delivery = Delivery(event.event_id, event.type, event.intent_id, event.order_id, attempt)
            self._deliveries.append(delivery)
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signature(event.body, [WEBHOOK_SECRET], int(self._scheduler.seconds)),
            }
            delivery.status, _, _ = self._api.request("POST", "/webhooks/stripe", headers, {}, body, None)
            if delivery.status < httpx.codes.MULTIPLE_CHOICES:
                return
            current_strand().sleep(pause * 1000)


class StripeSession:
    """Stands in for the session of `requests` that the Stripe SDK sends its requests with.

    Args:
        network: Returns the current network.
        stripe: Returns the current Stripe.
    """

    def __init__(self, network: Callable[[], Network], stripe: Callable[[], SimulatedStripe]) -> None:
        self._network = network
        self._stripe = stripe

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        data: str | None,
        timeout: tuple[float, float],
        **_: object,
    ) -> requests.Response:
        """Send a request.

        Raises:
            RequestsConnectionError: The connection closed.
            ReadTimeout: There was no answer in time.
        """
        invocation = current_invocation()
        parts = urlsplit(url)
        request = ApiRequest.read(method.upper(), parts.path, parts.query, headers, data or "")
        operation = f"{request.method} {STRIPE_ID.sub('/{id}', request.path)}"
        stripe = self._stripe()

        try:
            answer = self._network().call(
                f"{invocation.function}: stripe {operation}",
                lambda fail: stripe.handle(replace(request, fail=fail)),
                who=invocation.name,
                wait_ms=round(timeout[1] * 1000),
                order_id=stripe.order_of(request),
            )
        except ConnectionLost as error:
            raise RequestsConnectionError("the connection closed") from error
        except NoAnswer as error:
            raise ReadTimeout("no answer") from error
        except Refused as error:
            answer = _refusal(error.kind)
        return _response(answer)


def _refusal(kind: str) -> Answer:
    """What Stripe answers to a call that it refuses (https://docs.stripe.com/rate-limits)."""
    if kind == "throttle":
        return error(429, "Request rate limit exceeded.", code="rate_limit")
    return error(503, "Service temporarily unavailable.", type="api_error")


def _response(answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response._content = json.dumps(answer.body).encode()  # noqa: SLF001 - it has no other way to set it
    return response


def _possible(change: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return change()
    except RefusedError as refused:
        raise ValueError(refused.answer.body["error"]["message"]) from refused
