"""The limits of an account."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import stripe

from local.stripe_stand_in.exchange import ApiRequest, RefusedError
from local.stripe_stand_in.limits import AccountLimits, Limits
from local.stripe_stand_in.stand_in_client import StandInClient
from tests.unit.local.stripe_stand_in.clock import Clock
from tests.unit.local.stripe_stand_in.shop import Shop

READ = ApiRequest("GET", "/v1/payment_intents/pi_1", api_key="sk_test_a")
READ_ANOTHER = ApiRequest("GET", "/v1/payment_intents/pi_2", api_key="sk_test_a")
CREATE = ApiRequest("POST", "/v1/payment_intents", api_key="sk_test_a")
OF_ANOTHER_ACCOUNT = ApiRequest("POST", "/v1/payment_intents", api_key="sk_test_b")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> AccountLimits:
    return AccountLimits(clock)


@pytest.fixture
def limited(stand_in: StandInClient) -> Iterator[StandInClient]:
    yield stand_in
    stand_in.unlimited()


def send(limits: AccountLimits, *requests: ApiRequest) -> list[str | None]:
    """Send requests; returns for each the reason why it was rejected."""
    reasons: list[str | None] = []
    for request in requests:
        try:
            limits.ensure_rate(request)
        except RefusedError as refused:
            reasons.append(refused.answer.headers["Stripe-Rate-Limited-Reason"])
        else:
            reasons.append(None)
    return reasons


def test_an_account_is_unlimited_at_first(limits: AccountLimits) -> None:
    assert send(limits, *[READ] * 200) == [None] * 200


def test_the_requests_of_an_account_are_limited_in_all(limits: AccountLimits) -> None:
    limits.change(Limits(per_second=2))

    assert send(limits, READ, CREATE, READ, OF_ANOTHER_ACCOUNT) == [None, None, "global-rate", None]


def test_the_requests_to_an_endpoint_are_limited(limits: AccountLimits) -> None:
    limits.change(Limits(per_second_and_endpoint=1))

    assert send(limits, READ, READ_ANOTHER, CREATE) == [None, "endpoint-rate", None]


def test_requests_count_for_one_second(limits: AccountLimits, clock: Clock) -> None:
    limits.change(Limits(per_second=1))
    send(limits, READ)

    clock.now += 0.9
    assert send(limits, READ) == ["global-rate"]
    clock.now += 0.1
    assert send(limits, READ) == [None]


@pytest.mark.enable_socket
def test_a_limited_request_is_told_why_and_can_be_repeated(shop: Shop, limited: StandInClient) -> None:
    limited.limit_rate(total_per_second=0)
    with pytest.raises(stripe.RateLimitError) as refused:
        shop.intend(key=shop.order_id)
    limited.unlimited()

    assert refused.value.error is not None
    assert (refused.value.http_status, refused.value.error.code) == (429, "rate_limit")
    assert (refused.value.headers or {})["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert shop.intend(key=shop.order_id).status == "requires_confirmation"


@pytest.mark.enable_socket
def test_an_endpoint_can_be_limited(shop: Shop, limited: StandInClient) -> None:
    limited.limit_rate(per_endpoint=0)

    with pytest.raises(stripe.RateLimitError) as refused:
        shop.intend()

    assert (refused.value.headers or {})["Stripe-Rate-Limited-Reason"] == "endpoint-rate"


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("49", "usd", "amount_too_small"),
        ("100000000", "usd", "amount_too_large"),
        ("1000000000000", "idr", "amount_too_large"),
    ],
)
def test_an_amount_that_stripe_does_not_charge_is_rejected(
    limits: AccountLimits, amount: str, currency: str, code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        limits.ensure_amount(replace(CREATE, params=(("amount", amount), ("currency", currency))))

    reason = refused.value.answer.body["error"]
    assert (reason["code"], reason["param"]) == (code, "amount")


@pytest.mark.parametrize(
    ("amount", "currency"), [("50", "usd"), ("99999999", "usd"), ("999999999999", "idr")]
)
def test_an_amount_within_stripes_limits_is_charged(
    limits: AccountLimits, amount: str, currency: str
) -> None:
    limits.ensure_amount(replace(CREATE, params=(("amount", amount), ("currency", currency))))


@pytest.mark.enable_socket
def test_an_account_can_have_a_limit_of_its_own_for_amounts(shop: Shop, limited: StandInClient) -> None:
    limited.limit_amount(2499)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.intend(amount=2500)

    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, None, None)
    assert shop.intend(amount=2499).status == "requires_confirmation"
