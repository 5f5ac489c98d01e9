"""The model of Stripe: the whole of an account, without network, wall clock or chance.

It knows what Stripe documents about the endpoints that the shop and its tests call, and is held to it by the
types of Stripe's SDK (`tests/unit/local/stripe_stand_in/test_objects.py`). The stand-in serves it over HTTP.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from local.stripe_stand_in.account import EXPANDABLE, Account, Clock, Deliver, Later, NewId
from local.stripe_stand_in.bank_outcomes import BankOutcomes
from local.stripe_stand_in.dashboard import Dashboard
from local.stripe_stand_in.disputes import Disputes
from local.stripe_stand_in.exchange import Answer, ApiRequest, RefusedError, error, invalid
from local.stripe_stand_in.idempotency import IdempotencyKeys
from local.stripe_stand_in.limits import AccountLimits
from local.stripe_stand_in.payment_intents import PaymentIntents
from local.stripe_stand_in.payment_methods import PaymentMethods
from local.stripe_stand_in.payments import StripePayment, read_payments
from local.stripe_stand_in.refunds import Refunds

_READABLE: Final[Mapping[str, tuple[str, str]]] = {
    "charges": ("charge", "charge"),
    "customers": ("customer", "id"),
    "disputes": ("dispute", "dispute"),
    "payment_intents": ("payment_intent", "intent"),
    "payment_methods": ("payment_method", "payment_method"),
    "refunds": ("refund", "refund"),
}
"""The kind of the objects of a collection, and the parameter that an error about a missing one names."""

STRIPES_BANK: Final = "https://hooks.stripe.com/redirect/authenticate"
"""Where Stripe sends the customers who must approve a payment."""


class Stripe:
    """An account at Stripe.

    Attributes:
        dashboard: Changes that no call of the shop makes.
        outcomes: Decisions of banks about the next payments and refunds.
        limits: The limits of the account.
    """

    def __init__(
        self, clock: Clock, new_id: NewId, deliver: Deliver, later: Later, bank_url: str = STRIPES_BANK
    ) -> None:
        self._account = account = Account(clock, new_id, deliver, later)
        self.outcomes = BankOutcomes()
        self.limits = AccountLimits(clock)
        self._keys = IdempotencyKeys(clock)
        methods = PaymentMethods(account)
        intents = PaymentIntents(account, methods, self.outcomes, self.limits, bank_url)
        refunds = Refunds(account, methods, self.outcomes)
        disputes = Disputes(account)
        self.dashboard = Dashboard(intents, refunds, disputes)
        self._collections: dict[tuple[str, str], Callable[[ApiRequest], dict[str, Any]]] = {
            ("POST", "payment_intents"): intents.create,
            ("GET", "payment_intents"): intents.list_page,
            ("POST", "payment_methods"): methods.create,
            ("POST", "customers"): methods.create_customer,
            ("POST", "refunds"): refunds.create,
            ("GET", "refunds"): refunds.list_page,
            ("GET", "disputes"): disputes.list_page,
        }
        self._actions: dict[tuple[str, str], Callable[[ApiRequest, str], dict[str, Any]]] = {
            ("payment_intents", "confirm"): intents.confirm,
            ("payment_intents", "cancel"): intents.cancel,
            ("payment_intents", "capture"): intents.capture,
            ("payment_intents", "_authenticate"): intents.authenticate,
            ("payment_methods", "attach"): methods.attach,
        }

    def handle(self, request: ApiRequest) -> Answer:
        """Answer a request to the API."""
        begun = self.begin(request)
        return begun if isinstance(begun, Answer) else begun()

    def begin(self, request: ApiRequest) -> Answer | Callable[[], Answer]:
        """Begin a request that takes time: from now on, its idempotency key is in use.

        Returns:
            The answer, if the request is rejected or an earlier answer is replayed; or else a function to be
            called once, which executes the request and returns its answer.
        """
        request = replace(request, request_id=self._account.new_id("req"))
        begun = self._begin(request)
        if isinstance(begun, Answer):
            return _with_headers(begun, request)
        return lambda: _with_headers(begun(), request)

    def payments(self) -> list[StripePayment]:
        """All payments with the money that they moved, the oldest first."""
        return read_payments(self._account)

    def _begin(self, request: ApiRequest) -> Answer | Callable[[], Answer]:
        if request.api_key is None:
            return error(401, "Invalid API Key provided.", executed=False)
        try:
            self.limits.ensure_rate(request)
        except RefusedError as refused:
            return refused.answer
        return self._keys.begin(request, lambda: self._execute(request))

    def _execute(self, request: ApiRequest) -> Answer:
        """Execute a request, or fail before or after that; Stripe stores such an error, too."""
        broken = error(500, "An unknown error occurred.", type="api_error")
        if request.fail == "before":
            return broken
        try:
            _ensure_expandable(request)
            found = self._account.expanded(self._call(request), request.items("expand"))
            answer = Answer(HTTPStatus.OK, found)
        except RefusedError as refused:
            answer = refused.answer
        return broken if request.fail == "after" else answer

    def _call(self, request: ApiRequest) -> dict[str, Any]:
        """Call the endpoint of a request; returns the object or list in its answer."""
        match request.method, request.path.removeprefix("/v1/").split("/"):
            case method, [collection] if (method, collection) in self._collections:
                return self._collections[method, collection](request)
            case "POST", [collection, object_id, action] if (collection, action) in self._actions:
                return self._actions[collection, action](request, object_id)
            case "GET", [collection, object_id] if collection in _READABLE:
                request.ensure_known()
                kind, param = _READABLE[collection]
                return self._account.find(kind, object_id, param)
        message = f"Unrecognized request URL ({request.method}: {request.path}). The stand-in lacks it."
        raise RefusedError(error(404, message, executed=False))


def _ensure_expandable(request: ApiRequest) -> None:
    for path in request.items("expand"):
        if not set(path.removeprefix("data.").split(".")) <= EXPANDABLE.keys():
            raise invalid(f"This property cannot be expanded ({path}).", None, "expand")


def _with_headers(answer: Answer, request: ApiRequest) -> Answer:
    headers = {"Request-Id": request.request_id or "", **answer.headers}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return replace(answer, headers=headers)
