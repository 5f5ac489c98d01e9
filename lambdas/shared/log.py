"""Structured logs: one JSON line per event, with the ids of the order and of the execution.

Never log a payment method, an address or a whole event.
"""

import logging

from aws_lambda_powertools import Logger

from lambdas.domain.vocabulary import SERVICE

logger = Logger(service=SERVICE)

# With JSON logging, Lambda sets the root logger to the function's level, INFO. The Stripe SDK would write two
# lines for each call, with the messages of Stripe's errors. Libraries write warnings only.
logging.getLogger().setLevel(logging.WARNING)
