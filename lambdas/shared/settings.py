"""A function's environment, checked."""

import os
from collections.abc import Mapping
from typing import Literal


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
    def stripe_api_base(self) -> str | None:
        """Where Stripe is; None for Stripe itself. Only the local stage sets it."""
        return self._environ.get("STRIPE_API_BASE")

    @property
    def sign_in(self) -> Literal["header", "iam"]:
        """How a caller says who they are; see `lambdas.shared.caller`."""
        match self._required("SIGN_IN"):
            case "header":
                return "header"
            case "iam":
                return "iam"
            case other:
                raise SettingError(f"SIGN_IN is {other!r}; it must be 'header' or 'iam'")

    def _required(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            raise SettingError(f"the environment variable {name} is not set")
        return value
