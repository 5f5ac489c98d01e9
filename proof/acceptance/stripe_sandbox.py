"""Stripe, read with the secret key of a sandbox."""

from collections.abc import Callable
from typing import Any, Final

import stripe
from playwright.sync_api import Browser

from local.stripe_stand_in.objects import is_captured
from local.stripe_stand_in.payments import StripePayment
from proof.acceptance.bank_page import answer_bank

_SANDBOX_KEYS: Final = ("sk_test_", "rk_test_")
_PAGE: Final = 100
_GIVEN_BACK: Final = frozenset({"succeeded", "pending"})
_NETWORK_RETRIES: Final = 3


def is_sandbox_key(key: str) -> bool:
    """Whether a secret key is that of a sandbox, where no money moves."""
    return key.startswith(_SANDBOX_KEYS)


def sandbox_client(key: str, api_base: str | None) -> stripe.StripeClient:
    """A client of Stripe, or of the API at another URL."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": api_base} if api_base else {},
        max_network_retries=_NETWORK_RETRIES,
    )


class StripeSandbox:
    """The payments of one run, and the customer who approves them.

    Args:
        client: A client with the secret key of the sandbox.
        service: The `service` in the metadata of the stage's payments.
        since: Start of the run, in Unix seconds.
        is_of_others: Returns whether an order is another customer's, whose payment is not of this run.
        browser: The customer's browser.
    """

    def __init__(
        self,
        client: stripe.StripeClient,
        *,
        service: str,
        since: int,
        is_of_others: Callable[[str], bool],
        browser: Browser,
    ) -> None:
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds
        self._service = service
        self._since = since
        self._is_of_others = is_of_others
        self._browser = browser

    def payments(self) -> list[StripePayment]:
        """The payments of the run with the money that they moved, the oldest first."""
        listed = self._intents.list(
            {"created": {"gte": self._since}, "limit": _PAGE, "expand": ["data.latest_charge"]}
        )
        intents = [intent.to_dict() for intent in listed.auto_paging_iter()]
        return [self._payment(intent) for intent in reversed(intents) if self._is_of_the_run(intent)]

    def authenticate(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Pass or fail 3-D Secure in a browser; returns the PaymentIntent as it is then."""
        redirect = self._intents.retrieve(intent_id).to_dict()["next_action"]["redirect_to_url"]
        answer_bank(self._browser, redirect["url"], redirect["return_url"], success=success)
        return self._intents.retrieve(intent_id).to_dict()

    def _is_of_the_run(self, intent: dict[str, Any]) -> bool:
        metadata = intent["metadata"]
        return metadata.get("service") == self._service and not self._is_of_others(metadata["order_id"])

    def _payment(self, intent: dict[str, Any]) -> StripePayment:
        charge = intent["latest_charge"]
        captured = charge["amount_captured"] if is_captured(charge) else 0
        refunds = [
            refund
            for refund in self._refunds.list({"payment_intent": intent["id"], "limit": _PAGE}).data
            # Stripe also lists a refund of what was only authorized, although no money moved.
            if captured and refund.status in _GIVEN_BACK
        ]
        return StripePayment(
            intent_id=intent["id"],
            order_id=intent["metadata"]["order_id"],
            amount=intent["amount"],
            currency=intent["currency"],
            status=intent["status"],
            captured=captured,
            refunded=sum(refund.amount for refund in refunds),
            charges=1 if captured else 0,  # a PaymentIntent has one successful charge at most
            refunds=len(refunds),
            service=self._service,
            authorized=intent["amount_capturable"],
        )
