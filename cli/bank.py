"""The customer's answer to their bank (3-D Secure), where a stand-in for Stripe plays the bank."""

import httpx

from cli.connection import Connection
from cli.errors import Refused, Unavailable, WrongUsage
from cli.shapes import Order


def answer_bank(connection: Connection, order: Order, *, approve: bool) -> None:
    """Approve a payment, or refuse it: what Stripe.js does in a customer's browser.

    Raises:
        Refused: The payment does not wait for the customer, or they don't ask.
        Unavailable: The stand-in does not answer.
        WrongUsage: There is no stand-in.
    """
    if connection.target.stand_in_url is None:
        raise WrongUsage("There is a real bank here: approve the payment on the shop's page")
    payment = order["payment"]
    if "client_secret" not in payment:
        raise Refused("The payment does not wait for you", f"It is {payment['status']}.")
    url = f"{connection.target.stand_in_url}/v1/payment_intents/{payment['intent_id']}/_authenticate"
    form = {"client_secret": payment["client_secret"], "success": str(approve).lower()}
    try:
        with httpx.Client(transport=connection.wiring.transport, trust_env=False) as stripe:
            answer = stripe.post(url, data=form, headers={"Authorization": "Bearer sk_test_stand_in"})
    except httpx.TransportError as error:
        raise Unavailable("The stand-in can't be reached", str(error)) from error
    # The bank may still decline what was approved: that is the order's to tell.
    if not answer.is_success and answer.status_code != httpx.codes.PAYMENT_REQUIRED:
        raise Refused("The stand-in refuses", answer.text, status=answer.status_code)
