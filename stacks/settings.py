"""What differs between the stages, side by side, and the only reader of CDK context.

A stage is chosen with `cdk ... -c stage=local|dev|prod`; `CONTEXT_KEYS` are all the keys there are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from aws_cdk.aws_logs import RetentionDays

DEFAULT_STAGE = "dev"
MAX_PAYMENT_DEADLINE_SECONDS = 30 * 60  # with all retries it fits into the state machine's own timeout
DEFAULT_SENDER = "orders@example.com"

CONTEXT_KEYS = (
    *("stage", "sender_email", "alarm_email", "allowed_origins"),
    *("stripe_api_base", "payment_deadline_seconds"),
)

# Context that the CDK keeps beside ours: feature flags, what its command line passes, and what
# `cdk acknowledge` and `cdk cli-telemetry` store.
_FOREIGN_KEYS = re.compile(r"@|aws:|aws-cdk:|acknowledged-issue-numbers$|cli-telemetry$")

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")

# A cold worker of the embedded AWS starts inside the timeout, seconds when several start at once.
_TIMEOUT_SECONDS = 15
_TIMEOUT_SECONDS_OF = {
    "charge_payment": 25,
    "refund_payment": 25,
    "await_payment": 25,
    "receive_stripe_webhook": 25,  # these wait for Stripe
    "reconcile_orders": 60,
    "reconcile_payments": 60,
    "reconcile_stock": 60,  # these begin new work for 10 s, and end what they have begun
}


class SettingsError(ValueError):
    """The settings that were asked for can't be used; the message says which ones can."""


@dataclass(frozen=True, kw_only=True)
class CallerLimits:
    """How many requests one caller may make within five minutes.

    Attributes:
        per_address: from one IP address.
        per_user: with one token.
    """

    per_address: int
    per_user: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One stage.

    Attributes:
        stage: its name, part of the name of everything that has one.
        embedded: it is deployed into the embedded AWS, which runs functions through a `bootstrap` of
            their own, mounts no layers and refuses the CDK's publishing roles.
        keep_data: tables, users, and the stacks themselves, are protected from deletion.
        token_hours: how long a user stays signed in before the token has to be refreshed.
        threat_protection: Cognito watches sign-ins, for a price per user.
        log_retention: how long logs are kept.
        stream_batch_size: how many stream records a function gets at once.
        stream_record_age_seconds: how old a failing stream record may get before it is parked in a queue.
        recovery_pauses_seconds: how long to wait before an order is recovered whose execution was stopped, or
            broke: the first time, the second, and so on; there are no more recoveries than these.
        reconciliation_minutes: how often orders, payments and stock are compared.
        api_rate: requests per second that each call of the API takes from all callers together.
        api_burst: how many more it takes at once.
        submit_rate: the same for new orders.
        submit_burst: the same for new orders.
        caller_limits: what the firewall lets one caller do; None for no firewall.
        allowed_origins: web origins whose scripts may call the API from a browser (CORS).
        sender_email: the address that customers get mail from; SES must have verified it or its domain.
        alarm_email: an address that gets every alarm.
        stripe_api_base: URL of a stand-in for Stripe.
        payment_deadline_seconds: how long a customer has to approve a payment (3-D Secure).

    Raises:
        SettingsError: a value is impossible, or does not go with the stage.
    """

    stage: str
    embedded: bool
    keep_data: bool
    token_hours: int
    threat_protection: bool
    log_retention: RetentionDays
    stream_batch_size: int
    stream_record_age_seconds: int
    recovery_pauses_seconds: tuple[int, ...]
    reconciliation_minutes: int
    api_rate: int
    api_burst: int
    submit_rate: int
    submit_burst: int
    caller_limits: CallerLimits | None
    allowed_origins: tuple[str, ...] = ()
    sender_email: str = DEFAULT_SENDER
    alarm_email: str | None = None
    stripe_api_base: str | None = None
    payment_deadline_seconds: int = 15 * 60

    @property
    def stale_after_seconds(self) -> int:
        """How long an order that is not at rest may be idle before the reconciliation looks after it.

        As long as nothing is wrong, nobody writes to an order for at most the time that its customer has to
        approve the payment, and all tries of the step behind that: 9 of 30 s, and pauses of 242 s. Together
        that is the deadline and 8.5 minutes, here with some to spare. Too short would do no harm: one more
        execution of the saga never does.
        """
        return 5 if self.embedded else self.payment_deadline_seconds + 15 * 60

    def __post_init__(self) -> None:
        for key in ("sender_email", "alarm_email"):
            address = getattr(self, key)
            if address is not None and not _EMAIL.fullmatch(address):
                raise SettingsError(f"{key} is {address!r}; valid is an address like {DEFAULT_SENDER}")
        for origin in self.allowed_origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"allowed_origins has {origin!r}; valid is a list like https://shop.example,https://admin.example"
                )
        if not 1 <= self.payment_deadline_seconds <= MAX_PAYMENT_DEADLINE_SECONDS:
            raise SettingsError(
                f"payment_deadline_seconds is {self.payment_deadline_seconds};"
                f" valid is a number from 1 to {MAX_PAYMENT_DEADLINE_SECONDS}"
            )
        if self.stripe_api_base is not None:
            if not self.embedded:
                raise SettingsError("stripe_api_base goes with stage local only; others call Stripe itself")
            if not _is_http_url(self.stripe_api_base):
                raise SettingsError(
                    f"stripe_api_base is {self.stripe_api_base!r}; valid is a URL like http://127.0.0.1:8420"
                )


_LOCAL = Settings(
    stage="local",
    embedded=True,
    keep_data=False,
    # The longest that Cognito allows, so that a day with `make run` needs no refreshing.
    token_hours=24,
    threat_protection=False,
    log_retention=RetentionDays.ONE_DAY,
    # The embedded AWS ignores partial batch responses of streams: only a batch of one fails by itself.
    stream_batch_size=1,
    # It counts no retries, either: the age alone parks a record, so it is the least that AWS accepts.
    stream_record_age_seconds=60,
    recovery_pauses_seconds=(1, 2, 4),
    reconciliation_minutes=15,
    api_rate=1000,
    api_burst=2000,
    submit_rate=1000,
    submit_burst=2000,
    # The embedded AWS has web ACLs, but can't put one before an API.
    caller_limits=None,
)

_DEV = Settings(
    stage="dev",
    embedded=False,
    keep_data=False,
    token_hours=1,
    threat_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    stream_batch_size=10,
    stream_record_age_seconds=60 * 60,
    recovery_pauses_seconds=(10, 60, 5 * 60),
    reconciliation_minutes=60,
    api_rate=50,
    api_burst=100,
    submit_rate=20,
    submit_burst=40,
    caller_limits=CallerLimits(per_address=1000, per_user=600),
)

_PROD = Settings(
    stage="prod",
    embedded=False,
    keep_data=True,
    token_hours=1,
    threat_protection=True,
    log_retention=RetentionDays.THREE_MONTHS,
    stream_batch_size=10,
    stream_record_age_seconds=60 * 60,
    recovery_pauses_seconds=(10, 60, 5 * 60),
    reconciliation_minutes=15,
    api_rate=1000,
    api_burst=2000,
    # At its default quotas Step Functions takes 300 new executions a second, from a bucket of 1,300.
    submit_rate=300,
    submit_burst=1000,
    caller_limits=CallerLimits(per_address=3000, per_user=600),
)

STAGES = {settings.stage: settings for settings in (_LOCAL, _DEV, _PROD)}


def read_settings(context: Mapping[str, object]) -> Settings:
    """Make the settings of the stage that the CDK context asks for.

    Args:
        context: what `app.node.get_all_context()` returns; the CDK's own keys in it are ignored.

    Raises:
        SettingsError: an unknown stage or key, or a value that can't be used.
    """
    ours: dict[str, Any] = {key: value for key, value in context.items() if not _FOREIGN_KEYS.match(key)}
    if unknown := sorted(ours.keys() - set(CONTEXT_KEYS)):
        raise SettingsError(f"unknown context key {', '.join(unknown)}; valid are: {', '.join(CONTEXT_KEYS)}")

    stage = ours.pop("stage", DEFAULT_STAGE)
    if not isinstance(stage, str) or stage not in STAGES:
        raise SettingsError(f"unknown stage {stage}; valid are: {', '.join(STAGES)}")

    for key, value in ours.items():
        if not isinstance(value, str):
            raise SettingsError(f"{key} is {value!r}; valid is text")
    if "payment_deadline_seconds" in ours:
        ours["payment_deadline_seconds"] = _whole_number(
            "payment_deadline_seconds", ours["payment_deadline_seconds"]
        )
    if "allowed_origins" in ours:
        ours["allowed_origins"] = tuple(ours["allowed_origins"].split(","))
    return replace(STAGES[stage], **ours)


def function_timeout_seconds(function: str) -> int:
    """How long the function of this name may take; the state machine waits a little longer."""
    return _TIMEOUT_SECONDS_OF.get(function, _TIMEOUT_SECONDS)


def _whole_number(key: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise SettingsError(f"{key} is {text!r}; valid is a whole number")
    return int(text)


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
