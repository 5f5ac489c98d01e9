"""The Stripe API: localstripe executes the requests, corrected where Stripe documents another behaviour."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from local.stripe_stand_in.account import Account
from local.stripe_stand_in.bank_outcomes import BankOutcomes
from local.stripe_stand_in.cards import CARDS, Card
from local.stripe_stand_in.disputes import Disputes
from local.stripe_stand_in.exchange import Answer, ApiRequest, error, invalid, missing
from local.stripe_stand_in.pages import page
from local.stripe_stand_in.refunds import Refunds

_ALLOWED_IN: Final = {
    "confirm": ("requires_confirmation",),
    "cancel": (
        "requires_payment_method",
        "requires_capture",
        "requires_confirmation",
        "requires_action",
    ),
    "_authenticate": ("requires_action",),
}
"""The statuses in which an action on a PaymentIntent is allowed."""


_INTENT_FILTERS: Final = frozenset({"created[gte]", "created[lt]"})

_END_OF_TIME: Final = 1 << 40


class StripeApi:
    """Executes requests to the Stripe API."""

    def __init__(
        self, account: Account, outcomes: BankOutcomes, refunds: Refunds, disputes: Disputes
    ) -> None:
        self._account = account
        self._outcomes = outcomes
        self._refunds = refunds
        self._disputes = disputes
        self._localstripe = account.localstripe
        self._find = account.find
        self._payment_methods: dict[Card, str] = {}

    async def execute(self, request: ApiRequest) -> Answer:  # noqa: PLR0911 - one for each endpoint
        """Execute a request and answer it as Stripe does; to be called through `Account.exclusively`.

        Raises:
            RefusedError: The request is rejected.
        """
        request = await self._with_real_payment_method(request)
        match request.method, request.path.removeprefix("/v1/").split("/"):
            case "POST", ["payment_intents"]:
                return await self._create(request)
            case "GET", ["payment_intents"]:
                return await self._list_intents(request)
            case "POST", ["payment_intents", intent_id, "confirm"]:
                return await self._confirm(request, intent_id)
            case "POST", ["payment_intents", intent_id, ("cancel" | "_authenticate") as action]:
                return await self._act(request, intent_id, action)
            case "POST", ["refunds"]:
                return await self._refunds.create(request)
            case "GET", ["refunds"]:
                return await self._refunds.list_page(request)
            case "GET", ["disputes"]:
                return await self._disputes.list_page(request)
            case "GET", ["disputes", dispute_id]:
                return self._disputes.retrieve(dispute_id)
            case _:
                return await self._account.pass_on(request)

    async def _create(self, request: ApiRequest) -> Answer:
        for name in ("amount", "currency"):
            if request.param(name) is None:
                raise invalid(f"Missing required param: {name}.", "parameter_missing", name)
        created = await self._account.pass_on(request.having(confirm=None))
        if created.status != HTTPStatus.OK:
            return created
        self._account.report("payment_intent.created", created.body, created.body, request)
        if request.param("confirm") != "true":
            return created
        intent_id = created.body["id"]
        expand = tuple((name, value) for name, value in request.params if name.startswith("expand["))
        confirm = replace(request, path=f"{request.path}/{intent_id}/confirm", params=expand)
        return await self._act(confirm, intent_id, "confirm")

    async def _list_intents(self, request: ApiRequest) -> Answer:
        """A page of PaymentIntents, the newest first (https://docs.stripe.com/api/payment_intents/list).

        localstripe lists the oldest first and can't select by time.
        """
        since, to = (
            request.whole_number("created[gte]", 0),
            request.whole_number("created[lt]", _END_OF_TIME),
        )
        intents = [
            intent
            for intent in reversed(await self._localstripe.list_all("/v1/payment_intents"))
            if since <= intent["created"] < to
        ]
        return Answer(200, self._view(page(request, "payment_intent", intents, _INTENT_FILTERS), request))

    async def _confirm(self, request: ApiRequest, intent_id: str) -> Answer:
        intent = await self._find("payment_intent", intent_id, "intent")
        if intent["status"] == "requires_action":  # Stripe asks the customer again
            return Answer(200, self._view(intent, request))
        payment_method = request.param("payment_method")
        if payment_method and intent["status"] in {"requires_payment_method", "requires_confirmation"}:
            # localstripe can't confirm with another card, nor after a failed charge.
            fields = {"payment_method": payment_method, "latest_charge": None}
            await self._localstripe.overwrite(f"/v1/payment_intents/{intent_id}", fields)
        return await self._act(request.having(payment_method=None), intent_id, "confirm")

    async def _act(self, request: ApiRequest, intent_id: str, action: str) -> Answer:
        intent = await self._find("payment_intent", intent_id, "intent")
        if intent["status"] not in _ALLOWED_IN[action]:
            message = (
                f"You cannot {action.strip('_')} this PaymentIntent because it has a status of "
                f"{intent['status']}, not one of: {', '.join(_ALLOWED_IN[action])}."
            )
            code = "payment_intent_unexpected_state"
            return error(400, message, code=code, payment_intent=self._view(intent, request))
        done = await self._account.ask(request)
        if done.status == HTTPStatus.OK:
            return Answer(HTTPStatus.OK, self._view(await self._acted(done.body, request), request))
        if done.status == HTTPStatus.PAYMENT_REQUIRED:
            intent = await self._find("payment_intent", intent_id, "intent")
            declined = self._view(await self._acted(intent, request), request)
            body = {"error": {**declined["last_payment_error"], "payment_intent": declined}}
            return Answer(HTTPStatus.PAYMENT_REQUIRED, body)
        return done

    async def _acted(self, intent: dict[str, Any], request: ApiRequest) -> dict[str, Any]:
        """Apply the outcome that was asked for, report the change, and return the intent as it is then."""
        order_id = intent["metadata"].get("order_id")
        if intent["status"] == "succeeded" and self._outcomes.take(order_id, "charge_pending"):
            charge_id = intent["latest_charge"]["id"]
            await self._localstripe.overwrite(f"/v1/charges/{charge_id}", {"status": "pending"})
            intent = await self._find("payment_intent", intent["id"], "intent")
        self._account.report_status(intent, request)
        return intent

    def _view(self, body: dict[str, Any], request: ApiRequest) -> dict[str, Any]:
        return self._account.view(body, request.expand)

    async def _with_real_payment_method(self, request: ApiRequest) -> ApiRequest:
        """Replace Stripe's name for a test card by the id of a payment method at localstripe.

        localstripe knows few of these names, and creates another payment method at each use. So they are
        created here, once for each card.
        """
        name = request.param("payment_method")
        if request.method != "POST" or name is None:
            return request
        card = CARDS.get(name)
        if card is not None:
            return request.having(payment_method=await self._payment_method(card))
        if await self._localstripe.get(f"/v1/payment_methods/{quote(name, safe='')}") is None:
            raise missing(400, "PaymentMethod", name, "payment_method")
        return request

    async def _payment_method(self, card: Card) -> str:
        if card not in self._payment_methods:
            details = {
                "number": card.number_for_localstripe,
                "exp_month": "12",
                "exp_year": "2040",
                "cvc": "123",
            }
            _, made = await self._localstripe.request(
                "POST",
                "/v1/payment_methods",
                [("type", "card"), *((f"card[{name}]", value) for name, value in details.items())],
            )
            self._payment_methods[card] = made["id"]
            self._account.notes.cards[made["id"]] = card
        return self._payment_methods[card]
