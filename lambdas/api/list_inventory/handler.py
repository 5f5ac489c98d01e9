"""`GET /inventory`."""

from http import HTTPStatus

from lambdas.api.list_inventory.request import ListProductsRequest
from lambdas.shared.rest.caller import caller_of
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.parsing import parse
from lambdas.shared.rest.product_representation import represent_product
from lambdas.shared.settings import Settings
from lambdas.shared.store.inventory import InventoryTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Return a page of the catalogue, with its stock; only operators see products that are not active."""
    caller = caller_of(http)
    query = parse(ListProductsRequest, http).query
    page = InventoryTable.from_settings(Settings()).page(limit=query.limit, after=query.cursor)
    products = [represent_product(each) for each in page.products if each.active or caller.is_operator]
    return HttpResponse(HTTPStatus.OK, {"products": products, "cursor": page.end})
