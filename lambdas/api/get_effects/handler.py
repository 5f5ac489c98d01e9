"""`GET /orders/{order_id}/effects`."""

from functools import partial
from http import HTTPStatus

from lambdas.api.get_effects.logic import effects_of
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.settings import Settings
from lambdas.shared.store.audit import AuditTable
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Return what happened around an order; see `effects_of`."""
    caller, settings = caller_of(http), Settings()
    require_operator(caller)
    http.reject_parameters()
    order = order_for(caller, http.path["order_id"], OrderTable.from_settings(settings))
    events = AuditTable.from_settings(settings).events_of(order.order_id)
    connect = partial(StripeGateway.from_settings, settings)
    return HttpResponse(HTTPStatus.OK, effects_of(order, connect, events))
