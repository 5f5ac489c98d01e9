"""`POST /orders/{order_id}/republish`."""

from http import HTTPStatus

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
    """Ask for the events of an order to be published again; see `OrderTable.request_republication`."""
    caller, orders = caller_of(http), OrderTable.from_settings(Settings())
    require_operator(caller)
    http.reject_parameters()
    order = order_for(caller, http.path["order_id"], orders)
    asked = orders.request_republication(order.order_id)
    logger.info("republication requested", extra={"order_id": asked.order_id})
    return HttpResponse(HTTPStatus.ACCEPTED, represent(asked, caller))
