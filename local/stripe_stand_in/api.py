"""The Stripe API: localstripe executes the requests, corrected where Stripe documents another behaviour."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from local.stripe_stand_in import views
from local.stripe_stand_in.account import Account
from local.stripe_stand_in.bank_outcomes import BankOutcomes
from local.stripe_stand_in.cards import CARDS, Card
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error, missing

_ACCEPTED_AND_IGNORED: Final = frozenset(
    {
        "allowed_payment_method_types",
        "automatic_payment_methods",
        "cancellation_reason",
        "confirmation_method",
        "description",
        "error_on_requires_action",
        "off_session",
        "reason",
        "receipt_email",
        "return_url",
        "setup_future_usage",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "use_stripe_sdk",
    }
)
"""Parameters that Stripe accepts and localstripe rejects. They don't change the outcome of a payment."""

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


_INTENT_LIST_PARAMETERS: Final = ("created[gte]", "created[lt]", "limit", "starting_after")

_LONGEST_PAGE: Final = 100

_END_OF_TIME: Final = 1 << 40


class StripeApi:
    """Executes requests to the Stripe API."""

    def __init__(self, account: Account, outcomes: BankOutcomes) -> None:
        self._account = account
        self._outcomes = outcomes
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
                return await self._refund(request)
            case "GET", ["refunds"] if request.intent_id is not None:
                return await self._refunds_of(request, request.intent_id)
            case _:
                return await self._pass_on(request)

    async def _create(self, request: ApiRequest) -> Answer:
        for name in ("amount", "currency"):
            if request.param(name) is None:
                raise _invalid(f"Missing required param: {name}.", "parameter_missing", name)
        created = await self._pass_on(_with(request, confirm=None))
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
        for name, _ in request.params:
            if name.partition("[")[0] != "expand" and name not in _INTENT_LIST_PARAMETERS:
                raise _invalid(f"Received unknown parameter: {name}", "parameter_unknown", name)
        limit = _whole_number(request, "limit", 10)
        if not 1 <= limit <= _LONGEST_PAGE:
            raise _invalid(
                f"This value must be between 1 and {_LONGEST_PAGE}", "parameter_invalid_integer", "limit"
            )
        since, to = (
            _whole_number(request, "created[gte]", 0),
            _whole_number(request, "created[lt]", _END_OF_TIME),
        )
        intents = [
            intent
            for intent in reversed(await self._localstripe.list_all("/v1/payment_intents"))
            if since <= intent["created"] < to
        ]
        after = request.param("starting_after")
        if after is not None:
            await self._find("payment_intent", after, "starting_after")
            ids = [intent["id"] for intent in intents]
            intents = intents[ids.index(after) + 1 :] if after in ids else []
        page = {
            "object": "list",
            "url": "/v1/payment_intents",
            "has_more": len(intents) > limit,
            "data": intents[:limit],
        }
        return Answer(200, self._view(page, request))

    async def _confirm(self, request: ApiRequest, intent_id: str) -> Answer:
        intent = await self._find("payment_intent", intent_id, "intent")
        if intent["status"] == "requires_action":  # Stripe asks the customer again
            return Answer(200, self._view(intent, request))
        payment_method = request.param("payment_method")
        if payment_method and intent["status"] in {"requires_payment_method", "requires_confirmation"}:
            # localstripe can't confirm with another card, nor after a failed charge.
            fields = {"payment_method": payment_method, "latest_charge": None}
            await self._localstripe.overwrite(f"/v1/payment_intents/{intent_id}", fields)
        return await self._act(_with(request, payment_method=None), intent_id, "confirm")

    async def _act(self, request: ApiRequest, intent_id: str, action: str) -> Answer:
        intent = await self._find("payment_intent", intent_id, "intent")
        if intent["status"] not in _ALLOWED_IN[action]:
            message = (
                f"You cannot {action.strip('_')} this PaymentIntent because it has a status of "
                f"{intent['status']}, not one of: {', '.join(_ALLOWED_IN[action])}."
            )
            code = "payment_intent_unexpected_state"
            return error(400, message, code=code, payment_intent=self._view(intent, request))
        done = await self._ask(request)
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

    async def _refund(self, request: ApiRequest) -> Answer:
        charge = await self._charge_to_refund(request)
        left = charge["amount"] - charge["amount_refunded"]
        amount = request.param("amount") or str(left)
        if charge["disputed"]:
            message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            return error(400, message, code="charge_disputed")
        if left <= 0:
            message = f"Charge {charge['id']} has already been refunded."
            return error(400, message, code="charge_already_refunded")
        if not amount.isdecimal() or int(amount) == 0:
            raise _invalid("Invalid positive integer", "parameter_invalid_integer", "amount")
        if int(amount) > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            return error(400, message, param="amount")
        done = await self._pass_on(_with(request, amount=amount))
        if done.status != HTTPStatus.OK or charge["payment_intent"] is None:
            return done
        return Answer(HTTPStatus.OK, await self._refunded(done.body, charge, request))

    async def _refunded(
        self, made: dict[str, Any], charge: dict[str, Any], request: ApiRequest
    ) -> dict[str, Any]:
        """Apply the outcome that was asked for to a refund, report the change, and return the refund."""
        intent = await self._find("payment_intent", charge["payment_intent"], "payment_intent")
        refund = {**made, "payment_intent": intent["id"]}
        order_id = intent["metadata"].get("order_id")
        outcome = self._outcomes.take(order_id, "refund_pending", "refund_failed")
        if outcome is not None:
            refund["status"] = outcome.removeprefix("refund_")
            path = f"/v1/refunds/{refund['id']}"
            await self._localstripe.overwrite(path, {"status": refund["status"]})
        self._account.report("refund.created", refund, intent, request)
        if outcome == "refund_failed":
            self._account.notes.failed_refunds[charge["id"]] += refund["amount"]
            self._account.report("refund.failed", refund, intent, request)
        else:
            self._account.report_charge("charge.refunded", intent, request)
        return refund

    async def _charge_to_refund(self, request: ApiRequest) -> dict[str, Any]:
        intent_id, charge_id = request.intent_id, request.param("charge")
        if intent_id is not None:
            intent = await self._find("payment_intent", intent_id, "payment_intent")
            charge, what = intent["latest_charge"], f"PaymentIntent ({intent_id})"
        elif charge_id is not None:
            charge, what = await self._find("charge", charge_id, "charge"), f"charge ({charge_id})"
        else:
            raise _invalid("Provide one of these: payment_intent, charge.", "parameter_missing")
        if not views.is_captured(charge):
            raise RefusedError(error(400, f"This {what} does not have a successful charge to refund."))
        return self._view(charge, request)

    async def _refunds_of(self, request: ApiRequest, intent_id: str) -> Answer:
        intent = await self._find("payment_intent", intent_id, "payment_intent")
        if intent["latest_charge"] is None:  # localstripe fails on it
            return Answer(200, {"object": "list", "url": "/v1/refunds", "has_more": False, "data": []})
        return await self._pass_on(request)

    async def _pass_on(self, request: ApiRequest) -> Answer:
        answer = await self._ask(request)
        if answer.status != HTTPStatus.OK:
            return answer
        return replace(answer, body=self._view(answer.body, request))

    async def _ask(self, request: ApiRequest) -> Answer:
        """The answer of localstripe: an object as it returns it, or an error with Stripe's message."""
        given = [(name.partition("[")[0], name, value) for name, value in request.params]
        if any(root == "payment_method_types" for root, *_ in given):
            message = "Use allowed_payment_method_types instead (since API version 2026-09-30.endive)."
            raise _invalid(message, "payment_method_types_no_longer_supported", "payment_method_types")
        params = [(name, value) for root, name, value in given if root not in _ACCEPTED_AND_IGNORED]
        status, body = await self._localstripe.request(request.method, request.path, params)
        if status == HTTPStatus.OK:
            return Answer(status, body)
        message = body["error"].get("message", "")
        if message.startswith("Unexpected "):
            name = message.removeprefix("Unexpected ").partition(",")[0]
            raise _invalid(f"Received unknown parameter: {name}", "parameter_unknown", name)
        if status == HTTPStatus.NOT_FOUND:
            kind, _, object_id = request.path.removeprefix("/v1/").partition("/")
            raise missing(
                404, kind.removesuffix("s"), object_id, "intent" if kind == "payment_intents" else "id"
            )
        return Answer(status, body, executed=status != HTTPStatus.BAD_REQUEST)

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
            return _with(request, payment_method=await self._payment_method(card))
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
            if card.decline is not None:
                self._account.notes.declines[made["id"]] = card.decline
        return self._payment_methods[card]


def _with(request: ApiRequest, **params: str | None) -> ApiRequest:
    """The request with these parameters set, or removed where they are None."""
    kept = [(name, value) for name, value in request.params if name not in params]
    added = [(name, value) for name, value in params.items() if value is not None]
    return replace(request, params=(*kept, *added))


def _whole_number(request: ApiRequest, name: str, default: int) -> int:
    """The value of a numeric parameter, or the default if the request does not have it."""
    value = request.param(name)
    if value is None:
        return default
    if not value.isdecimal():
        raise _invalid(f"Invalid integer: {value}", "parameter_invalid_integer", name)
    return int(value)


def _invalid(message: str, code: str, param: str | None = None) -> RefusedError:
    """The error for an invalid parameter. The request is not executed, so its idempotency key stays free."""
    return RefusedError(error(400, message, executed=False, code=code, param=param))
