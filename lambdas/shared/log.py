"""Structured logs: one JSON line per event, with the ids of the order and of the execution.

Never log a payment method, an address or a whole event.
"""

from aws_lambda_powertools import Logger

from lambdas.domain.vocabulary import SERVICE

logger = Logger(service=SERVICE)
