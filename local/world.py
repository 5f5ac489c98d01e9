"""The embedded run: AWS, Stripe and the deployed app on this machine, as one context manager."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandFailed
from local.catalogue import SAMPLE_STOCK
from local.demo_shop import DemoShop
from local.deploy import Deployment
from local.emulator import REGION, Emulator, EmulatorSession, await_answer, endpoint_url
from local.fault_proxy.proxy_client import FaultProxyClient
from local.processes import (
    REPOSITORY,
    ChildProcess,
    ProcessGroup,
    StartFailed,
    free_port,
    inherited_environment,
    is_free,
    process_group,
)
from local.saga_control import SagaControl
from local.stripe_stand_in.stand_in_client import StandInClient
from local.traces import AuditTrail, FunctionLogs, Mailbox
from local.users import DemoUsers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LOCAL_FOLDER: Final = REPOSITORY / ".local"
"""What the embedded run leaves in the repository: logs, and `run.json` while `make run` serves."""

DELIVERABLE_DOMAIN: Final = "example.com"
"""Mail to this domain is taken; to every other domain SES, being in its sandbox, refuses to send."""

_STRIPE_KEY: Final = "sk_test_embedded"
"""Any key of this form will do for the stand-in: it is no secret."""

STRIPE_WEBHOOK_SECRET: Final = "whsec_embedded"  # noqa: S105 - the stand-in signs with it, nobody else

_STRIPE_TIMEOUT_SECONDS: Final = 30.0

Progress = Callable[[str], AbstractContextManager[None]]
"""Called with the name of each phase of the set-up; the phase lasts as long as the context."""


@dataclass(frozen=True)
class World:
    """The app in the embedded run.

    Attributes:
        aws: A boto3 session that talks to the emulator: `world.aws.client("dynamodb")`.
        api_url: Where the REST API is.
        stripe_url: Where the Stripe stand-in is.
        stripe: Steers and questions the stand-in.
        faults: Steers and questions the proxy between the functions and AWS and Stripe.
        cdk_context: Settings that the app was deployed with; see `stacks.settings`.
        outputs: The stacks' outputs by name.
        logs: The folder with the logs of all processes.
        users: Who can sign in.
        shop: The REST API.
        emulator: The emulated AWS itself.
        services: What must be alive.
    """

    aws: EmulatorSession
    api_url: str
    stripe_url: str
    stripe: StandInClient
    faults: FaultProxyClient
    cdk_context: Mapping[str, str]
    outputs: Mapping[str, str]
    logs: Path
    users: DemoUsers
    shop: DemoShop
    emulator: Emulator
    services: tuple[Emulator | ChildProcess, ...]

    @property
    def endpoint_url(self) -> str:
        """Where the emulator is."""
        return self.aws.endpoint_url

    @property
    def region(self) -> str:
        """The region that everything is in."""
        return REGION

    @property
    def state_machine_arn(self) -> str:
        """The saga."""
        return self.outputs["StateMachineArn"]

    @property
    def tables(self) -> dict[str, str]:
        """The tables' names."""
        return {
            "orders": self.outputs["OrdersTableName"],
            "inventory": self.outputs["InventoryTableName"],
            "idempotency": self.outputs["IdempotencyTableName"],
            "audit": self.outputs["AuditTableName"],
        }

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """One client for all who look at records again and again; threads may share it."""
        return self.aws.client("dynamodb")

    @cached_property
    def executions(self) -> SagaControl:
        """The executions of the saga."""
        return SagaControl(self.aws.client("stepfunctions"), self.state_machine_arn)

    @cached_property
    def audit_trail(self) -> AuditTrail:
        """The events that came through the bus."""
        return AuditTrail(self.aws, self.tables["audit"])

    @cached_property
    def mailbox(self) -> Mailbox:
        """The mail that SES took."""
        return Mailbox(self.aws)

    @cached_property
    def function_logs(self) -> FunctionLogs:
        """What the functions logged."""
        return FunctionLogs(self.aws)

    def ensure_alive(self) -> None:
        """Check that nothing has died meanwhile.

        Raises:
            StartFailed: Something has; names it, with the end of its log.
        """
        for service in self.services:
            service.ensure_alive()


def quiet(_phase: str) -> AbstractContextManager[None]:
    """A `Progress` that nobody sees."""
    return nullcontext()


@contextmanager
def spoken(phase: str) -> Iterator[None]:
    """A `Progress` for a person: each phase's name, and then how many seconds it took."""
    sys.stdout.write(f"{phase} ... ")
    sys.stdout.flush()
    start = time.monotonic()
    try:
        yield
    except BaseException:
        sys.stdout.write("\n")
        raise
    sys.stdout.write(f"{time.monotonic() - start:.1f} s\n")
    sys.stdout.flush()


@contextmanager
def embedded_world(
    name: str,
    *,
    port: int | None = None,
    progress: Progress = quiet,
    wait_scale: float = 0.1,
    payment_deadline_seconds: int = 900,
) -> Iterator[World]:
    """Start everything, deploy the app, load the sample stock; stop everything at the end.

    Any number of them can be there at once, if each has its own port.

    Args:
        name: The name of its folder for logs.
        port: Where the emulated AWS shall listen; None for any free port.
        progress: Told about the phases of the set-up.
        wait_scale: What every wait and retry delay of a state machine is multiplied by.
        payment_deadline_seconds: How long a customer has to approve a payment.

    Raises:
        StartFailed: Something can't start; the message is for a person. No process is left behind.
    """
    if port is not None and not is_free(port):
        raise StartFailed(
            f"port {port} is taken: stop what listens there, or choose another one: make run PORT=4600"
        )
    port = port or free_port()
    with ExitStack() as stack:
        processes = stack.enter_context(process_group(LOCAL_FOLDER / name))
        deployment = Deployment(processes, port)
        services: tuple[Emulator | ChildProcess, ...] = ()
        emulator: Emulator | None = None
        try:
            with progress("Starting MiniStack and the Stripe stand-in"):
                stripe, stripe_url = _start_stripe(processes)
                proxy = _start_fault_proxy(processes, aws_url=endpoint_url(port), stripe_url=stripe_url)
                emulator = Emulator(processes, port, seen_by_functions=proxy.aws_url, wait_scale=wait_scale)
                services = (emulator, stripe, proxy.process)
                context = {
                    "stripe_api_base": proxy.stripe_url,
                    "payment_deadline_seconds": str(payment_deadline_seconds),
                }
                synthesis = deployment.start_synthesis(context)
                emulator.await_ready()
                await_answer(stripe, f"{stripe_url}/payments", timeout_seconds=_STRIPE_TIMEOUT_SECONDS)
                await_answer(
                    proxy.process, f"{proxy.control_url}/calls", timeout_seconds=_STRIPE_TIMEOUT_SECONDS
                )
            with progress("Bootstrapping the CDK"):
                deployment.bootstrap()
            with progress("Synthesizing the app"):
                deployment.await_synthesis(synthesis)
            with progress("Deploying the stacks"):
                outputs = deployment.deploy()
            with progress("Loading the sample stock"):
                aws = EmulatorSession(endpoint_url(port))
                api_url = local_api_url(aws.endpoint_url, outputs["ApiUrl"])
                users = DemoUsers(aws, pool_id=outputs["UserPoolId"], client_id=outputs["UserPoolClientId"])
                shop = stack.enter_context(closing(DemoShop(api_url, users)))
                stand_in = stack.enter_context(StandInClient(stripe_url))
                faults = stack.enter_context(FaultProxyClient(proxy.control_url))
                world = World(
                    *(aws, api_url, stripe_url, stand_in, faults, context, outputs),
                    *(processes.logs, users, shop, emulator, services),
                )
                _open_shop(world)
        except (StartFailed, BotoCoreError, ClientError, CommandFailed, httpx.HTTPError) as error:
            # The error is often only a consequence of a service or a function that does not run.
            for service in services:
                service.ensure_alive()
            raise StartFailed((emulator and emulator.start_failure()) or str(error)) from error
        yield world


def _start_stripe(processes: ProcessGroup) -> tuple[ChildProcess, str]:
    port = free_port()
    command = [sys.executable, "-m", "local.stripe_stand_in", "--port", str(port)]
    stripe = processes.start(
        "The Stripe stand-in", command, log="stripe", environ=inherited_environment(), cwd=REPOSITORY
    )
    return stripe, f"http://127.0.0.1:{port}"


@dataclass(frozen=True)
class _FaultProxy:
    """The proxy's process, and where it listens: two ports for the functions, one for us."""

    process: ChildProcess
    aws_url: str
    stripe_url: str
    control_url: str


def _start_fault_proxy(processes: ProcessGroup, *, aws_url: str, stripe_url: str) -> _FaultProxy:
    ports = {"aws": free_port(), "stripe": free_port(), "control": free_port()}
    options = [f"--{name}-port={port}" for name, port in ports.items()]
    command = [sys.executable, "-m", "local.fault_proxy", f"--aws={aws_url}", f"--stripe={stripe_url}"]
    process = processes.start(
        "The fault proxy",
        [*command, *options],
        log="faults",
        environ=inherited_environment(),
        cwd=REPOSITORY,
    )
    aws, stripe, control = (f"http://127.0.0.1:{port}" for port in ports.values())
    return _FaultProxy(process, aws, stripe, control)


def local_api_url(endpoint: str, deployed_url: str) -> str:
    """Where the emulator serves a REST API that is deployed as `https://ID.execute-api.../STAGE/`."""
    parts = urlsplit(deployed_url)
    api_id = parts.netloc.partition(".")[0]
    return f"{endpoint}/restapis/{api_id}/{parts.path.strip('/')}/_user_request_"


def _open_shop(world: World) -> None:
    """Do what an operator does once after the first deployment."""
    secrets = world.aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=world.outputs["StripeSecretId"], SecretString=_STRIPE_KEY)
    secrets.put_secret_value(
        SecretId=world.outputs["StripeWebhookSecretId"], SecretString=STRIPE_WEBHOOK_SECRET
    )
    world.stripe.set_webhook(f"{world.api_url}/webhooks/stripe", STRIPE_WEBHOOK_SECRET)

    ses = world.aws.client("sesv2")
    ses.create_email_identity(EmailIdentity=DELIVERABLE_DOMAIN)
    ses.put_account_details(
        MailType="TRANSACTIONAL",
        WebsiteURL=f"https://{DELIVERABLE_DOMAIN}",
        ProductionAccessEnabled=False,
    )

    for sku, product in SAMPLE_STOCK.items():
        world.shop.stock(sku, product)
