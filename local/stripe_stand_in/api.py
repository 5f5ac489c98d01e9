"""The Stripe API: localstripe executes the requests, corrected where Stripe documents another behaviour."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from local.stripe_stand_in.account import Account
from local.stripe_stand_in.bank_outcomes import BankOutcomes
from local.stripe_stand_in.disputes import Disputes
from local.stripe_stand_in.exchange import Answer, ApiRequest, error, invalid
from local.stripe_stand_in.limits import AccountLimits
from local.stripe_stand_in.pages import page
from local.stripe_stand_in.payment_methods import PaymentMethods
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


_ALSO_OF_CONFIRM: Final = frozenset({"expand", "return_url", "use_stripe_sdk"})
"""Parameters of a creation that belong to its confirmation."""

_INTENT_FILTERS: Final = frozenset({"created[gte]", "created[lt]"})

_BANK: Final = "https://hooks.stripe.com/redirect/authenticate"

_END_OF_TIME: Final = 1 << 40


class StripeApi:
    """Executes requests to the Stripe API."""

    def __init__(
        self,
        account: Account,
        outcomes: BankOutcomes,
        limits: AccountLimits,
        refunds: Refunds,
        disputes: Disputes,
    ) -> None:
        self._account = account
        self._outcomes = outcomes
        self._limits = limits
        self._refunds = refunds
        self._disputes = disputes
        self._localstripe = account.localstripe
        self._find = account.find
        self._payment_methods = PaymentMethods(account)

    async def execute(self, request: ApiRequest) -> Answer:  # noqa: PLR0911 - one for each endpoint
        """Execute a request and answer it as Stripe does; to be called through `Account.exclusively`.

        Raises:
            RefusedError: The request is rejected.
        """
        request = await self._payment_methods.real(request)
        match request.method, request.path.removeprefix("/v1/").split("/"):
            case "POST", ["payment_intents"]:
                return await self._create(request)
            case "GET", ["payment_intents"]:
                return await self._list_intents(request)
            case "POST", ["payment_intents", intent_id, "confirm"]:
                return await self._confirm(request, intent_id)
            case "POST", ["payment_intents", intent_id, ("cancel" | "_authenticate") as action]:
                return await self._act(request, intent_id, action)
            case "POST", ["payment_methods"]:
                return await self._payment_methods.create(request)
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
        self._limits.ensure_amount(request)
        created = await self._account.pass_on(request.having(confirm=None))
        if created.status != HTTPStatus.OK:
            return created
        self._account.report("payment_intent.created", created.body, created.body, request)
        if request.param("confirm") != "true":
            return created
        intent_id = created.body["id"]
        params = tuple(
            (name, value) for name, value in request.params if name.partition("[")[0] in _ALSO_OF_CONFIRM
        )
        confirm = replace(request, path=f"{request.path}/{intent_id}/confirm", params=params)
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
        if action == "confirm":
            await self._payment_methods.use(intent)
            self._account.notes.next_actions[intent_id] = _next_action(request, intent_id)
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


def _next_action(request: ApiRequest, intent_id: str) -> dict[str, Any]:
    """What the customer has to do if the bank asks for 3-D Secure.

    It is a redirect, unless the confirmation says that Stripe.js will handle it
    (https://docs.stripe.com/api/payment_intents/confirm).
    """
    url = f"{_BANK}/{intent_id}"
    if request.param("use_stripe_sdk") == "true":
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url},
        }
    redirect = {"url": url, "return_url": request.param("return_url")}
    return {"type": "redirect_to_url", "redirect_to_url": redirect}
