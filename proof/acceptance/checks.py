"""Calls that a deployed stage must refuse."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from local.users import OTHER_CUSTOMER
from proof.acceptance.stage import AcceptedStage

Answers = Mapping[str, tuple[int, int]]
"""The status of each response, and the status that it must have, by the call."""

_EVENT: Final = {"id": "evt_forged", "type": "payment_intent.succeeded", "livemode": False}


def somebody_elses_order(stage: AcceptedStage) -> Answers:
    """Another customer neither sees nor cancels an order."""
    path = f"/orders/{stage.placed.ids[0]}"
    other = stage.shop.signed_in(OTHER_CUSTOMER)
    return {
        "read": (other.request("GET", path).status_code, HTTPStatus.NOT_FOUND),
        "cancel": (other.request("POST", f"{path}/cancel").status_code, HTTPStatus.NOT_FOUND),
        "read without a token": (
            stage.shop.request("GET", path, anonymous=True).status_code,
            HTTPStatus.UNAUTHORIZED,
        ),
    }


def forged_webhook(stage: AcceptedStage) -> Answers:
    """Nobody but Stripe reports a payment. One call only: three raise an alarm."""
    signature = f"t={int(time.time())},v1={'0' * 64}"
    answer = stage.shop.request(
        "POST",
        "/webhooks/stripe",
        anonymous=True,
        headers={"Stripe-Signature": signature},
        json=_EVENT,
    )
    return {"report a payment": (answer.status_code, HTTPStatus.BAD_REQUEST)}


CHECKS: Final[Mapping[str, Callable[[AcceptedStage], Answers]]] = {
    "somebody else's order": somebody_elses_order,
    "a webhook whose signature is not Stripe's": forged_webhook,
}
