"""Approval of a payment by its customer (3-D Secure), simulated by the Stripe stand-in."""

import httpx

from cli.connection import Connection
from cli.errors import Refused, Unavailable, WrongUsage
from cli.shapes import OrderJson


def answer_bank(connection: Connection, order: OrderJson, *, approve: bool) -> None:
    """Approve or refuse a payment, as Stripe.js does in a customer's browser.

    Stripe's errors contain the PaymentIntent with its client secret, so only their message is shown.

    Raises:
        Refused: The payment needs no approval, or the user is not the order's customer.
        Unavailable: The stand-in is unreachable.
        WrongUsage: There is no stand-in.
    """
    if connection.target.stand_in_url is None:
        raise WrongUsage("This shop has no Stripe stand-in: approve the payment on its page")
    payment = order["payment"]
    if "client_secret" not in payment:
        if payment["status"] == "requires_action":
            raise Refused(
                "You can't approve this payment",
                "Only the customer who placed the order can, while the order waits for the approval.",
            )
        raise Refused("The payment does not need your approval", f"Its status is {payment['status']}.")
    url = f"{connection.target.stand_in_url}/v1/payment_intents/{payment['intent_id']}/_authenticate"
    form = {"client_secret": payment["client_secret"], "success": str(approve).lower()}
    try:
        with httpx.Client(transport=connection.wiring.transport, trust_env=False) as stripe:
            answer = stripe.post(url, data=form, headers={"Authorization": "Bearer sk_test_stand_in"})
    except httpx.TransportError as error:
        raise Unavailable("The Stripe stand-in is unreachable", str(error)) from error
    # The bank may decline an approved payment (402); the order then shows it.
    if not answer.is_success and answer.status_code != httpx.codes.PAYMENT_REQUIRED:
        reason = answer.json()["error"]["message"] if answer.is_client_error else ""
        raise Refused("The Stripe stand-in rejected the request", reason, status=answer.status_code)
