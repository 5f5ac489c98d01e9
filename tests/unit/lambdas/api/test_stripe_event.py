"""Verifying the signature of an event, and finding its payment."""

import json
import time
from typing import Any, Final

import pytest
import stripe

from lambdas.api.receive_stripe_webhook.event import StripeEvent, read_event, signing_secrets
from lambdas.domain.vocabulary import STRIPE_EVENTS, ProblemKind
from lambdas.shared.rest.problem import Problem

OLD_SECRET: Final = "whsec_old"  # noqa: S105 - for tests
NEW_SECRET: Final = "whsec_new"  # noqa: S105 - for tests
GUESSED: Final = "whsec_guessed"

PAYLOAD: Final = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "created": 1_772_366_400,
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "status": "succeeded"}},
    },
    indent=2,  # as Stripe sends it; serialising it again would change the body
)


def sign(payload: str = PAYLOAD, secret: str = NEW_SECRET, age_seconds: int = 0) -> str:
    header: str = stripe.WebhookSignature.generate_signature_header(
        payload, secret, timestamp=int(time.time()) - age_seconds
    )
    return header


def about(subject: dict[str, Any]) -> str:
    return json.dumps({**json.loads(PAYLOAD), "data": {"object": subject}})


# The signature


def test_a_signed_event_is_read() -> None:
    assert read_event(PAYLOAD, sign(), [NEW_SECRET]) == StripeEvent(
        "evt_1", "payment_intent.succeeded", livemode=False, created=1_772_366_400, intent_id="pi_1"
    )


@pytest.mark.parametrize("signed_with", [OLD_SECRET, NEW_SECRET])
def test_either_secret_is_valid_while_it_is_rolled(signed_with: str) -> None:
    read_event(PAYLOAD, sign(secret=signed_with), [OLD_SECRET, NEW_SECRET])


def test_one_of_several_signatures_is_enough() -> None:
    at, new = sign().split(",")
    _, old = sign(secret=OLD_SECRET).split(",")

    read_event(PAYLOAD, f"{at},{old},{new}", [NEW_SECRET])


def test_a_signature_can_be_almost_five_minutes_old() -> None:
    read_event(PAYLOAD, sign(age_seconds=290), [NEW_SECRET])


V0 = sign().replace("v1=", "v0=")
REJECTED: dict[str, tuple[str, str, list[str]]] = {
    "another secret": (PAYLOAD, sign(secret=GUESSED), [NEW_SECRET, OLD_SECRET]),
    "too old": (PAYLOAD, sign(age_seconds=310), [NEW_SECRET]),
    "body changed by one byte": (PAYLOAD.replace("pi_1", "pi_2"), sign(), [NEW_SECRET]),
    "body serialised again": (json.dumps(json.loads(PAYLOAD)), sign(), [NEW_SECRET]),
    "time changed": (PAYLOAD, sign().replace("t=", "t=1"), [NEW_SECRET]),
    "no secret of ours": (PAYLOAD, sign(), []),
    "no header": (PAYLOAD, "", [NEW_SECRET]),
    "malformed header": (PAYLOAD, "v1", [NEW_SECRET]),
    "no time": (PAYLOAD, sign().partition(",")[2], [NEW_SECRET]),
    "time is not a number": (PAYLOAD, "t=noon,v1=00", [NEW_SECRET]),
    "no signature": (PAYLOAD, sign().partition(",")[0], [NEW_SECRET]),
    "another scheme": (PAYLOAD, V0, [NEW_SECRET]),
    "not ASCII": (PAYLOAD, f"t={int(time.time())},v1=é", [NEW_SECRET]),
}


@pytest.mark.parametrize(("payload", "signature", "secrets"), REJECTED.values(), ids=REJECTED)
def test_an_event_without_a_valid_signature_is_rejected(
    payload: str, signature: str, secrets: list[str]
) -> None:
    with pytest.raises(Problem) as rejected:
        read_event(payload, signature, secrets)

    assert rejected.value.kind is ProblemKind.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("secret", "secrets"),
    [
        ("whsec_old", ["whsec_old"]),
        ("whsec_old,whsec_new", ["whsec_old", "whsec_new"]),
        ("whsec_old, whsec_new", ["whsec_old", "whsec_new"]),
        (" whsec_old\nwhsec_new\n", ["whsec_old", "whsec_new"]),
        ("", []),
        (" , ", []),
    ],
)
def test_a_secret_can_hold_several_signing_secrets(secret: str, secrets: list[str]) -> None:
    assert signing_secrets(secret) == secrets


# Which payment and which order an event is about


@pytest.mark.parametrize(
    ("metadata", "order_id"),
    [
        ({"metadata": {"order_id": "an-order"}}, "an-order"),
        ({"metadata": {}}, None),
        ({"metadata": None}, None),
        ({"metadata": {"order_id": 7}}, None),
        ({}, None),
    ],
)
def test_an_event_names_the_order_of_its_metadata(metadata: dict[str, Any], order_id: str | None) -> None:
    payload = about({"object": "payment_intent", "id": "pi_1", **metadata})

    assert read_event(payload, sign(payload), [NEW_SECRET]).order_id == order_id


@pytest.mark.parametrize(
    ("subject", "intent_id"),
    [
        ({"object": "payment_intent", "id": "pi_1"}, "pi_1"),
        ({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "pi_1"),
        ({"object": "refund", "id": "re_1", "payment_intent": "pi_1"}, "pi_1"),
        ({"object": "dispute", "id": "dp_1", "payment_intent": "pi_1"}, "pi_1"),
        ({"object": "charge", "id": "ch_1", "payment_intent": None}, None),
        ({"object": "customer", "id": "cus_1"}, None),
        ({}, None),
    ],
)
def test_the_payment_is_found_in_the_object_of_the_event(
    subject: dict[str, Any], intent_id: str | None
) -> None:
    payload = about(subject)

    assert read_event(payload, sign(payload), [NEW_SECRET]).intent_id == intent_id


@pytest.mark.parametrize("livemode", [True, False])
def test_an_event_has_its_livemode(livemode: bool) -> None:  # noqa: FBT001 - a table's column
    payload = json.dumps({**json.loads(PAYLOAD), "livemode": livemode})

    assert read_event(payload, sign(payload), [NEW_SECRET]).livemode is livemode


@pytest.mark.parametrize("kind", STRIPE_EVENTS)
def test_a_registered_event_can_change_an_order(kind: str) -> None:
    event = StripeEvent("evt_1", kind, livemode=False, created=0, intent_id="pi_1")

    assert event.is_about_payments
    assert not event.decides_nothing
