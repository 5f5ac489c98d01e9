"""Structured logs: one JSON line per event, with the ids of the order, the execution and the request.

Each line has the version of the service, because two versions are at work while a stage is updated.
Never log a payment method, an address or a whole event.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from aws_lambda_powertools import Logger

from lambdas.domain.order import Order
from lambdas.domain.vocabulary import SERVICE

logger = Logger(service=SERVICE, service_version=os.environ.get("SERVICE_VERSION"))

# With JSON logging, Lambda sets the root logger to the function's level, INFO. The Stripe SDK would write two
# lines for each call, with the messages of Stripe's errors. Libraries write warnings only.
logging.getLogger().setLevel(logging.WARNING)


@contextmanager
def log_keys(**ids: str | None) -> Iterator[None]:
    """Let every line within have these ids; a line has no key whose id is None."""
    keys = logger.get_current_keys()
    before = {name: keys.get(name) for name in ids}
    logger.append_keys(**ids)
    try:
        yield
    finally:
        logger.append_keys(**before)


def about(order: Order) -> AbstractContextManager[None]:
    """Let every line within name the order, and the request that submitted it."""
    return log_keys(order_id=order.order_id, request_id=order.request_id)


def name_order(order: Order) -> None:
    """Let every further line of the call name the order, and the request that submitted it."""
    logger.append_keys(order_id=order.order_id, request_id=order.request_id)
