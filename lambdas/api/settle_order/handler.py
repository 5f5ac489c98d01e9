"""`POST /orders/{order_id}/settle`."""

from http import HTTPStatus

from lambdas.api.settle_order.logic import settle_order
from lambdas.api.settle_order.request import SettleRequest
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
    """Settle an order's payment outside of Stripe; see `settle_order`."""
    caller, orders = caller_of(http), OrderTable.from_settings(Settings())
    require_operator(caller)
    reason = parse(SettleRequest, http).body.reason
    order = settle_order(order_for(caller, http.path["order_id"], orders), reason, caller, orders)
    logger.info("payment settled outside", extra={"order_id": order.order_id, "by": caller.customer_id})
    return HttpResponse(HTTPStatus.ACCEPTED, represent(order, caller))
