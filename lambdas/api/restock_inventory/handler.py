"""`POST /inventory/{sku}/restock`."""

from http import HTTPStatus

from lambdas.api.restock_inventory.deliveries import Deliveries
from lambdas.api.restock_inventory.logic import restock_inventory
from lambdas.api.restock_inventory.request import RestockRequest
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.entity_tag import entity_tag
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.parsing import parse
from lambdas.shared.rest.product_representation import represent_product
from lambdas.shared.settings import Settings


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Add delivered units to a product; see `restock_inventory`."""
    caller = caller_of(http)
    require_operator(caller)
    request = parse(RestockRequest, http)
    product = restock_inventory(request, caller, Deliveries.from_settings(Settings()))
    logger.info("restocked", extra={"sku": product.sku, "quantity": request.body.quantity})
    return HttpResponse(HTTPStatus.OK, represent_product(product), {"ETag": entity_tag(product.version)})
