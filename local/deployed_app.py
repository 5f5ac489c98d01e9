"""The app where it is deployed: its API, and what an operator with AWS credentials can read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

import boto3

from local.demo_shop import DemoShop
from local.saga_control import SagaControl
from local.traces import AuditTrail, deserialized
from local.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")


@dataclass(frozen=True)
class DeployedApp:
    """A deployed app.

    Attributes:
        aws: A boto3 session for its account and region.
        api_url: URL of the REST API.
        outputs: The stacks' outputs by name.
        shop: The REST API, called by a customer.
    """

    aws: boto3.Session
    api_url: str
    outputs: Mapping[str, str]
    shop: DemoShop

    @property
    def state_machine_arn(self) -> str:
        """ARN of the saga's state machine."""
        return self.outputs["StateMachineArn"]

    @property
    def tables(self) -> dict[str, str]:
        """Names of the tables."""
        return {
            "orders": self.outputs["OrdersTableName"],
            "inventory": self.outputs["InventoryTableName"],
            "idempotency": self.outputs["IdempotencyTableName"],
            "audit": self.outputs["AuditTableName"],
            "picks": self.outputs["PicksTableName"],
        }

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """A client that all readers of records share, in any thread."""
        return self.aws.client("dynamodb")

    @cached_property
    def executions(self) -> SagaControl:
        """The executions of the saga."""
        return SagaControl(self.aws.client("stepfunctions"), self.state_machine_arn)

    @cached_property
    def audit_trail(self) -> AuditTrail:
        """The events that the bus has delivered."""
        return AuditTrail(self.aws, self.tables["audit"])

    def signed_in(self, name: str) -> Self:
        """The same app, whose shop is called by a demo user."""
        return replace(self, shop=self.shop.signed_in(name))

    def wait_for(
        self, look: Callable[[], T | None], what: str, *, timeout_seconds: float, pause_seconds: float = 0.05
    ) -> T:
        """Call `look` until it returns something; see `local.waiting.wait_for`."""
        return wait_for(look, what, timeout_seconds=timeout_seconds, pause_seconds=pause_seconds)

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.tables[table], ConsistentRead=True
        )
        return [deserialized(item) for page in pages for item in page["Items"]]

    def order_record(self, order_id: str) -> dict[str, Any] | None:
        """An order's record; None if there is none."""
        return self._item_of("orders", order_id)

    def pick(self, order_id: str) -> dict[str, Any] | None:
        """An order's item in the pick list; None if there is none."""
        return self._item_of("picks", order_id)

    def order_events(self, order_id: str) -> list[str]:
        """The types of an order's events that the bus has delivered to the audit, oldest first."""
        return [str(event["event"]) for event in self.audit_trail.events(order_id)]

    def _item_of(self, table: str, order_id: str) -> dict[str, Any] | None:
        """The item of an order in a table; None if there is none."""
        answer = self.dynamodb.get_item(
            TableName=self.tables[table], Key={"order_id": {"S": order_id}}, ConsistentRead=True
        )
        return deserialized(answer["Item"]) if "Item" in answer else None
