import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
import requests
import stripe
from requests.structures import CaseInsensitiveDict

from lambdas.domain.errors import (
    AmountNotChargeable,
    CaptureRefused,
    PaymentDeclined,
    PaymentInFlux,
    PaymentProviderUnavailable,
    PaymentUnknown,
    RefundRefused,
)
from lambdas.domain.line_refund import LineRefund
from lambdas.domain.payment import Charge, Dispute, PaymentIntent, Refund
from lambdas.domain.vocabulary import Capture
from lambdas.shared.payments import stripe_gateway
from lambdas.shared.payments.stripe_calls import LoggedHttpClient
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.secrets import forget_secrets
from lambdas.shared.settings import Settings
from statemachines.document import SagaDocument
from tests.unit.lambdas.builders import ORDER_ID, PAYMENT_SERVICE, SECRET_KEY, an_order
from tests.unit.lambdas.conftest import Log

CREATED = 1_772_366_400
INTENT = PaymentIntent(
    *("pi_1", "succeeded", "usd", CREATED),
    amount_received=75_800,
    amount_refunded=800,
    charge=Charge("ch_1", 75_800, "succeeded", CREATED + 1),
)
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "amount": 75_800,
    "status": "succeeded",
    "created": CREATED + 1,
    "amount_refunded": 800,
    "disputed": False,
}

CLIENT_SECRET = "pi_1_secret_x"  # noqa: S105 - for tests


def an_intent(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of Stripe's
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "requires_confirmation",
        "currency": "usd",
        "created": CREATED,
        "amount_received": 0,
        "latest_charge": None,
        **changes,
    }


def an_authorized_intent() -> dict[str, Any]:
    card = {"capture_before": CREATED + 7 * 24 * 60 * 60}
    charge = {**CHARGE, "amount_refunded": 0, "captured": False, "payment_method_details": {"card": card}}
    return an_intent(status="requires_capture", amount_capturable=75_800, latest_charge=charge)


A_REFUND = LineRefund(
    "refund-1", {}, 500, restock=False, reason="Late.", requested_by="the-boss", requested_at=""
)


def a_refund(status: str = "succeeded", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of Stripe's
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 100,
        "status": status,
        "metadata": {},
        "created": CREATED,
        **changes,
    }


def an_error(error_type: str, **fields: str) -> dict[str, Any]:
    return {"error": {"type": error_type, "message": "Something about pm_card_visa.", **fields}}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    parameters: dict[str, str]
    idempotency_key: str | None


@dataclass(frozen=True)
class Stored:
    """A response that was stored under the idempotency key of an earlier request."""

    body: object


class FakeStripeApi(stripe.HTTPClient):
    """Records the SDK's requests, and returns the responses that a test has prepared."""

    name = "fake"

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[int, object]] = []  # for the first requests; later ones get `answer`
        self.answer: tuple[int, object] | Exception = (200, an_intent())
        self.requests: list[Request] = []

    def request(  # type: ignore[override] # the SDK passes only these four
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | None = None
    ) -> tuple[str, int, Mapping[str, str]]:
        address = urlsplit(url)
        self.requests.append(
            Request(
                method,
                address.path,
                dict(parse_qsl(post_data or address.query)),
                (headers or {}).get("Idempotency-Key"),
            )
        )
        answer = self.answers.pop(0) if self.answers else self.answer
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        headers = {"request-id": "req_1"}
        if isinstance(body, Stored):
            headers["idempotent-replayed"] = "true"
            body = body.body
        return body if isinstance(body, str) else json.dumps(body), status, CaseInsensitiveDict(headers)


@pytest.fixture
def api() -> FakeStripeApi:
    return FakeStripeApi()


@pytest.fixture
def gateway(api: FakeStripeApi) -> StripeGateway:
    client = stripe.StripeClient(SECRET_KEY, http_client=LoggedHttpClient(api), max_network_retries=0)
    return StripeGateway(client, client, livemode=False, service=PAYMENT_SERVICE)


# Requests


def test_an_intent_is_created_unconfirmed_with_the_orders_key(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    gateway.create_intent(an_order(amount=75_800))

    assert api.requests == [
        Request(
            "post",
            "/v1/payment_intents",
            {
                "amount": "75800",
                "currency": "usd",
                "payment_method": "pm_card_visa",
                "allowed_payment_method_types[0]": "card",
                "capture_method": "automatic",
                "metadata[order_id]": ORDER_ID,
                "metadata[service]": PAYMENT_SERVICE,
            },
            f"{ORDER_ID}-charge",
        )
    ]


def test_an_intent_is_confirmed_with_the_orders_key(api: FakeStripeApi, gateway: StripeGateway) -> None:
    gateway.confirm_intent(an_order(), "pi_1")

    path = "/v1/payment_intents/pi_1/confirm"
    assert api.requests == [Request("post", path, {"use_stripe_sdk": "true"}, f"{ORDER_ID}-confirm")]


def test_the_bank_sends_the_customer_to_the_orders_return_url(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    gateway.confirm_intent(an_order(return_url="https://shop.example/thanks"), "pi_1")

    assert api.requests[0].parameters == {"return_url": "https://shop.example/thanks"}


def test_an_intent_that_is_captured_later_is_created_for_it(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    gateway.create_intent(an_order(amount=75_800, capture=Capture.AT_FULFILMENT))

    assert api.requests[0].parameters["capture_method"] == "manual"


def test_a_confirmation_returns_the_end_of_the_authorization(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    api.answer = (200, an_authorized_intent())

    intent = gateway.confirm_intent(an_order(capture=Capture.AT_FULFILMENT), "pi_1")

    assert api.requests[0].parameters == {"use_stripe_sdk": "true", "expand[0]": "latest_charge"}
    assert (intent.is_authorized, intent.is_paid, intent.is_paid_or_held) == (True, False, True)
    assert (intent.amount_held, intent.amount_capturable) == (75_800, 75_800)
    assert intent.capture_before == CREATED + 7 * 24 * 60 * 60


def test_an_intent_is_captured_with_a_new_key_every_time(api: FakeStripeApi, gateway: StripeGateway) -> None:
    # With one key, Stripe would replay a bank's refusal for a day.
    api.answer = (200, an_intent(status="succeeded", amount_received=75_800, latest_charge=CHARGE))

    for _ in range(2):
        assert gateway.capture_intent("pi_1").amount_received == 75_800

    first, second = api.requests
    assert (first.method, first.path) == ("post", "/v1/payment_intents/pi_1/capture")
    assert first.parameters == {"expand[0]": "latest_charge"}
    assert first.idempotency_key != second.idempotency_key


@pytest.mark.parametrize(
    ("status", "received", "refunded", "left"),
    [
        ("canceled", 0, 75_800, 0),  # released
        ("succeeded", 50_000, 25_800, 50_000),  # captured in part; the rest is released
        ("succeeded", 50_000, 35_800, 40_000),  # and then refunded in part
        ("succeeded", 75_800, 800, 75_000),
    ],
)
def test_a_released_authorization_is_no_refund(  # noqa: PLR0913, PLR0917
    api: FakeStripeApi, gateway: StripeGateway, status: str, received: int, refunded: int, left: int
) -> None:
    charge = {**CHARGE, "amount_refunded": refunded}
    api.answer = (200, an_intent(status=status, amount_received=received, latest_charge=charge))

    intent = gateway.retrieve_intent("pi_1")

    assert (intent.amount_refunded, intent.amount_held) == (received - left, left)


CHARGES: dict[str, Callable[[StripeGateway], object]] = {
    "charge": lambda gateway: gateway.create_intent(an_order(amount=75_800)),
    "confirm": lambda gateway: gateway.confirm_intent(an_order(), "pi_1"),
}
each_charge = pytest.mark.parametrize(("key", "call"), CHARGES.items(), ids=CHARGES)

FAILURE = {"error": {"type": "api_error", "message": "An unknown error occurred."}}
OTHER_PARAMETERS = an_error("idempotency_error")
KEY_IN_USE = an_error("idempotency_error", code="idempotency_key_in_use")


@each_charge
def test_a_stored_failure_is_passed_with_the_next_key(
    api: FakeStripeApi, gateway: StripeGateway, key: str, call: Callable[[StripeGateway], object]
) -> None:
    api.answers = [(500, Stored(FAILURE)), (500, Stored(FAILURE))]

    call(gateway)

    keys = [request.idempotency_key for request in api.requests]
    assert keys == [f"{ORDER_ID}-{key}", f"{ORDER_ID}-{key}-2", f"{ORDER_ID}-{key}-3"]
    assert all(request.parameters == api.requests[0].parameters for request in api.requests)


@each_charge
def test_a_key_of_other_parameters_is_passed_with_the_next_key(
    api: FakeStripeApi, gateway: StripeGateway, key: str, call: Callable[[StripeGateway], object]
) -> None:
    """A deployment between two tries of a step can change the parameters of a call."""
    api.answers = [(400, OTHER_PARAMETERS)]

    call(gateway)

    assert api.requests[-1].idempotency_key == f"{ORDER_ID}-{key}-2"


@each_charge
@pytest.mark.parametrize("failure", [(500, FAILURE), (409, KEY_IN_USE)], ids=["failure", "key in use"])
def test_a_new_failure_keeps_its_key_for_the_next_try(
    api: FakeStripeApi,
    gateway: StripeGateway,
    key: str,
    call: Callable[[StripeGateway], object],
    failure: tuple[int, object],
) -> None:
    api.answers = [(500, Stored(FAILURE)), failure]

    with pytest.raises(PaymentProviderUnavailable):
        call(gateway)

    assert [request.idempotency_key for request in api.requests][-1] == f"{ORDER_ID}-{key}-2"


@each_charge
def test_a_stored_response_that_is_no_failure_is_used(
    api: FakeStripeApi, gateway: StripeGateway, key: str, call: Callable[[StripeGateway], object]
) -> None:
    api.answers = [(200, Stored(an_intent()))]

    call(gateway)

    assert [request.idempotency_key for request in api.requests] == [f"{ORDER_ID}-{key}"]


@each_charge
def test_the_last_try_of_the_step_gets_past_a_failure_of_each_earlier_one(
    api: FakeStripeApi, gateway: StripeGateway, key: str, call: Callable[[StripeGateway], object]
) -> None:
    tries = SagaDocument.load().states["ChargePayment"].tries
    api.answers = [(500, Stored(FAILURE))] * (tries - 1)

    call(gateway)

    assert api.requests[-1].idempotency_key == f"{ORDER_ID}-{key}-{tries}"


def test_the_number_of_keys_is_limited(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (500, Stored(FAILURE))

    with pytest.raises(PaymentProviderUnavailable):
        gateway.create_intent(an_order(amount=75_800))

    assert len(api.requests) == SagaDocument.load().states["ChargePayment"].tries


def test_an_intent_is_canceled_with_a_new_key_every_time(api: FakeStripeApi, gateway: StripeGateway) -> None:
    # With one key, Stripe would replay a stored "not in this state" for a day, even if it is no longer true.
    for _ in range(2):
        gateway.cancel_intent("pi_1")

    first, second = api.requests
    assert (first.method, first.path, first.parameters) == ("post", "/v1/payment_intents/pi_1/cancel", {})
    assert ORDER_ID not in str(first.idempotency_key)
    assert first.idempotency_key != second.idempotency_key


def test_the_held_amount_is_refunded_with_a_key_for_each_attempt(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    api.answer = (200, a_refund("pending", amount=75_000, metadata={"attempt": "an-execution-0"}))
    intent = PaymentIntent("pi_1", "succeeded", amount_received=75_000)

    refund = gateway.refund(an_order(), intent, "an-execution-0")

    assert refund == Refund("re_1", 75_000, "pending", "an-execution-0", CREATED)
    assert api.requests == [
        Request(
            "post",
            "/v1/refunds",
            {
                "payment_intent": "pi_1",
                "amount": "75000",
                "metadata[order_id]": ORDER_ID,
                "metadata[service]": PAYMENT_SERVICE,
                "metadata[attempt]": "an-execution-0",
            },
            f"{ORDER_ID}-refund-an-execution-0",
        )
    ]


def test_all_tries_of_a_refund_of_lines_share_a_key_until_a_failure_is_replayed(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    error = an_error("api_error")
    api.answers = [(500, Stored(error)), (200, a_refund(amount=500, metadata={"attempt": "refund-1"}))]

    refund = gateway.refund_lines(an_order(), INTENT, A_REFUND)

    assert refund == Refund("re_1", 500, "succeeded", "refund-1", CREATED)
    keys = [request.idempotency_key for request in api.requests]
    assert keys == [f"{ORDER_ID}-refund-refund-1", f"{ORDER_ID}-refund-refund-1-2"]
    assert {request.parameters["amount"] for request in api.requests} == {"500"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, an_error("api_error")), PaymentProviderUnavailable),
        ((400, an_error("idempotency_error")), PaymentInFlux),
    ],
)
def test_a_refund_of_lines_with_an_unknown_outcome_keeps_its_key(
    api: FakeStripeApi, gateway: StripeGateway, answer: tuple[int, object], error: type[Exception]
) -> None:
    api.answer = answer

    with pytest.raises(error):
        gateway.refund_lines(an_order(), INTENT, A_REFUND)

    assert len(api.requests) == 1


def a_page(
    *objects: dict[str, Any], has_more: bool = False, url: str = "/v1/payment_intents"
) -> tuple[int, object]:
    return 200, {"object": "list", "url": url, "has_more": has_more, "data": list(objects)}


def test_payments_of_a_period_are_listed_page_by_page(api: FakeStripeApi, gateway: StripeGateway) -> None:
    paid = an_intent(id="pi_3", status="succeeded", amount_received=75_800, latest_charge=CHARGE)
    api.answers = [
        a_page(paid, an_intent(id="pi_2"), has_more=True),
        a_page(an_intent(id="pi_1"), has_more=False),
    ]

    listed = gateway.list_intents(1_000, 2_000)

    assert api.requests == []
    first = next(listed)
    assert (first.intent_id, first.currency, first.created) == ("pi_3", "usd", CREATED)
    assert first.amount_held == 75_000
    assert len(api.requests) == 1
    assert [intent.intent_id for intent in listed] == ["pi_2", "pi_1"]
    asked = {
        "created[gte]": "1000",
        "created[lt]": "2000",
        "limit": "100",
        "expand[0]": "data.latest_charge",
    }
    assert [request.parameters for request in api.requests] == [asked, {**asked, "starting_after": "pi_2"}]


def test_refunds_are_listed_to_the_end(api: FakeStripeApi, gateway: StripeGateway) -> None:
    by_saga = a_refund("pending", id="re_2", amount=500, metadata={"attempt": "an-execution-0"})
    api.answers = [
        a_page(by_saga, has_more=True, url="/v1/refunds"),
        a_page(a_refund("failed"), url="/v1/refunds"),
    ]

    assert gateway.list_refunds("pi_1") == [
        Refund("re_2", 500, "pending", "an-execution-0", CREATED),
        Refund("re_1", 100, "failed", created=CREATED),
    ]
    asked = {"payment_intent": "pi_1", "limit": "100"}
    assert [request.parameters for request in api.requests] == [asked, {**asked, "starting_after": "re_2"}]


def test_disputes_are_listed_to_the_end(api: FakeStripeApi, gateway: StripeGateway) -> None:
    url = "/v1/disputes"
    api.answers = [
        a_page({"id": "du_2", "object": "dispute", "status": "under_review"}, has_more=True, url=url),
        a_page({"id": "du_1", "object": "dispute", "status": "won"}, url=url),
    ]

    assert gateway.list_disputes("pi_1") == [Dispute("du_2", "under_review"), Dispute("du_1", "won")]
    asked = {"payment_intent": "pi_1", "limit": "100"}
    assert [request.parameters for request in api.requests] == [asked, {**asked, "starting_after": "du_2"}]


def test_a_list_that_fails_can_be_retried(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (500, an_error("api_error"))

    with pytest.raises(PaymentProviderUnavailable):
        list(gateway.list_intents(1_000, 2_000))


def test_an_intent_is_retrieved_with_its_refunded_amount(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (200, an_intent(status="succeeded", amount_received=75_800, latest_charge=CHARGE))

    intent = gateway.retrieve_intent("pi_1")

    assert intent == INTENT
    assert intent.amount_held == 75_000
    assert api.requests[0].parameters == {"expand[0]": "latest_charge"}


def test_an_intent_without_a_charge_holds_no_money(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (200, an_intent())

    assert gateway.retrieve_intent("pi_1") == PaymentIntent("pi_1", "requires_confirmation", "usd", CREATED)


# Intents


def test_an_intent_has_the_customers_next_action(api: FakeStripeApi, gateway: StripeGateway) -> None:
    redirect = {"redirect_to_url": {"return_url": None, "url": "https://hooks.stripe.com/3ds"}}
    api.answer = (
        200,
        an_intent(
            status="requires_action",
            metadata={"order_id": ORDER_ID, "service": PAYMENT_SERVICE},
            next_action={"type": "redirect_to_url", **redirect},
            client_secret=CLIENT_SECRET,
            latest_charge="ch_1",
        ),
    )

    assert gateway.confirm_intent(an_order(), "pi_1") == PaymentIntent(
        "pi_1",
        "requires_action",
        "usd",
        CREATED,
        order_id=ORDER_ID,
        service=PAYMENT_SERVICE,
        next_action={"type": "redirect_to_url", **redirect},
        client_secret=CLIENT_SECRET,
    )


def test_the_customers_next_action_is_plain_json(api: FakeStripeApi, gateway: StripeGateway) -> None:
    action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"three_ds": [{"version": 2, "optional": None}]}}
    api.answer = (200, an_intent(status="requires_action", next_action=action))

    next_action = gateway.retrieve_intent("pi_1").next_action

    assert json.loads(json.dumps(next_action)) == action


def test_a_declined_intent_has_a_sentence_for_the_customer(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
        "payment_method": {"id": "pm_1", "object": "payment_method"},
    }
    api.answer = (200, an_intent(status="requires_payment_method", last_payment_error=error))

    assert gateway.retrieve_intent("pi_1").decline == "The card has insufficient funds."


def test_an_intent_shows_that_its_charge_is_disputed(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (200, an_intent(status="succeeded", latest_charge={**CHARGE, "disputed": True}))

    assert gateway.retrieve_intent("pi_1").disputed


@pytest.mark.parametrize("metadata", [{}, {"basket": "7"}, None])
def test_an_intent_of_another_system_has_no_order(
    api: FakeStripeApi, gateway: StripeGateway, metadata: dict[str, str] | None
) -> None:
    api.answer = (200, an_intent(metadata=metadata))

    intent = gateway.retrieve_intent("pi_1")
    assert (intent.order_id, intent.service) == (None, None)


# Errors

OUTCOME_UNKNOWN: dict[str, tuple[int, object] | Exception] = {
    "no answer": stripe.APIConnectionError("timed out"),  # type: ignore[no-untyped-call] # the SDK
    "rate limit": (429, an_error("invalid_request_error", code="rate_limit")),
    "lock timeout": (429, an_error("invalid_request_error", code="lock_timeout")),
    "another request under the key": (409, an_error("idempotency_error", code="idempotency_key_in_use")),
    "internal error": (500, an_error("api_error")),
    "bad gateway, in HTML": (502, "<html>Bad Gateway</html>"),
    "unavailable": (503, an_error("api_error")),
}


@pytest.mark.parametrize("answer", OUTCOME_UNKNOWN.values(), ids=OUTCOME_UNKNOWN)
def test_an_unknown_outcome_can_be_retried_and_names_neither_key_nor_card(
    api: FakeStripeApi, gateway: StripeGateway, answer: tuple[int, object] | Exception
) -> None:
    api.answer = answer

    with pytest.raises(PaymentProviderUnavailable) as caught:
        gateway.create_intent(an_order(amount=75_800))

    assert SECRET_KEY not in str(caught.value)
    assert "pm_card_visa" not in str(caught.value)
    assert len(api.requests) == 1, "the SDK's own retries are off"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "The card has insufficient funds."),
        ({"code": "expired_card"}, "The card has expired."),
    ],
)
def test_a_declined_card_raises_a_sentence_for_the_customer(
    api: FakeStripeApi, gateway: StripeGateway, fields: dict[str, str], message: str
) -> None:
    api.answer = (402, an_error("card_error", **fields))

    with pytest.raises(PaymentDeclined, match=f"^{message}$"):
        gateway.confirm_intent(an_order(), "pi_1")


@pytest.mark.parametrize("code", ["payment_intent_unexpected_state", "charge_already_refunded"])
def test_an_intent_in_an_unexpected_state_is_retrieved_again(
    api: FakeStripeApi, gateway: StripeGateway, code: str
) -> None:
    api.answer = (400, an_error("invalid_request_error", code=code))

    with pytest.raises(PaymentInFlux, match=code):
        gateway.cancel_intent("pi_1")


def test_an_unknown_payment_method_is_declined_without_its_id(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    api.answer = (400, an_error("invalid_request_error", code="resource_missing", param="payment_method"))

    with pytest.raises(PaymentDeclined, match=r"^The payment method is not valid\.$"):
        gateway.create_intent(an_order(amount=75_800))


@pytest.mark.parametrize("call", CHARGES.values(), ids=CHARGES)
@pytest.mark.parametrize(
    "fields",
    [{}, {"code": "account_limit"}, {"param": "amount"}],
    ids=["used before", "an unknown code", "an unknown parameter"],
)
def test_whatever_else_stripe_refuses_is_a_decline_for_the_customer(
    api: FakeStripeApi,
    gateway: StripeGateway,
    log: Log,
    call: Callable[[StripeGateway], object],
    fields: dict[str, str],
) -> None:
    api.answer = (400, an_error("invalid_request_error", **fields))

    with pytest.raises(
        PaymentDeclined, match=r"^The payment was not accepted\. Please order again with a new"
    ):
        call(gateway)

    [_call, line] = log.lines
    assert {name: line[name] for name in ("code", "param") if name in line} == fields
    assert line["stripe_request_id"] == "req_1"
    assert "pm_card_visa" not in log.text


def test_an_error_of_our_own_passes_through(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (403, an_error("invalid_request_error"))

    with pytest.raises(stripe.PermissionError):
        gateway.create_intent(an_order(amount=75_800))


# Captures


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (402, an_error("card_error", code="card_declined", decline_code="lost_card"), "card_declined"),
        (400, an_error("invalid_request_error", code="capture_unauthorized_payment"), "capture_unauthorized"),
        (400, an_error("invalid_request_error", code="amount_too_large", param="amount"), "amount_too_large"),
        (400, an_error("invalid_request_error"), "invalid_request_error"),
    ],
)
def test_a_refused_capture_needs_an_operator_who_reads_the_code(  # noqa: PLR0913, PLR0917
    api: FakeStripeApi, gateway: StripeGateway, log: Log, status: int, error: object, reason: str
) -> None:
    api.answer = (status, error)

    with pytest.raises(CaptureRefused, match=f"^Stripe returned {reason}"):
        gateway.capture_intent("pi_1")

    [_call, line] = log.lines
    assert (line["message"], line["stripe_request_id"]) == ("Stripe refuses the capture", "req_1")


@pytest.mark.parametrize(
    "code",
    [
        *("payment_intent_unexpected_state", "charge_already_captured"),
        *("charge_expired_for_capture", "capture_charge_authorization_expired"),
    ],
)
def test_a_payment_that_is_captured_or_expired_is_retrieved_again(
    api: FakeStripeApi, gateway: StripeGateway, code: str
) -> None:
    api.answer = (400, an_error("invalid_request_error", code=code))

    with pytest.raises(PaymentInFlux, match=code):
        gateway.capture_intent("pi_1")


# Refunds


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, an_error("invalid_request_error", code="balance_insufficient"), "balance_insufficient"),
        (400, an_error("invalid_request_error", code="charge_disputed"), "charge_disputed"),
        (400, an_error("invalid_request_error"), "invalid_request_error"),
        (402, an_error("card_error", code="expired_card"), "expired_card"),
    ],
    ids=["balance", "dispute", "no code", "card"],
)
def test_a_refused_refund_needs_an_operator_who_reads_the_code(  # noqa: PLR0913, PLR0917
    api: FakeStripeApi, gateway: StripeGateway, log: Log, status: int, error: object, reason: str
) -> None:
    api.answer = (status, error)

    with pytest.raises(RefundRefused, match=f"^Stripe returned {reason}$"):
        gateway.refund(an_order(), INTENT, "an-execution-0")

    [_call, line] = log.lines
    assert (line["message"], line["stripe_request_id"]) == ("Stripe refuses the refund", "req_1")


def test_a_payment_of_another_account_is_unknown(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (404, an_error("invalid_request_error", code="resource_missing", param="intent"))

    with pytest.raises(PaymentUnknown):
        gateway.retrieve_intent("pi_of_somebody_else")


def test_the_refunds_of_a_payment_of_another_account_are_unknown(
    api: FakeStripeApi, gateway: StripeGateway
) -> None:
    api.answer = (404, an_error("invalid_request_error", code="resource_missing", param="payment_intent"))

    with pytest.raises(PaymentUnknown):
        gateway.list_refunds("pi_of_somebody_else")


def test_an_amount_outside_the_limits_is_rejected(api: FakeStripeApi, gateway: StripeGateway) -> None:
    api.answer = (400, an_error("invalid_request_error", code="amount_too_small", param="amount"))

    with pytest.raises(AmountNotChargeable):
        gateway.create_intent(an_order(amount=1))


@pytest.mark.parametrize(
    "error",
    [
        an_error("invalid_request_error", code="charge_already_refunded"),
        an_error("invalid_request_error", code="amount_too_large", param="amount"),
        an_error("invalid_request_error", param="amount"),
        OTHER_PARAMETERS,
    ],
    ids=["all of it", "too large", "more than is left", "one try twice"],
)
def test_a_refund_made_in_the_meantime_is_looked_up_again(
    api: FakeStripeApi, gateway: StripeGateway, error: object
) -> None:
    api.answer = (400, error)

    with pytest.raises(PaymentInFlux):
        gateway.refund(an_order(), INTENT, "an-execution-0")


# The client


def forget_key_and_client() -> None:
    stripe_gateway._clients.cache_clear()  # noqa: SLF001 - a warm environment keeps it
    forget_secrets()


@pytest.fixture
def store_key(aws_account: None) -> Iterator[Callable[[str], object]]:  # noqa: ARG001 - holds the secret
    """A function that stores Stripe's secret key, for a cold environment."""
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="stripe-key")
    forget_key_and_client()
    yield lambda key: secrets.put_secret_value(SecretId="stripe-key", SecretString=key)
    forget_key_and_client()


@pytest.fixture
def made_clients(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The parameters of every `StripeClient` that is created."""
    made: list[Mapping[str, Any]] = []
    make = stripe.StripeClient

    def make_and_note(api_key: str, **options: Any) -> stripe.StripeClient:  # noqa: ANN401 - the SDK's
        made.append({"api_key": api_key, **options})
        return make(api_key, **options)

    monkeypatch.setattr(stripe, "StripeClient", make_and_note)
    return made


def test_the_api_version_is_the_one_of_the_sdk() -> None:
    """If this fails after an upgrade of the SDK, read Stripe's changelog and then pin the new version."""
    assert stripe.api_version == stripe_gateway.API_VERSION


@pytest.mark.parametrize(
    ("key", "livemode"),
    [("sk_test_x", False), ("rk_test_x", False), ("sk_live_x", True), ("rk_live_x", True)],
)
def test_the_key_shows_whether_the_gateway_moves_real_money(
    store_key: Callable[[str], object], key: str, *, livemode: bool
) -> None:
    store_key(key)

    assert StripeGateway.from_settings(Settings()).livemode is livemode


def test_after_a_rejected_key_the_next_attempt_uses_the_new_key(
    api: FakeStripeApi,
    gateway: StripeGateway,
    store_key: Callable[[str], object],
    made_clients: list[Mapping[str, Any]],
) -> None:
    store_key(SECRET_KEY)
    StripeGateway.from_settings(Settings())
    store_key("sk_test_the_next")
    api.answer = (401, an_error("invalid_request_error"))

    with pytest.raises(PaymentProviderUnavailable, match="rejected the secret key"):
        gateway.retrieve_intent("pi_1")
    StripeGateway.from_settings(Settings())

    assert [client["api_key"] for client in made_clients] == 2 * [SECRET_KEY] + 2 * ["sk_test_the_next"]


def test_the_key_comes_from_the_secret_and_the_clients_are_made_once(
    store_key: Callable[[str], object], made_clients: list[Mapping[str, Any]]
) -> None:
    store_key(SECRET_KEY)

    for _ in range(2):
        StripeGateway.from_settings(Settings())

    assert len(made_clients) == 2
    for client in made_clients:
        assert client["api_key"] == SECRET_KEY
        assert client["base_addresses"] == {}
        assert client["max_network_retries"] == 0
        assert client["stripe_version"] == stripe_gateway.API_VERSION


def test_only_a_confirmation_waits_for_the_customers_bank(
    store_key: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    store_key(SECRET_KEY)
    timeouts = {}

    def time_out(_session: requests.Session, _method: str, url: str, **options: Any) -> None:  # noqa: ANN401 - the SDK's
        timeouts[urlsplit(url).path] = options["timeout"]
        raise TimeoutError

    monkeypatch.setattr(requests.Session, "request", time_out)
    gateway = StripeGateway.from_settings(Settings())

    calls: list[Callable[[StripeGateway], object]] = [
        *CHARGES.values(),
        lambda gateway: gateway.retrieve_intent("pi_1"),
    ]
    for call in calls:
        with pytest.raises(PaymentProviderUnavailable):
            call(gateway)

    assert timeouts == {
        "/v1/payment_intents": (2, 5),
        "/v1/payment_intents/pi_1/confirm": (2, 20),
        "/v1/payment_intents/pi_1": (2, 5),
    }


def test_the_local_stage_calls_its_own_stripe(
    store_key: Callable[[str], object],
    made_clients: list[Mapping[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store_key(SECRET_KEY)
    monkeypatch.setenv("STRIPE_API_BASE", "http://localhost:8420")

    StripeGateway.from_settings(Settings())

    assert made_clients[0]["base_addresses"] == {"api": "http://localhost:8420"}


@pytest.mark.usefixtures("store_key")
def test_a_secret_that_cannot_be_read_is_a_transient_failure() -> None:
    with pytest.raises(PaymentProviderUnavailable, match="the secret cannot be read"):
        StripeGateway.from_settings(Settings())
