"""A function's environment, checked."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta


class SettingError(Exception):
    """An environment variable is missing or has a value that cannot be."""


class Settings:
    """The environment of the function that runs, each value read and checked when it is asked for.

    Functions differ in what they are given: none needs a value that it does not use.

    Raises:
        SettingError: From every property, when its variable is missing or malformed; names it.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    @property
    def orders_table(self) -> str:
        """Name of the orders table."""
        return self._required("ORDERS_TABLE")

    @property
    def inventory_table(self) -> str:
        """Name of the inventory table."""
        return self._required("INVENTORY_TABLE")

    @property
    def idempotency_table(self) -> str:
        """Name of the Powertools idempotency table."""
        return self._required("IDEMPOTENCY_TABLE")

    @property
    def audit_table(self) -> str:
        """Name of the audit table."""
        return self._required("AUDIT_TABLE")

    @property
    def event_bus_name(self) -> str:
        """Name of the bus that order events go to."""
        return self._required("EVENT_BUS_NAME")

    @property
    def state_machine_arn(self) -> str:
        """The saga."""
        return self._required("STATE_MACHINE_ARN")

    @property
    def ended_executions_queue_url(self) -> str:
        """The queue of executions that ended without the saga's word."""
        return self._required("ENDED_EXECUTIONS_QUEUE_URL")

    @property
    def recovery_pauses(self) -> tuple[timedelta, ...]:
        """How long to wait before each recovery of an order, in the order of the recoveries."""
        text = self._required("RECOVERY_PAUSES_SECONDS")
        if not re.fullmatch(r"[0-9]{1,5}(,[0-9]{1,5})*", text):
            raise SettingError(f"RECOVERY_PAUSES_SECONDS is {text!r}; it must be like '10,60,300'")
        return tuple(timedelta(seconds=int(seconds)) for seconds in text.split(","))

    @property
    def stale_after(self) -> timedelta:
        """How long an order that is not at rest may be idle before somebody looks after it."""
        text = self._required("STALE_AFTER_SECONDS")
        if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
            raise SettingError(f"STALE_AFTER_SECONDS is {text!r}; it must be a number of seconds")
        return timedelta(seconds=int(text))

    @property
    def sender_email(self) -> str:
        """The verified SES identity that customers get their mail from."""
        return self._required("SENDER_EMAIL")

    @property
    def stripe_secret_id(self) -> str:
        """Name or ARN of the secret that holds Stripe's secret key."""
        return self._required("STRIPE_SECRET_ID")

    @property
    def stripe_webhook_secret_id(self) -> str:
        """Name or ARN of the secret that holds the webhook endpoint's signing secrets."""
        return self._required("STRIPE_WEBHOOK_SECRET_ID")

    @property
    def cursor_secret_id(self) -> str:
        """Name or ARN of the secret that the cursors of listings are signed with."""
        return self._required("CURSOR_SECRET_ID")

    @property
    def stripe_api_base(self) -> str | None:
        """Where Stripe is; None for Stripe itself. Only the local stage sets it."""
        return self._environ.get("STRIPE_API_BASE")

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The web origins whose scripts may call the API from a browser; none unless the stage names some."""
        return frozenset(self._environ.get("ALLOWED_ORIGINS", "").split())

    def _required(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            raise SettingError(f"the environment variable {name} is not set")
        return value
