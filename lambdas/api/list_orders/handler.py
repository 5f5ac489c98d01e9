"""`GET /orders`."""

from functools import partial
from http import HTTPStatus

from lambdas.api.list_orders.cursor import CursorSigner
from lambdas.api.list_orders.logic import list_orders
from lambdas.api.list_orders.request import ListOrdersRequest
from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.rest.caller import caller_of
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.rest.parsing import parse
from lambdas.shared.secrets import read_secret
from lambdas.shared.settings import Settings
from lambdas.shared.store.listings import OrderListing


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Return a page of orders; see `list_orders`."""
    settings, caller = Settings(), caller_of(http)
    query = parse(ListOrdersRequest, http).query
    cursors = CursorSigner(
        partial(read_secret, settings.cursor_secret_id, unavailable=StoreUnavailable),
        scope=(caller.customer_id, str(caller.is_operator), query.status, query.reference),
    )
    page = list_orders(
        caller,
        query,
        start=cursors.read(query.cursor) if query.cursor else None,
        listing=OrderListing.from_settings(settings),
    )
    return HttpResponse(
        HTTPStatus.OK,
        {
            "orders": [represent(order, caller) for order in page.orders],
            "cursor": cursors.sign(page.end) if page.end else None,
        },
    )
