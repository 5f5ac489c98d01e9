"""`POST /orders/{order_id}/cancel`."""

from http import HTTPStatus

from lambdas.api.cancel_order.logic import cancel_order
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import caller_of
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Request the cancellation of an order; see `cancel_order`."""
    caller, orders = caller_of(http), OrderTable.from_settings(Settings())
    http.reject_parameters()
    order = cancel_order(order_for(caller, http.path["order_id"], orders), caller, orders)
    logger.info("cancellation requested", extra={"order_id": order.order_id, "by": order.cancel_requested_by})
    return HttpResponse(HTTPStatus.ACCEPTED, represent(order, caller))
