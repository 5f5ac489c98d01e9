"""`POST /orders/{order_id}/retry`."""

from http import HTTPStatus

from lambdas.shared.caller import caller_of, require_operator
from lambdas.shared.http_api import HttpRequest, HttpResponse, Problem, endpoint
from lambdas.shared.log import logger
from lambdas.shared.order_access import order_for
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Run the saga once more for an order that is not at rest; it goes on from where it stands."""
    caller, orders = caller_of(http), OrderTable.from_settings(Settings())
    require_operator(caller)
    http.refuse_parameters()
    order = order_for(caller, http.path["order_id"], orders)
    retried = orders.request_retry(order.order_id)
    if retried is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "order-at-rest",
            "There is nothing left to do",
            f"The order is {order.status}: running its saga again would change nothing.",
        )
    logger.info("retry requested", extra={"order_id": order.order_id})
    return HttpResponse(HTTPStatus.ACCEPTED, represent(retried, caller))
