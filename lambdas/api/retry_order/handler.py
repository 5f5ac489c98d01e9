"""`POST /orders/{order_id}/retry`."""

from http import HTTPStatus

from lambdas.api.retry_order.logic import retry_order
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Request one more execution for an order; see `retry_order`."""
    caller, orders = caller_of(http), OrderTable.from_settings(Settings())
    require_operator(caller)
    http.reject_parameters()
    order = retry_order(order_for(caller, http.path["order_id"], orders), orders)
    logger.info("retry requested", extra={"order_id": order.order_id})
    return HttpResponse(HTTPStatus.ACCEPTED, represent(order, caller))
