"""A deployed stage, prepared for a run: with products and users of its own, which are removed afterwards."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import boto3
import httpx
from playwright.sync_api import Browser
from typing_extensions import override

from cli.aws import StageOutputs, aws_errors, chosen_region, outputs_of
from cli.errors import NotFound, Refused, WrongUsage
from lambdas.domain.vocabulary import SERVICE, Capture
from local.catalogue import SAMPLE_STOCK
from local.demo_shop import DemoShop, SignsIn
from local.deployed_app import DeployedApp
from local.saga_control import SagaControl
from local.traces import deserialized
from local.users import OPERATOR, DemoUsers
from local.world import spoken
from proof.acceptance.stage_users import GivenUsers, address_for, given_users
from proof.acceptance.stripe_sandbox import StripeSandbox, is_sandbox_key, sandbox_client
from proof.promises import AT_REST

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

T = TypeVar("T")

STRIPE_KEY_VARIABLE: Final = "STRIPE_API_KEY"
"""Environment variable with a secret key to use instead of the stage's."""

_STACKS: Final = ("identity", "data", "saga", "events", "api")
_PATIENCE: Final = 4
"""A deployed stage may take so many times as long as the embedded run: cold starts, and the bank's page."""
_PAUSE_SECONDS: Final = 0.5
"""Between two looks: AWS allows 15 descriptions of executions a second, the firewall 600 requests a user."""
_EXECUTION_SECONDS: Final = 240.0
_CLOCKS_DIFFER_SECONDS: Final = 60


@dataclass(frozen=True)
class StageAddress:
    """Where a stage is.

    Attributes:
        name: Name of the stage.
        url: URL of its API, instead of that in the outputs of its stacks.
        stripe_url: URL of the Stripe API, instead of Stripe's.
    """

    name: str
    url: str | None = None
    stripe_url: str | None = None


class PlacedOrders(httpx.BaseTransport):
    """Sends requests, and remembers the orders that the shop has accepted.

    Attributes:
        ids: Their ids, the oldest first.
    """

    def __init__(self) -> None:
        self._http = httpx.HTTPTransport()
        self.ids: list[str] = []

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._http.handle_request(request)
        is_submission = request.method == "POST" and request.url.path.endswith("/orders")
        if is_submission and response.status_code == httpx.codes.ACCEPTED:
            response.read()
            if (order_id := response.json()["order_id"]) not in self.ids:
                self.ids.append(order_id)
        return response

    @override
    def close(self) -> None:
        self._http.close()


class StageExecutions(SagaControl):
    """The saga's executions, read at the pace that AWS allows.

    Args:
        client: Step Functions.
        state_machine_arn: The saga.
        operator: The shop, called by an operator.
    """

    def __init__(self, client: Any, state_machine_arn: str, operator: DemoShop) -> None:  # noqa: ANN401 - boto3's
        super().__init__(client, state_machine_arn)
        self._operator = operator

    @override
    def names(self, order_id: str = "", *, running: bool = False) -> list[str]:
        """The names of an order's executions, oldest first, as the API lists them."""
        return [each["name"] for each in self._operator.list_executions(order_id)["executions"]]

    @override
    def wait_until_ended(
        self,
        name: str,
        *,
        timeout_seconds: float = _EXECUTION_SECONDS,
        pause_seconds: float = _PAUSE_SECONDS,
    ) -> "ExecutionStatusType":
        return super().wait_until_ended(name, timeout_seconds=timeout_seconds, pause_seconds=pause_seconds)


@dataclass(frozen=True)
class AcceptedStage(DeployedApp):
    """A deployed stage, of which only what the run has made is seen.

    Attributes:
        stripe: Stripe's sandbox.
        placed: The orders of the run.
        prefix: Beginning of the SKUs of the run.
    """

    stripe: StripeSandbox
    placed: PlacedOrders
    prefix: str

    @property
    def capture(self) -> Capture:
        """When the money of new orders is taken."""
        return Capture(self.outputs["Capture"])

    @contextmanager
    def capturing(self, capture: Capture) -> Iterator[None]:
        """Nothing changes: a stage keeps its setting.

        Raises:
            ValueError: The setting is another one.
        """
        if capture is not self.capture:
            raise ValueError(f"the stage captures {self.capture}, not {capture}")
        yield

    @cached_property
    @override
    def executions(self) -> StageExecutions:
        client = self.aws.client("stepfunctions")
        return StageExecutions(client, self.state_machine_arn, self.shop.signed_in(OPERATOR))

    @override
    def wait_for(
        self,
        look: Callable[[], T | None],
        what: str,
        *,
        timeout_seconds: float,
        pause_seconds: float = _PAUSE_SECONDS,
    ) -> T:
        """Call `look` until it returns something, with more patience than in the embedded run."""
        return super().wait_for(
            look, what, timeout_seconds=timeout_seconds * _PATIENCE, pause_seconds=pause_seconds
        )

    @override
    def items(self, table: str) -> list[dict[str, Any]]:
        """The orders of the run, their events, or its products."""
        if table == "orders":
            records = [self.order_record(order_id) for order_id in self.placed.ids]
            return [record for record in records if record is not None]
        if table == "audit":
            return [event for order_id in self.placed.ids for event in self.audit_trail.events(order_id)]
        name = self.tables[table]
        answers = (
            self.dynamodb.get_item(
                TableName=name, Key={"sku": {"S": f"{self.prefix}{sku}"}}, ConsistentRead=True
            )
            for sku in SAMPLE_STOCK
        )
        return [deserialized(answer["Item"]) for answer in answers if "Item" in answer]

    def subjects_of_mail(self, _address: str, _order_id: str) -> list[str]:
        """Nothing: the mail of a deployed stage can't be read."""
        return []


@contextmanager
def prepared_stage(address: StageAddress, browser: Browser) -> Iterator[AcceptedStage]:
    """Find a stage, and give it products and users for a run; remove them afterwards.

    Raises:
        Unavailable: The stage was not found with the caller's AWS credentials.
        WrongUsage: The stage's Stripe key is not that of a sandbox.
    """
    with ExitStack() as cleanup:
        aws = boto3.Session(region_name=chosen_region())
        with aws_errors(f"The stage {address.name} was not found"):
            outputs = outputs_of(address.name, *_STACKS)
        key = _sandbox_key(aws, outputs["StripeSecretId"])
        prefix = f"ACCEPT-{secrets.token_hex(4).upper()}-"
        api_url = address.url or outputs["ApiUrl"]
        where = StageOutputs(api_url, outputs["UserPoolClientId"])
        users = _users(aws, where, outputs["UserPoolId"], prefix, cleanup)
        placed = PlacedOrders()
        shop = cleanup.enter_context(closing(DemoShop(api_url, users, transport=placed)))
        app = DeployedApp(aws, api_url, outputs, shop)
        sandbox = StripeSandbox(
            sandbox_client(key, address.stripe_url),
            service=f"{SERVICE}-{address.name}",
            since=int(time.time()) - _CLOCKS_DIFFER_SECONDS,
            is_of_others=lambda order_id: order_id not in placed.ids and bool(app.order_record(order_id)),
            browser=browser,
        )
        stage = AcceptedStage(aws, api_url, outputs, shop, sandbox, placed, prefix)
        with spoken(f"Adding products {prefix}..."):
            for sku, fields in SAMPLE_STOCK.items():
                cleanup.callback(_take_off_sale, stage, f"{prefix}{sku}")
                shop.stock(f"{prefix}{sku}", fields)
        cleanup.callback(_cancel_open_orders, stage)
        yield stage


def _sandbox_key(aws: boto3.Session, secret_id: str) -> str:
    key = os.environ.get(STRIPE_KEY_VARIABLE)
    if not key:
        with aws_errors("Stripe's secret key can't be read"):
            key = aws.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    if not is_sandbox_key(key):
        raise WrongUsage(
            "Stripe's secret key is not that of a sandbox", "It must begin with sk_test_ or rk_test_."
        )
    return key


def _users(aws: boto3.Session, where: StageOutputs, pool_id: str, prefix: str, cleanup: ExitStack) -> SignsIn:
    """The users that the caller gives, or new ones, who are deleted in the end."""
    if given := given_users():
        return GivenUsers(where, given)
    users = DemoUsers(aws, pool_id=pool_id, client_id=where.client_id, address=partial(address_for, prefix))
    cleanup.callback(users.delete)
    return users


def _take_off_sale(stage: AcceptedStage, sku: str) -> None:
    """Make a product inactive: orders name it, so it is not deleted."""
    with suppress(NotFound):  # it was not created
        stage.shop.signed_in(OPERATOR).patch_product(sku, {"active": False})


def _cancel_open_orders(stage: AcceptedStage) -> None:
    """Cancel what a failed run has left."""
    for order in stage.items("orders"):
        if order["status"] not in AT_REST:
            with suppress(Refused):  # it has come to rest
                stage.shop.signed_in(OPERATOR).cancel_order(order["order_id"])
