"""`POST /orders/{order_id}/fulfil`."""

from http import HTTPStatus

from lambdas.api.fulfil_order.logic import fulfil_order
from lambdas.api.fulfil_order.request import FulfilRequest
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.rest.parsing import parse
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Record that the goods of an order are handed over, or are to be; see `fulfil_order`."""
    caller, orders = caller_of(http), OrderTable.from_settings(Settings())
    require_operator(caller)
    delivery = parse(FulfilRequest, http).body
    order = fulfil_order(order_for(caller, http.path["order_id"], orders), delivery, caller, orders)
    is_due = order.capture_due is not None
    message = "fulfilment requested" if is_due else "order fulfilled"
    logger.info(message, extra={"order_id": order.order_id, "by": caller.customer_id})
    return HttpResponse(HTTPStatus.ACCEPTED if is_due else HTTPStatus.OK, represent(order, caller))
