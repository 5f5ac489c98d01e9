"""Payment methods: Stripe's test cards by name, and those that a customer's browser makes."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from local.stripe_stand_in.account import Account
from local.stripe_stand_in.cards import CARDS, Card
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error, missing

_BY_NUMBER: Final = {card.number: card for card in CARDS.values()}

_USED_BEFORE: Final = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
    "with a connected account without Customer attachment, or was detached from a Customer. It may not be "
    "used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
)
"""Stripe sends it without `code` and `param` (https://docs.stripe.com/payments/payment-methods#attach)."""


class PaymentMethods:
    """The payment methods of an account. Without a customer, each can be used once, even if it is declined.

    Stripe makes a new payment method at each use of a test card's name, so names stay usable. Here all uses
    of a name share one.

    Raises:
        RefusedError: From every method, if the payment method cannot be used.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._localstripe = account.localstripe
        self._named: dict[Card, str] = {}
        self._used: set[str] = set()

    async def create(self, request: ApiRequest) -> Answer:
        """Make a payment method from the number of a card (https://docs.stripe.com/api/payment_methods/create)."""
        card = _BY_NUMBER.get(request.param("card[number]") or "")
        if card is None:
            return await self._account.pass_on(request)
        made = await self._account.pass_on(request.having(**{"card[number]": card.number_for_localstripe}))
        if made.status == HTTPStatus.OK:
            self._account.notes.cards[made.body["id"]] = card
        return made

    async def real(self, request: ApiRequest) -> ApiRequest:
        """The request with the id of a payment method in the place of a test card's name."""
        name = request.param("payment_method")
        if request.method != "POST" or name is None:
            return request
        card = CARDS.get(name)
        if card is not None:
            return request.having(payment_method=await self._of(card))
        await self._ensure_usable(name)
        return request

    async def use(self, intent: dict[str, Any]) -> None:
        """Use the payment method of a PaymentIntent that is confirmed now."""
        used = intent["payment_method"]
        if used not in self._named.values():
            await self._ensure_usable(used)
            self._used.add(used)

    async def _ensure_usable(self, payment_method_id: str) -> None:
        found = await self._localstripe.get(f"/v1/payment_methods/{quote(payment_method_id, safe='')}")
        if found is None:
            raise missing(400, "PaymentMethod", payment_method_id, "payment_method")
        if payment_method_id in self._used and found["customer"] is None:
            raise RefusedError(error(400, _USED_BEFORE))

    async def _of(self, card: Card) -> str:
        """The payment method of a named card; localstripe knows few of these names."""
        if card not in self._named:
            details = {"number": card.number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
            params = (("type", "card"), *((f"card[{name}]", value) for name, value in details.items()))
            made = await self.create(ApiRequest("POST", "/v1/payment_methods", params))
            self._named[card] = made.body["id"]
        return self._named[card]
