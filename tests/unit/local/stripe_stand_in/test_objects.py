"""The objects of the model have the types that Stripe publishes for the API version of the shop.

The classes of Stripe's SDK are generated from Stripe's own description of its API. So they are an opinion
that is independent of the model.
"""

import builtins
import sys
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import stripe

from local.stripe_stand_in.bank_outcomes import BankOutcome, RefundStatus
from tests.unit.local.stripe_stand_in.account import AccountUnderTest

REFUND_STATUSES: tuple[RefundStatus, ...] = get_args(RefundStatus)


def payments(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    """PaymentIntents in every status, with all of their fields expanded."""
    yield account.intend()
    yield account.pay()
    yield account.post("payment_intents", amount="990", currency="EUR")
    yield account.post(f"payment_intents/{account.intend()['id']}/cancel", cancellation_reason="duplicate")
    yield account.intend("pm_card_chargeDeclined", confirm="true")["error"]["payment_intent"]
    yield (asked := account.intend("pm_card_authenticationRequired", confirm="true"))
    yield account.authenticate(asked, success="false")
    yield account.intend("pm_card_authenticationRequired", confirm="true", use_stripe_sdk="true")
    account.stripe.outcomes.add(BankOutcome(order_id="order-1", kind="charge_pending"))
    yield account.pay()
    yield account.authorize()
    yield account.post(f"payment_intents/{account.authorize()['id']}/cancel")
    yield account.post(f"payment_intents/{account.authorize()['id']}/capture", amount_to_capture="1000")
    yield account.stripe.dashboard.expire(account.authorize()["id"])


def charges(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    for intent in list(payments(account)):
        if intent["latest_charge"] is not None:
            yield account.get(f"charges/{intent['latest_charge']}")
    paid = account.pay()
    account.stripe.dashboard.refund(paid["id"])
    yield account.get(f"charges/{paid['latest_charge']}")


def refunds(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    yield account.post("refunds", payment_intent=account.pay()["id"], reason="duplicate")
    for status in REFUND_STATUSES:
        account.stripe.outcomes.add(BankOutcome(order_id="order-1", kind=f"refund_{status}"))  # type: ignore[arg-type]  # a valid one
        yield account.post("refunds", payment_intent=account.pay()["id"])
    paid = account.pay()
    account.stripe.dashboard.refund(paid["id"])
    yield account.stripe.dashboard.fail_refund(paid["id"])
    expired = account.stripe.dashboard.expire(account.authorize()["id"])
    yield account.get("refunds", payment_intent=expired["id"])["data"][0]


def disputes(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    paid = account.pay()
    yield account.stripe.dashboard.dispute(paid["id"])
    yield account.stripe.dashboard.close_dispute(paid["id"], won=True)


def payment_methods(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    made = account.card()
    yield made
    customer = account.post("customers", email="a@shop.test")
    yield account.post(f"payment_methods/{made['id']}/attach", customer=customer["id"])


def customers(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    yield account.post("customers", email="a@shop.test", **{"metadata[vip]": "yes"})


def events(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    for each in (*payments(account), *refunds(account), *disputes(account)):
        assert each
    for event in account.events:
        yield event.content


def errors(account: AccountUnderTest) -> Iterator[Mapping[str, Any]]:
    yield account.intend("pm_card_chargeDeclined", confirm="true")["error"]
    yield account.intend("pm_card_nobody")["error"]
    yield account.post(f"payment_intents/{account.pay()['id']}/confirm")["error"]
    account.stripe.outcomes.add(BankOutcome(order_id="order-1", kind="capture_refused"))
    yield account.post(f"payment_intents/{account.authorize()['id']}/capture")["error"]


@pytest.mark.parametrize(
    ("shown", "described"),
    [
        (payments, stripe.PaymentIntent),
        (charges, stripe.Charge),
        (refunds, stripe.Refund),
        (disputes, stripe.Dispute),
        (payment_methods, stripe.PaymentMethod),
        (customers, stripe.Customer),
        (events, stripe.Event),
        (errors, stripe.ErrorObject),
    ],
)
def test_objects_are_as_stripe_describes_them(
    shown: Callable[[AccountUnderTest], Iterator[Mapping[str, Any]]], described: type
) -> None:
    found = list(shown(AccountUnderTest()))

    assert found
    assert sorted({each for value in found for each in complaints(value, described)}) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"amount": "2500"}, "PaymentIntent.amount: '2500'"),
        ({"amount": None}, "PaymentIntent.amount: None"),
        ({"charges": []}, "PaymentIntent.charges: is not described"),
        ({"status": "paid"}, "PaymentIntent.status: 'paid'"),
        ({"latest_charge": {"id": 1}}, "PaymentIntent.latest_charge: {'id': 1}"),
    ],
)
def test_a_difference_is_noticed(changes: dict[str, object], complaint: str) -> None:
    intent = {**AccountUnderTest().intend(), **changes}

    assert list(complaints(intent, stripe.PaymentIntent)) == [complaint]


def test_a_missing_field_is_noticed() -> None:
    intent = AccountUnderTest().intend()
    del intent["amount"]

    assert list(complaints(intent, stripe.PaymentIntent)) == ["PaymentIntent.amount: is missing"]


class SdkNames(dict[str, Any]):
    """Names in the annotations of the SDK: those of a module, and classes that it imports for them only."""

    def __missing__(self, name: str) -> object:
        return getattr(stripe, name, Undescribed)


class Undescribed:
    """A class that the SDK does not export under its own name; the model has no such objects."""


def complaints(value: Mapping[str, Any], described: type) -> Iterator[str]:
    """How an object differs from its description."""
    hints = {
        name: hint
        for name, hint in get_type_hints(
            described, {}, SdkNames(vars(builtins) | vars(sys.modules[described.__module__]))
        ).items()
        if get_origin(hint) is not ClassVar and not name.startswith("_")
    }
    where = described.__qualname__
    for name, hint in hints.items():
        if name not in value:
            if not fits(None, hint):
                yield f"{where}.{name}: is missing"
        elif not fits(value[name], hint):
            yield f"{where}.{name}: {value[name]!r}"
    for name in value.keys() - hints.keys():
        yield f"{where}.{name}: is not described"


def fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - any type
    """Whether a value has a type of the SDK."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        # `Literal["a", "b"] | str` leaves room for values of later versions: the model has none of those.
        closed = (
            [each for each in arguments if each is not str] if any(map(is_literal, arguments)) else arguments
        )
        return any(fits(value, each) for each in closed)
    if origin is Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(fits(each, arguments[0]) for each in value)
    kind = origin or hint
    if isinstance(kind, type) and issubclass(kind, stripe.StripeObject):
        if not isinstance(value, Mapping):
            return False
        return kind.__name__ == "UntypedStripeObject" or not list(complaints(value, kind))
    return type(value) is kind


def is_literal(hint: object) -> bool:
    return get_origin(hint) is Literal
