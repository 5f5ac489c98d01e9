"""The settings of each stage, side by side, and the only reader of CDK context and stage files.

Choose a stage with `cdk ... -c stage=local|dev|prod`. What differs between deployments of a stage, such as
the sender of its mail, is in the file `stages/STAGE.toml`, so that no deployment forgets it. A file elsewhere
is named by `-c stage_file=PATH`. `FILE_KEYS` are all settings that a file can have.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aws_cdk.aws_logs import RetentionDays

from lambdas.domain.vocabulary import METRIC_NAMESPACE, Capture

DEFAULT_STAGE = "dev"
MAX_PAYMENT_DEADLINE_SECONDS = 30 * 60  # with all retries, it fits the timeout of the state machine
MAX_ORDERS_PER_CUSTOMER_HOUR = 100_000
MAX_CHARGE_RATE = 1_000  # charges are timed in milliseconds
MAX_CANARY_MINUTES = 15
DEFAULT_SENDER = "orders@example.com"

STAGE_FILES = Path(__file__).resolve().parents[1] / "stages"

CONTEXT_KEYS = ("stage", "stage_file")

_LIMITED = ("api", "submit", "webhook")
"""Calls whose rate and burst are settings."""

_TEXT, _NUMBER, _SWITCH = "text", "a whole number", "true or false"
FILE_KEYS: Mapping[str, str] = {
    **dict.fromkeys(
        ("account", "region", "sender_email", "alarm_email", "runbook_url", "stripe_api_base", "capture"),
        _TEXT,
    ),
    **dict.fromkeys(
        (
            "payment_deadline_seconds",
            "orders_per_customer_hour",
            "charge_rate",
            "import_rate",
            "monthly_budget_usd",
            "canary_minutes",
        ),
        _NUMBER,
    ),
    **dict.fromkeys((f"{calls}_{limit}" for calls in _LIMITED for limit in ("rate", "burst")), _NUMBER),
    **dict.fromkeys(("self_sign_up", "user_mail_by_ses", "console"), _SWITCH),
    **dict.fromkeys(("console_domain", "console_certificate", "api_domain", "api_certificate"), _TEXT),
    "backup_vault": _TEXT,
    **dict.fromkeys(("allowed_origins", "restored_tables"), "a list of texts"),
}
"""Settings that a stage file can have, and what each must be."""

_NEEDED = {"prod": ("account", "region", "sender_email", "alarm_email")}
"""Settings that the file of a stage must have."""

# Keys of the CDK itself: feature flags, what its command line passes, and what `cdk acknowledge` and
# `cdk cli-telemetry` store.
_CDK_KEYS = re.compile(r"@|aws:|aws-cdk:|acknowledged-issue-numbers$|cli-telemetry$")

TABLES = ("Orders", "Inventory", "Idempotency", "Audit", "Picks")
"""The tables of a stage, by their names in the code."""

_RESTORED_TABLE = re.compile(
    rf"orders-(?P<stage>[a-z]+)-(?P<table>{'|'.join(TABLES)})-(?P<when>[0-9A-Za-z]+)"
)
_CERTIFICATE = re.compile(r"arn:aws:acm:(?P<region>[a-z0-9-]+):[0-9]{12}:certificate/[0-9a-f-]+")
_DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z]+")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FORMS = {
    "account": (re.compile(r"[0-9]{12}"), "an account id of 12 digits"),
    "region": (re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]"), "a region like eu-central-1"),
    **dict.fromkeys(("sender_email", "alarm_email"), (_EMAIL, f"an address like {DEFAULT_SENDER}")),
    "runbook_url": (
        re.compile(r"https?://[^\s#]+"),
        "a URL like https://git.example.org/shop/docs/runbook.md",
    ),
    **dict.fromkeys(("console_domain", "api_domain"), (_DOMAIN, "a domain name like orders.example.org")),
    "api_certificate": (_CERTIFICATE, "the ARN of a certificate"),
    "backup_vault": (
        re.compile(r"arn:aws:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[a-zA-Z0-9_-]+"),
        "the ARN of a backup vault",
    ),
    # CloudFront reads certificates in this region only.
    "console_certificate": (
        re.compile(r"arn:aws:acm:us-east-1:[0-9]{12}:certificate/[0-9a-f-]+"),
        "the ARN of a certificate in us-east-1",
    ),
}
_MAXIMA = {
    "payment_deadline_seconds": MAX_PAYMENT_DEADLINE_SECONDS,
    "orders_per_customer_hour": MAX_ORDERS_PER_CUSTOMER_HOUR,
    "charge_rate": MAX_CHARGE_RATE,
    # Twice for two files at once, and two lookups for each line. Cognito's quotas are 120 reads of users and
    # 50 of their groups in a second
    # (https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html, November 2026).
    "import_rate": 25,
    "monthly_budget_usd": 1_000_000,
    # Quota of API Gateway for all calls of an account in a region: 10,000 a second, and 5,000 at once
    # (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html, November 2026).
    **{f"{calls}_rate": 10_000 for calls in _LIMITED},
    **{f"{calls}_burst": 5_000 for calls in _LIMITED},
}


class SettingsError(ValueError):
    """A setting is unknown, invalid or missing; the message names what is valid, and where to write it."""


@dataclass(frozen=True, kw_only=True)
class CallerLimits:
    """How many requests one caller may make within five minutes.

    Attributes:
        per_address: Requests from one IP address.
        per_user: Requests with one token.
        webhooks_per_address: Webhooks from one IP address. Stripe sends them from about 15 addresses
            (https://docs.stripe.com/ips, November 2026).
    """

    per_address: int
    per_user: int
    webhooks_per_address: int


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """Quotas of the AWS account, which all its stages in a region share.

    Attributes:
        concurrent_calls: Calls of Lambda functions at the same time
            (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
        executions: New executions of state machines in a second
            (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
        executions_at_once: How many executions can be started at once.
        transitions: State transitions in a second.
        transitions_at_once: How many transitions can happen at once.
    """

    concurrent_calls: int
    executions: int
    executions_at_once: int
    transitions: int
    transitions_at_once: int


DEFAULT_QUOTAS = Quotas(
    concurrent_calls=1000,
    # In us-east-1, us-west-2 and eu-west-1 these are 300, 1,300, 5,000 and 5,000.
    executions=150,
    executions_at_once=800,
    transitions=800,
    transitions_at_once=800,
)
"""The published defaults of every region (November 2026)."""

NEW_ACCOUNT = replace(DEFAULT_QUOTAS, concurrent_calls=10, transitions=80, transitions_at_once=80)
"""What this app assumes of a new account.

AWS publishes that a new account's concurrent calls and state transitions are reduced, but not how far. 10
concurrent calls are what new accounts are often given; the transitions are a guess of the same kind.
"""


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """The settings of one stage.

    Attributes:
        stage: Name of the stage; part of the name of every named resource.
        embedded: The stage is deployed into the embedded AWS, which starts functions by their `bootstrap`,
            mounts no layers and lacks the roles that the CDK publishes assets with.
        keep_data: Protect tables, users, and the stacks themselves, from deletion.
        token_hours: How long a user stays signed in until the token must be refreshed.
        self_sign_up: Customers can sign up themselves. A user whose address is verified is a customer.
        user_mail_by_ses: Cognito sends its codes through SES, from `sender_email`, whose domain SES must have
            verified before the first deployment. Otherwise it sends at most 50 mails a day.
        threat_protection: Cognito assesses the risk of each sign-in, at a price per user.
        log_retention: How long log entries are kept.
        stream_batch_size: How many stream records a function receives at once.
        stream_record_age_seconds: Age at which a failing stream record is parked in a queue. The stream keeps
            it for 24 hours, so it can still be read for two.
        event_archive_days: How long the archive of the bus keeps an event; None for no archive.
        recovery_pauses_seconds: Pause before each recovery of an order whose execution ended unexpectedly.
            The number of pauses is the maximum number of recoveries.
        reconciliation_minutes: How often the latest orders and payments are compared; all and stock nightly.
        quotas: What the rates below are made for; None for no limit.
        stream_parallelization: How many batches of one shard of the orders table's stream are handled at the
            same time, by each function that follows it. At most 10.
        queue_concurrency: How many batches of one queue are handled at the same time; None for no limit.
            Without a limit, a queue takes as many calls as it can get, and messages whose call is throttled
            become dead letters
            (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html, November 2026).
        api_rate: Requests per second that each call of the API accepts from all callers together.
        api_burst: How many requests each call accepts at once.
        submit_rate: The rate for new orders.
        submit_burst: The burst for new orders.
        webhook_rate: The rate for Stripe's webhooks. Stripe delivers a refused one again, for three days
            (https://docs.stripe.com/webhooks, November 2026).
        webhook_burst: The burst for Stripe's webhooks.
        orders_per_customer_hour: How many orders one customer may place within an hour.
        charge_rate: How many charges begin within a second; other orders wait for their turn. Below Stripe's
            limit for each endpoint (https://docs.stripe.com/rate-limits, November 2026): a few more begin at
            once after a pause, and a retry makes a request again.
        import_rate: How many orders of one file are submitted within a second, of two files at once.
        caller_limits: The firewall's limits for one caller; None for no firewall.
        canary_minutes: How long a new version of the API or of the saga gets a tenth of the calls before it
            gets all of them; 0 for all at once, whatever the alarms say.
        account: The AWS account; None for the account of the caller's credentials.
        region: The AWS region; None for the region of the caller.
        allowed_origins: Web origins whose scripts may call the API from a browser (CORS).
        sender_email: Sender of the mail to customers; SES must have verified the address or its domain.
        alarm_email: Address that receives every alarm.
        runbook_url: URL at which operators read `docs/runbook.md`: each alarm and dashboard has a link to it.
            None for the path in this repository.
        stripe_api_base: URL of a stand-in for Stripe.
        payment_deadline_seconds: How long a customer has to approve a payment (3-D Secure).
        capture: When the money of new orders is taken: a member of `Capture`.
        console: Serve the console to browsers.
        console_domain: Domain name of the console; None for CloudFront's own.
        console_certificate: ARN of the certificate for that domain name.
        api_domain: Domain name of the REST API; None for API Gateway's own.
        api_certificate: ARN of the certificate for that domain name, in the region of the stage.
        backup_vault: ARN of the vault, in another account, that backups of the tables are copied to; None for
            no backups beside those that each table has.
        restored_tables: Names of tables that were restored: each takes the place of the stage's own table.
        monthly_budget_usd: Cost of the AWS account in a month, in US dollars, above which the alarm address
            is notified; None for no budget.

    Raises:
        SettingsError: A value is invalid, or is not supported in this stage.
    """

    stage: str
    embedded: bool
    keep_data: bool
    token_hours: int
    self_sign_up: bool
    user_mail_by_ses: bool
    threat_protection: bool
    log_retention: RetentionDays
    stream_batch_size: int
    stream_record_age_seconds: int
    event_archive_days: int | None
    recovery_pauses_seconds: tuple[int, ...]
    reconciliation_minutes: int
    quotas: Quotas | None
    stream_parallelization: int
    queue_concurrency: int | None
    api_rate: int
    api_burst: int
    submit_rate: int
    submit_burst: int
    webhook_rate: int
    webhook_burst: int
    orders_per_customer_hour: int
    charge_rate: int
    import_rate: int
    caller_limits: CallerLimits | None
    canary_minutes: int
    account: str | None = None
    region: str | None = None
    allowed_origins: tuple[str, ...] = ()
    sender_email: str = DEFAULT_SENDER
    alarm_email: str | None = None
    runbook_url: str | None = None
    stripe_api_base: str | None = None
    payment_deadline_seconds: int = 15 * 60
    capture: str = Capture.AT_ORDER
    console: bool = False
    console_domain: str | None = None
    console_certificate: str | None = None
    api_domain: str | None = None
    api_certificate: str | None = None
    backup_vault: str | None = None
    restored_tables: tuple[str, ...] = ()
    monthly_budget_usd: int | None = None

    @property
    def stale_after_seconds(self) -> int:
        """How long an order that is not at rest may stay unchanged before the saga runs again for it.

        In a healthy saga the longest time between two writes is the deadline for the payment, all tries of
        ExpirePayment (6 of 30 s and pauses of 25 s) and all tries of the first undo (9 of 30 s and pauses of
        242 s): 12 minutes after the deadline. 15 minutes leave a margin. A value that is too short does no
        harm, because one more execution of the saga never does.
        """
        return 5 if self.embedded else self.payment_deadline_seconds + 15 * 60

    @property
    def late_after_seconds(self) -> int:
        """How long an order may not be at rest before an alarm reports it.

        The first reconciliation after `stale_after_seconds` runs the saga again. The next one flags an order
        that this did not help, which has an alarm of its own.
        """
        return self.stale_after_seconds + 3 * 60 * self.reconciliation_minutes

    @property
    def runbook(self) -> str:
        """Where the runbook is, for the texts of alarms and dashboards."""
        return self.runbook_url or "docs/runbook.md"

    def restored_table(self, table: str) -> str | None:
        """The name of the restored table that takes the place of one of the stage's; None if none does."""
        return self._restored().get(table)

    def _restored(self) -> dict[str, str]:
        """The names of the restored tables, by the tables whose place they take."""
        restored: dict[str, str] = {}
        for name in self.restored_tables:
            match = _RESTORED_TABLE.fullmatch(name)
            if match is None or match["stage"] != self.stage or match["table"] in restored:
                raise SettingsError(
                    f"restored_tables has {name!r}; valid is a list with a name like"
                    f" orders-{self.stage}-Orders-20261127 for each table"
                )
            restored[match["table"]] = name
        return restored

    @property
    def metric_namespace(self) -> str:
        """CloudWatch namespace of the functions' metrics: two stages in one account share no metric."""
        return f"{METRIC_NAMESPACE}/{self.stage}"

    def __post_init__(self) -> None:
        for key, (form, example) in _FORMS.items():
            text = getattr(self, key)
            if text is not None and not form.fullmatch(text):
                raise SettingsError(f"{key} is {text!r}; valid is {example}")
        for key, maximum in _MAXIMA.items():
            number = getattr(self, key)
            if number is not None and not 1 <= number <= maximum:
                raise SettingsError(f"{key} is {number}; valid is a number from 1 to {maximum}")
        for origin in self.allowed_origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f'allowed_origins has {origin!r}; valid is a list like ["https://shop.example"]'
                )
        if self.capture not in list(Capture):
            raise SettingsError(f"capture is {self.capture!r}; valid is one of: {', '.join(Capture)}")
        self._restored()
        self._check_domains()
        self._check_canary()
        self._check_stage()

    def _check_domains(self) -> None:
        """Reject domain names that the stage can't serve."""
        for owner in ("console", "api"):
            if (getattr(self, f"{owner}_domain") is None) is not (
                getattr(self, f"{owner}_certificate") is None
            ):
                raise SettingsError(f"{owner}_domain and {owner}_certificate need each other")
        if self.console_domain is not None and not self.console:
            raise SettingsError("console_domain needs console = true")
        if self.api_domain is not None and self.embedded:
            raise SettingsError("api_domain is valid for cloud stages only")
        certificate = _CERTIFICATE.fullmatch(self.api_certificate or "")
        if certificate and self.region not in {None, certificate["region"]}:
            raise SettingsError(f"api_certificate must be in {self.region}, the region of the stage")

    def _check_canary(self) -> None:
        """Reject a rollout that the stage can't have, or that takes longer than its credentials are valid.

        A deployment moves the saga and then the API. The credentials of the pipeline are valid for an hour.
        """
        if not 0 <= self.canary_minutes <= MAX_CANARY_MINUTES:
            raise SettingsError(
                f"canary_minutes is {self.canary_minutes}; valid is a number from 0 to {MAX_CANARY_MINUTES}"
            )
        if self.canary_minutes and self.embedded:
            raise SettingsError("canary_minutes is valid for cloud stages only")

    def _check_stage(self) -> None:
        """Reject settings that the stage does not support, or that need another one."""
        if self.console and self.embedded:
            raise SettingsError("console is valid for cloud stages only; `make run` serves one itself")
        if self.embedded and self.backup_vault is not None:
            raise SettingsError("backup_vault is valid for cloud stages only")
        if self.self_sign_up and self.embedded:
            raise SettingsError(
                "self_sign_up is valid for cloud stages only; the embedded AWS enrolls nobody"
            )
        if self.stripe_api_base is not None:
            if not self.embedded:
                raise SettingsError("stripe_api_base is valid for stage local only; other stages call Stripe")
            if not _is_http_url(self.stripe_api_base):
                raise SettingsError(
                    f"stripe_api_base is {self.stripe_api_base!r}; valid is a URL like http://127.0.0.1:8420"
                )


_LOCAL = StageSettings(
    stage="local",
    embedded=True,
    keep_data=False,
    # Cognito's maximum, so that a token lasts for a day with `make run`.
    token_hours=24,
    # The embedded AWS does not call the function that adds new customers to their group.
    self_sign_up=False,
    user_mail_by_ses=False,
    threat_protection=False,
    log_retention=RetentionDays.ONE_DAY,
    # The embedded AWS ignores partial batch responses of streams, so only a batch of one fails alone.
    stream_batch_size=1,
    # It does not count retries either. Only the age parks a record, so the age is AWS's minimum.
    stream_record_age_seconds=60,
    # CloudFormation of the embedded AWS does not know archives. Events are replayed from the audit.
    event_archive_days=None,
    recovery_pauses_seconds=(1, 2, 4),
    reconciliation_minutes=15,
    quotas=None,
    stream_parallelization=10,
    queue_concurrency=None,
    api_rate=1000,
    api_burst=2000,
    submit_rate=1000,
    submit_burst=2000,
    webhook_rate=1000,
    webhook_burst=2000,
    # One demo customer places the orders of all tests.
    orders_per_customer_hour=MAX_ORDERS_PER_CUSTOMER_HOUR,
    charge_rate=MAX_CHARGE_RATE,
    # About as many sagas as a laptop runs in a second: more would only throttle each other.
    import_rate=4,
    # The embedded AWS has web ACLs, but can't associate one with an API.
    caller_limits=None,
    canary_minutes=0,
)

_DEV = StageSettings(
    stage="dev",
    embedded=False,
    keep_data=False,
    token_hours=1,
    self_sign_up=True,
    user_mail_by_ses=False,
    threat_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    stream_batch_size=10,
    stream_record_age_seconds=22 * 60 * 60,
    event_archive_days=30,
    recovery_pauses_seconds=(10, 60, 5 * 60),
    reconciliation_minutes=60,
    quotas=NEW_ACCOUNT,
    stream_parallelization=1,
    queue_concurrency=2,  # AWS's minimum
    api_rate=20,
    api_burst=40,
    submit_rate=2,
    submit_burst=8,
    webhook_rate=20,
    webhook_burst=40,
    orders_per_customer_hour=200,
    # A sandbox allows 25 requests a second in all, and an order with its refund makes about three.
    charge_rate=8,
    import_rate=1,
    monthly_budget_usd=50,
    caller_limits=CallerLimits(per_address=1000, per_user=600, webhooks_per_address=3000),
    canary_minutes=0,
)

_PROD = StageSettings(
    stage="prod",
    embedded=False,
    keep_data=True,
    token_hours=1,
    self_sign_up=True,
    user_mail_by_ses=True,
    threat_protection=True,
    log_retention=RetentionDays.THREE_MONTHS,
    stream_batch_size=10,
    stream_record_age_seconds=22 * 60 * 60,
    event_archive_days=365,
    recovery_pauses_seconds=(10, 60, 5 * 60),
    reconciliation_minutes=15,
    quotas=DEFAULT_QUOTAS,
    stream_parallelization=10,
    queue_concurrency=50,
    api_rate=1000,
    api_burst=2000,
    # More than are charged in a second: the crowd of a sale waits in the saga, not at the API.
    submit_rate=80,
    submit_burst=80,
    # An order that is refunded has about three events, and 20 orders a second are charged.
    webhook_rate=200,
    webhook_burst=400,
    orders_per_customer_hour=20,
    charge_rate=20,
    # Two files at once fill the turns of the charges, and half of what the API may add waits in the saga.
    import_rate=10,
    monthly_budget_usd=500,
    caller_limits=CallerLimits(per_address=3000, per_user=600, webhooks_per_address=10_000),
    # Longer than the saga needs to give an order up, and than an alarm needs to see it.
    canary_minutes=10,
)

STAGES = {settings.stage: settings for settings in (_LOCAL, _DEV, _PROD)}


def read_settings(context: Mapping[str, object], stage_files: Path = STAGE_FILES) -> StageSettings:
    """Return the settings of the stage that the CDK context names, with those of its file.

    Args:
        context: What `app.node.get_all_context()` returns; the CDK's own keys are ignored.
        stage_files: Folder of the stages' files.

    Raises:
        SettingsError: The stage or a key is unknown, or a value is invalid or missing.
    """
    ours: dict[str, Any] = {key: value for key, value in context.items() if not _CDK_KEYS.match(key)}
    if unknown := sorted(ours.keys() - set(CONTEXT_KEYS)):
        where = " (write it in the stage's file)" if unknown[0] in FILE_KEYS else ""
        raise SettingsError(
            f"unknown context key {', '.join(unknown)}{where}; valid are: {', '.join(CONTEXT_KEYS)}"
        )
    stage = ours.get("stage", DEFAULT_STAGE)
    if not isinstance(stage, str) or stage not in STAGES:
        raise SettingsError(f"unknown stage {stage}; valid are: {', '.join(STAGES)}")

    file = Path(str(ours.get("stage_file", stage_files / f"{stage}.toml")))
    values = _read_file(file) if file.exists() or "stage_file" in ours else {}
    if missing := [key for key in _NEEDED.get(stage, ()) if key not in values]:
        raise SettingsError(
            f"stage {stage} needs {', '.join(missing)}: write {'it' if len(missing) == 1 else 'them'} in"
            f" {file}, as in stages/{stage}.example.toml"
        )
    try:
        return replace(STAGES[stage], **values)
    except SettingsError as error:
        raise SettingsError(f"{file}: {error}") from None


def _read_file(file: Path) -> dict[str, Any]:
    """Read a stage file; its keys and the types of its values are valid."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"can't read {file}: {error}") from None
    if unknown := sorted(values.keys() - FILE_KEYS.keys()):
        raise SettingsError(f"{file}: unknown key {', '.join(unknown)}; valid are: {', '.join(FILE_KEYS)}")
    for key, value in values.items():
        if not _is(FILE_KEYS[key], value):
            raise SettingsError(f"{file}: {key} is {value!r}; valid is {FILE_KEYS[key]}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def _is(kind: str, value: object) -> bool:
    """Whether a value of a stage file is of the kind that `FILE_KEYS` names."""
    if kind == _TEXT:
        return isinstance(value, str)
    if kind == _NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == _SWITCH:
        return isinstance(value, bool)
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
