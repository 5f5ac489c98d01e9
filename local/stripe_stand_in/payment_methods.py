"""Payment methods: Stripe's test cards by name, and those that a customer's browser makes."""

from typing import Any, Final

from local.stripe_stand_in import objects
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.cards import CARDS, Card
from local.stripe_stand_in.exchange import ApiRequest, RefusedError, error, invalid, missing, not_one_of

_BY_NUMBER: Final = {card.number: card for card in CARDS.values()}

_USED_BEFORE: Final = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
    "with a connected account without Customer attachment, or was detached from a Customer. It may not be "
    "used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
)
"""Stripe sends it without `code` and `param` (https://docs.stripe.com/payments/payment-methods#attach)."""


class PaymentMethods:
    """The payment methods of an account, and the customers that have them.

    Without a customer, a payment method can be used once, even if it is declined.
    Stripe makes a new payment method at each use of a test card's name, so names stay usable.

    Raises:
        RefusedError: From every method, if the payment method cannot be made or used.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._cards: dict[str, Card] = {}
        self._used: set[str] = set()

    def create(self, request: ApiRequest) -> dict[str, Any]:
        """Make one from the number of a card (https://docs.stripe.com/api/payment_methods/create)."""
        request.ensure_known("type", "card", "metadata")
        if request.param("type") != "card":
            raise not_one_of(["card"], "type")
        for name in ("number", "exp_month", "exp_year"):
            if request.param(f"card[{name}]") is None:
                raise invalid(f"Missing required param: card[{name}].", "parameter_missing", f"card[{name}]")
        card = _BY_NUMBER.get(request.param("card[number]") or "")
        if card is None:
            message = "Your card number is incorrect."
            raise RefusedError(
                error(402, message, type="card_error", code="incorrect_number", param="number")
            )
        month, year = (request.whole_number(f"card[{name}]", 0) for name in ("exp_month", "exp_year"))
        return self._make(card, month, year, request.fields("metadata"))

    def create_customer(self, request: ApiRequest) -> dict[str, Any]:
        """Make a customer (https://docs.stripe.com/api/customers/create)."""
        request.ensure_known("description", "email", "metadata", "name")
        return self._account.add(objects.customer(request))

    def attach(self, request: ApiRequest, payment_method_id: str) -> dict[str, Any]:
        """Save one for a customer (https://docs.stripe.com/api/payment_methods/attach)."""
        request.ensure_known("customer")
        customer_id = request.param("customer")
        if customer_id is None:
            raise invalid("Missing required param: customer.", "parameter_missing", "customer")
        found = self._account.find("payment_method", payment_method_id, "payment_method")
        self._account.find("customer", customer_id, "customer")
        self._ensure_usable(payment_method_id)
        return self._account.change(found, customer=customer_id)

    def chosen(self, request: ApiRequest) -> str | None:
        """The id of the payment method that a request names, or None if it names none."""
        name = request.param("payment_method")
        if name is None:
            return None
        card = CARDS.get(name)
        if card is not None:
            return str(self._make(card, exp_month=12, exp_year=2040, metadata={})["id"])
        self._ensure_usable(name)
        return name

    def use(self, payment_method_id: str) -> None:
        """Use a payment method for a PaymentIntent that is confirmed now."""
        self._ensure_usable(payment_method_id)
        self._used.add(payment_method_id)

    def card(self, payment_method_id: str) -> Card:
        """The test card behind a payment method."""
        return self._cards[payment_method_id]

    def _make(self, card: Card, exp_month: int, exp_year: int, metadata: dict[str, str]) -> dict[str, Any]:
        made = self._account.add(objects.payment_method(card, exp_month, exp_year, metadata))
        self._cards[made["id"]] = card
        return made

    def _ensure_usable(self, payment_method_id: str) -> None:
        found = self._account.get("payment_method", payment_method_id)
        if found is None:
            raise missing(400, "PaymentMethod", payment_method_id, "payment_method")
        if payment_method_id in self._used and found["customer"] is None:
            raise RefusedError(error(400, _USED_BEFORE))
