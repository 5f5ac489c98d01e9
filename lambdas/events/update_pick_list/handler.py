"""A consumer of the bus that keeps the pick list: the goods that the warehouse must pick for each order."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.events.update_pick_list.pick_list import PickList
from lambdas.shared.consumers import consume_events
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Bring the pick of each event's order up to date, in whatever sequence the events come."""
    pick_list = PickList.from_settings(Settings())
    return consume_events("update_pick_list", event, context, pick_list.update)
