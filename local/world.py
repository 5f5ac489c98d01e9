"""The embedded run: AWS, Stripe and the deployed app on this machine, as one context manager."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Timer
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandFailed
from lambdas.domain.vocabulary import STRIPE_EVENTS, Capture
from local.catalogue import SAMPLE_STOCK
from local.demo_shop import DemoShop
from local.deploy import CDK_TIMEOUT_SECONDS, Deployment
from local.deployed_app import DeployedApp
from local.emulator import (
    CONCURRENT_INVOCATIONS,
    REGION,
    Emulator,
    EmulatorSession,
    await_answer,
    endpoint_url,
)
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
from local.stripe_stand_in.stand_in_client import StandInClient
from local.traces import FunctionLogs, Mailbox
from local.users import DELIVERABLE_DOMAIN, DemoUsers

LOCAL_FOLDER: Final = REPOSITORY / ".local"
"""Folder for the embedded run's logs, and for `run.json` while `make run` serves."""

_STRIPE_KEY: Final = "sk_test_embedded"
"""The stand-in accepts any key of this form, so it is no secret."""

STRIPE_WEBHOOK_SECRET: Final = "whsec_embedded"  # noqa: S105 - only the stand-in signs with it

_READY_TIMEOUT_SECONDS: Final = 30.0

Progress = Callable[[str], AbstractContextManager[None]]
"""Called with the name of each phase of the set-up; returns a context that lasts as long as the phase."""


@dataclass(frozen=True)
class World(DeployedApp):
    """The app in the embedded run.

    Attributes:
        aws: A boto3 session that uses the emulator: `world.aws.client("dynamodb")`.
        users: The users who can sign in.
        stripe_url: URL of the Stripe stand-in.
        stripe: Controls and inspects the stand-in.
        faults: Controls and inspects the proxy between the functions and AWS and Stripe.
        stage_settings: Settings that the app was deployed with; see `FILE_KEYS` of `stacks.settings`.
        logs: Folder with the logs of all processes.
        emulator: The process of the emulated AWS.
        services: The processes that must not end.
    """

    aws: EmulatorSession
    users: DemoUsers
    stripe_url: str
    stripe: StandInClient
    faults: FaultProxyClient
    stage_settings: Mapping[str, str | int]
    logs: Path
    emulator: Emulator
    services: tuple[Emulator | ChildProcess, ...]

    @property
    def endpoint_url(self) -> str:
        """URL of the emulator."""
        return self.aws.endpoint_url

    @property
    def region(self) -> str:
        """The region of all resources."""
        return REGION

    @cached_property
    def mailbox(self) -> Mailbox:
        """The mail that SES accepted."""
        return Mailbox(self.aws)

    @cached_property
    def function_logs(self) -> FunctionLogs:
        """The logs of the functions."""
        return FunctionLogs(self.aws)

    def subjects_of_mail(self, address: str, order_id: str) -> list[str]:
        """The subjects of the mails to an address about an order, oldest first."""
        return [mail.subject for mail in self.mailbox.messages_to(address) if order_id in mail.text]

    def update_item(self, table: str, **update: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the parameters of UpdateItem
        """Update an item of a table, past the app."""
        return self.dynamodb.update_item(TableName=self.tables[table], **update)

    @contextmanager
    def capturing(self, capture: Capture) -> Iterator[None]:
        """Take the money of the orders that are placed while the context lasts at another time.

        The setting of the stage reaches only the functions that accept orders.
        """
        functions, name = self.aws.client("lambda"), "orders-local-submit_order"
        before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        if before["CAPTURE"] == capture:
            yield
            return
        changed = {**before, "CAPTURE": capture}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
        try:
            yield
        finally:
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})

    def after(self, seconds: float, act: Callable[[], object]) -> Timer:
        """Let something happen after some seconds, in another thread."""
        timer = Timer(seconds, act)
        timer.start()
        return timer

    def register_webhook(self) -> None:
        """Let Stripe deliver events to the app: those of a stage's endpoint, and no others."""
        self.stripe.set_webhook(f"{self.api_url}/webhooks/stripe", STRIPE_WEBHOOK_SECRET, STRIPE_EVENTS)

    def ensure_alive(self) -> None:
        """Check that no service has ended.

        Raises:
            StartFailed: One has ended; the message contains its name and the end of its log.
        """
        for service in self.services:
            service.ensure_alive()


def quiet(_phase: str) -> AbstractContextManager[None]:
    """A `Progress` that prints nothing."""
    return nullcontext()


@contextmanager
def spoken(phase: str) -> Iterator[None]:
    """A `Progress` that prints the name of each phase, and then its duration."""
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
def embedded_world(  # noqa: PLR0913 - settings, by name
    name: str,
    *,
    port: int | None = None,
    progress: Progress = quiet,
    wait_scale: float = 0.1,
    payment_deadline_seconds: int = 900,
    charge_rate: int | None = None,
    concurrent_invocations: int = CONCURRENT_INVOCATIONS,
    app: Path = REPOSITORY,
) -> Iterator[World]:
    """Start everything, deploy the app and load the sample stock; stop everything at the end.

    Several worlds can run at once, each on its own port.

    Args:
        name: Name of the folder for its logs.
        port: Port of the emulated AWS; any free port if it is None.
        progress: Shows the phases of the set-up.
        wait_scale: Factor for every wait and retry delay of a state machine.
        payment_deadline_seconds: Time in which a customer can approve a payment.
        charge_rate: Charges that begin in a second; None for the default of the stage.
        concurrent_invocations: Invocations of functions at once; further ones are throttled.
        app: The folder of the app; by default this repository, or else that of another release.

    Raises:
        StartFailed: Something can't start; the message is written for a person. No process is left behind.
    """
    if port is not None and not is_free(port):
        raise StartFailed(
            f"port {port} is in use: stop the program that uses it, or choose another: make run PORT=4600"
        )
    port = port or free_port()
    with ExitStack() as stack:
        processes = stack.enter_context(process_group(LOCAL_FOLDER / name))
        deployment = Deployment(processes, port, app)
        services: tuple[Emulator | ChildProcess, ...] = ()
        emulator: Emulator | None = None
        try:
            with progress("Starting MiniStack and the Stripe stand-in"):
                stripe, stripe_url = _start_stripe(processes)
                proxy = start_fault_proxy(processes, aws_url=endpoint_url(port), stripe_url=stripe_url)
                emulator = Emulator(
                    processes,
                    port,
                    seen_by_functions=proxy.aws_url,
                    wait_scale=wait_scale,
                    concurrent_invocations=concurrent_invocations,
                )
                services = (emulator, stripe, proxy.process)
                settings: Mapping[str, str | int] = {
                    "stripe_api_base": proxy.stripe_url,
                    "payment_deadline_seconds": payment_deadline_seconds,
                    **({"charge_rate": charge_rate} if charge_rate else {}),
                }
                synthesis = deployment.start_synthesis(settings)
                emulator.await_ready()
                await_answer(stripe, f"{stripe_url}/payments", timeout_seconds=_READY_TIMEOUT_SECONDS)
                await_answer(
                    proxy.process, f"{proxy.control_url}/calls", timeout_seconds=_READY_TIMEOUT_SECONDS
                )
            with progress("Bootstrapping the CDK"):
                deployment.bootstrap()
            with progress("Synthesizing the app"):
                synthesis.finish(timeout_seconds=CDK_TIMEOUT_SECONDS)
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
                    *(aws, api_url, outputs, shop, users, stripe_url, stand_in),
                    *(faults, settings, processes.logs, emulator, services),
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
class FaultProxy:
    """The proxy's process and its URLs: two for the functions, one to control it."""

    process: ChildProcess
    aws_url: str
    stripe_url: str
    control_url: str


def start_fault_proxy(processes: ProcessGroup, *, aws_url: str, stripe_url: str) -> FaultProxy:
    """Start the proxy in front of an AWS and a Stripe."""
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
    return FaultProxy(process, aws, stripe, control)


def local_api_url(endpoint: str, deployed_url: str) -> str:
    """The URL at which the emulator serves the REST API `https://ID.execute-api.../STAGE/`."""
    parts = urlsplit(deployed_url)
    api_id = parts.netloc.partition(".")[0]
    return f"{endpoint}/restapis/{api_id}/{parts.path.strip('/')}/_user_request_"


def _open_shop(world: World) -> None:
    """Set up what an operator sets up once, after the first deployment."""
    secrets = world.aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=world.outputs["StripeSecretId"], SecretString=_STRIPE_KEY)
    secrets.put_secret_value(
        SecretId=world.outputs["StripeWebhookSecretId"], SecretString=STRIPE_WEBHOOK_SECRET
    )
    world.register_webhook()

    world.aws.client("sesv2").create_email_identity(EmailIdentity=DELIVERABLE_DOMAIN)
    world.shop.stock_all(SAMPLE_STOCK)
