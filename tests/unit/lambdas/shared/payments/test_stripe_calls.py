"""The log line of each call to Stripe."""

from contextlib import suppress

import pytest
import stripe

from lambdas.domain.errors import PaymentDeclined, PaymentProviderUnavailable
from lambdas.shared.payments.stripe_calls import LoggedHttpClient, operation_of
from lambdas.shared.payments.stripe_gateway import StripeGateway
from tests.unit.lambdas.builders import PAYMENT_SERVICE, SECRET_KEY, an_order
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.shared.payments.test_stripe_gateway import (
    CLIENT_SECRET,
    FakeStripeApi,
    Stored,
    an_error,
    an_intent,
)

PAYMENT_METHOD = "pm_card_visa"
NO_ANSWER = stripe.APIConnectionError("timed out")  # type: ignore[no-untyped-call] # the SDK


def charge(api: FakeStripeApi) -> None:
    client = stripe.StripeClient(SECRET_KEY, http_client=LoggedHttpClient(api), max_network_retries=0)
    gateway = StripeGateway(client, client, livemode=False, service=PAYMENT_SERVICE)
    gateway.confirm_intent(an_order(payment_method=PAYMENT_METHOD), "pi_1")


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("post", "/v1/payment_intents", "create PaymentIntent"),
        ("POST", "/v1/payment_intents/pi_1/confirm", "confirm PaymentIntent"),
        ("GET", "/v1/payment_intents/pi_1", "retrieve PaymentIntent"),
        ("GET", "/v1/payment_intents", "list PaymentIntents"),
        ("POST", "/v1/refunds", "create Refund"),
        ("GET", "/v1/disputes", "list Disputes"),
    ],
)
def test_an_operation_has_the_name_that_stripes_documentation_gives_it(
    method: str, path: str, operation: str
) -> None:
    assert operation_of(method, path) == operation


def test_a_call_is_logged_with_stripes_request_id(log: Log) -> None:
    api = FakeStripeApi()

    charge(api)

    [line] = log.lines
    assert (line["message"], line["level"]) == ("Stripe called", "INFO")
    assert (line["operation"], line["http_status"]) == ("confirm PaymentIntent", 200)
    assert (line["stripe_request_id"], line["replayed"]) == ("req_1", False)
    assert line["milliseconds"] >= 0


def test_a_replayed_answer_is_logged_as_replayed(log: Log) -> None:
    api = FakeStripeApi()
    api.answer = (200, Stored(an_intent()))

    charge(api)

    assert log.lines[0]["replayed"] is True


@pytest.mark.parametrize(
    ("answer", "error", "level"),
    [
        (
            (402, an_error("card_error", code="card_declined", decline_code="stolen_card")),
            "stolen_card",
            "INFO",
        ),
        ((400, an_error("invalid_request_error")), "invalid_request_error", "WARNING"),
        ((502, "<html>Bad gateway</html>"), None, "WARNING"),
        (NO_ANSWER, "APIConnectionError", "WARNING"),
    ],
    ids=["declined", "refused", "no JSON", "no answer"],
)
def test_a_failed_call_is_logged_with_its_code(
    log: Log, answer: tuple[int, object] | Exception, error: str | None, level: str
) -> None:
    api = FakeStripeApi()
    api.answer = answer

    with suppress(PaymentDeclined, PaymentProviderUnavailable):
        charge(api)

    line = log.lines[0]
    assert (line.get("error"), line["level"]) == (error, level)


def test_no_line_has_the_payment_method_or_the_clients_secret(log: Log) -> None:
    api = FakeStripeApi()
    api.answer = (200, an_intent(client_secret=CLIENT_SECRET, payment_method=PAYMENT_METHOD))

    charge(api)

    assert log.lines
    assert PAYMENT_METHOD not in log.text
    assert CLIENT_SECRET not in log.text
    assert SECRET_KEY not in log.text
