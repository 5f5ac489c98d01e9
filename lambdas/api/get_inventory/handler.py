"""`GET /inventory/{sku}`."""

from http import HTTPStatus

from lambdas.shared.rest.caller import caller_of
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.entity_tag import entity_tag, is_known
from lambdas.shared.rest.fields import is_sku
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.problem import not_found
from lambdas.shared.rest.product_representation import represent_product
from lambdas.shared.settings import Settings
from lambdas.shared.store.inventory import InventoryTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Return a product with its stock; only operators see a product that is not active."""
    caller = caller_of(http)
    http.reject_parameters()
    sku = http.path["sku"]
    product = InventoryTable.from_settings(Settings()).get(sku) if is_sku(sku) else None
    if product is None or not (product.active or caller.is_operator):
        raise not_found("product")
    headers = {"ETag": entity_tag(product.version)}
    if is_known(product.version, http.headers.get("if-none-match", "")):
        return HttpResponse(HTTPStatus.NOT_MODIFIED, None, headers)
    return HttpResponse(HTTPStatus.OK, represent_product(product), headers)
