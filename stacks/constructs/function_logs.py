"""The grant to search the logs of the functions that work on orders."""

from typing import Final

from aws_cdk import ArnFormat, Stack
from aws_cdk.aws_logs import RetentionDays
from constructs import Construct

from stacks.constructs.build_folder import PROJECT
from stacks.constructs.grant import Grant, allow
from stacks.settings import StageSettings

_ROOMS: Final = ("api", "saga", "events", "recovery")
_OTHERS: Final = frozenset(
    {
        *("get_order", "get_effects", "get_story", "list_orders", "list_executions"),  # only read orders
        *("get_inventory", "list_inventory", "put_inventory", "patch_inventory", "restock_inventory"),
        *("reconcile_stock", "take_turn"),
    }
)
"""Functions whose lines do not belong to the story of an order."""

_DAYS: Final = {RetentionDays.ONE_DAY: 1, RetentionDays.ONE_WEEK: 7, RetentionDays.THREE_MONTHS: 90}


def functions_of_orders() -> list[str]:
    """The functions that work on orders, each as `room/name`; a query can search 50 log groups."""
    folders = (path.parent for room in _ROOMS for path in (PROJECT / "lambdas" / room).glob("*/handler.py"))
    return sorted(f"{each.parent.name}/{each.name}" for each in folders if each.name not in _OTHERS)


def search_function_logs(scope: Construct, settings: StageSettings) -> Grant:
    """Search the logs of these functions with CloudWatch Logs Insights."""
    prefix = f"/aws/lambda/orders-{settings.stage}-"
    groups = Stack.of(scope).format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{prefix}*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    region, account = settings.region or "<AWS::Region>", settings.account or "<AWS::AccountId>"
    finding = f"arn:<AWS::Partition>:logs:{region}:{account}:log-group:{prefix}*"
    return Grant(
        {
            "LOG_GROUP_PREFIX": prefix,
            "LOGGED_FUNCTIONS": " ".join(functions_of_orders()),
            "LOG_RETENTION_DAYS": str(_DAYS[settings.log_retention]),
        },
        [
            # The embedded AWS does not know which log groups a query names.
            allow("*" if settings.embedded else groups, "logs:StartQuery"),
            allow("*", "logs:GetQueryResults", "logs:StopQuery"),
        ],
        {
            f"AwsSolutions-IAM5[Resource::{finding}]": (
                "The wildcard matches the log groups of this stage's functions only."
            ),
            "AwsSolutions-IAM5[Resource::*]": "The actions on a query support no resource-level permissions.",
        },
    )
