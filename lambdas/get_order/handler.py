"""`GET /orders/{order_id}`."""

from http import HTTPStatus

from lambdas.shared.caller import caller_of
from lambdas.shared.http_api import HttpRequest, HttpResponse, endpoint
from lambdas.shared.order_access import order_for
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Show an order to its customer, and to an operator; one read."""
    caller = caller_of(http)
    http.refuse_parameters()
    order = order_for(caller, http.path["order_id"], OrderTable.from_settings(Settings()))
    return HttpResponse(HTTPStatus.OK, represent(order, caller))
