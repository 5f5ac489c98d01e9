"""The settings of a function, from its environment."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from lambdas.domain.vocabulary import Capture

_Value = TypeVar("_Value")


class SettingError(Exception):
    """An environment variable is missing or malformed; the message names it."""


class _Setting(Generic[_Value]):
    """An attribute of `Settings`, read from the environment variable with its name in capitals."""

    def __init__(self, parse: Callable[[str], _Value], *, required: bool = True) -> None:
        self._parse = parse
        self._required = required

    def __set_name__(self, _owner: type, name: str) -> None:
        self._variable = name.upper()

    def __get__(self, settings: "Settings", _owner: type) -> _Value:
        text = settings.environment.get(self._variable, "")
        if self._required and not text:
            raise SettingError(f"the environment variable {self._variable} is not set")
        try:
            return self._parse(text)
        except ValueError as error:
            raise SettingError(f"{self._variable} is {text!r}: {error}") from error


def _seconds(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise ValueError("it must be a number of seconds")
    return int(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise ValueError("it must be a number from 1")
    return int(text)


def _list_of_seconds(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,5}(,[0-9]{1,5})*", text):
        raise ValueError("it must be numbers of seconds, like '10,60,300'")
    return tuple(map(int, text.split(",")))


class Settings:
    """The settings of the running function: each is read and checked when it is used.

    A function has only the variables of the settings that it uses.

    Raises:
        SettingError: From every attribute, when its variable is missing or malformed.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.environment = environment

    orders_table = _Setting(str)
    """Name of the orders table."""
    inventory_table = _Setting(str)
    """Name of the inventory table."""
    idempotency_table = _Setting(str)
    """Name of the table in which Powertools remembers what has been done once."""
    audit_table = _Setting(str)
    """Name of the audit table."""
    picks_table = _Setting(str)
    """Name of the table of the pick list."""
    log_group_prefix = _Setting(str)
    """Start of the names of the functions' log groups."""
    logged_functions = _Setting(lambda text: tuple(text.split()))
    """Functions that work on orders, each as `room/name`, such as `saga/charge_payment`."""
    log_retention_days = _Setting(_count)
    """How long the lines of the functions' logs are kept."""
    event_bus_name = _Setting(str)
    """Name of the bus that order events are put on."""
    state_machine_arn = _Setting(str)
    """ARN of the saga's state machine, or of the alias that executions are started through."""
    ended_executions_queue_url = _Setting(str)
    """URL of the queue of executions that did not succeed."""
    recovery_pauses_seconds = _Setting(_list_of_seconds)
    """Pause before the first recovery of an order, the second, and so on."""
    stale_after_seconds = _Setting(_seconds)
    """How long an order that is not at rest can be idle before it is reconciled."""
    orders_per_customer_hour = _Setting(_count)
    """Number of orders that one customer may place within an hour."""
    charge_rate = _Setting(_count)
    """Number of charges that may begin within a second."""
    sender_email = _Setting(str)
    """Sender of the mails to customers: a verified SES identity."""
    configuration_set = _Setting(str)
    """Name of the SES configuration set that reports what becomes of the mails."""
    payment_deadline_seconds = _Setting(_seconds)
    """How long the saga waits for a customer to approve the payment."""
    import_bucket = _Setting(str)
    """Name of the bucket for files with orders."""
    queue_url = _Setting(str)
    """URL of the function's own queue, if it sends itself messages."""
    import_rate = _Setting(_count)
    """Number of orders of one file that are submitted within a second."""
    capture = _Setting(Capture)
    """When the money of new orders is taken."""
    user_pool_id = _Setting(str)
    """Id of the user pool."""
    stripe_secret_id = _Setting(str)
    """Name or ARN of the secret with Stripe's secret key."""
    payment_service = _Setting(str)
    """Marks the payments and refunds of this service in this stage, such as `orders-prod`."""
    stripe_webhook_secret_id = _Setting(str)
    """Name or ARN of the secret with the signing secrets of the webhook endpoint."""
    cursor_secret_id = _Setting(str)
    """Name or ARN of the secret that signs the cursors of listings."""
    stripe_api_base = _Setting(lambda text: text or None, required=False)
    """URL of the Stripe stand-in, in the local stage only; None for Stripe itself."""
    allowed_origins = _Setting(lambda text: frozenset(text.split()), required=False)
    """Web origins whose scripts may call the API from a browser; empty unless the stage names some."""
