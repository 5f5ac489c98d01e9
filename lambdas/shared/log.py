"""Structured JSON logs: one line an event, with the order's and the execution's id on every line.

Never put a payment method, an address or a whole event into a line.
"""

from aws_lambda_powertools import Logger

from lambdas.domain.vocabulary import SERVICE

logger = Logger(service=SERVICE)
