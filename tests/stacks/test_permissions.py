"""Each function has exactly the permissions in the tables below."""

from collections import defaultdict
from typing import Any

import pytest

from local.consumers import event_consumers
from stacks.names import pascal_case, queue_of
from statemachines.steps import STEP_FUNCTIONS
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

Permissions = dict[str, set[str]]

CHANGE_ORDER = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
READ_SECRET = {"secretsmanager:GetSecretValue"}
DO_ONCE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
WAKE = {"states:SendTaskSuccess", "states:SendTaskFailure"}

GRANTS: dict[str, Permissions] = {
    "submit_order": {"Orders.Arn": {"dynamodb:PutItem"}},
    "get_order": {"Orders.Arn": {"dynamodb:GetItem"}},
    "get_effects": {
        "Orders.Arn": {"dynamodb:GetItem"},
        "Audit.Arn": {"dynamodb:Query"},
        "StripeSecret.Id": READ_SECRET,
    },
    "get_story": {
        "Orders.Arn": {"dynamodb:GetItem"},
        "Audit.Arn": {"dynamodb:Query"},
        "the functions' logs": {"logs:StartQuery"},
        "*": {"logs:GetQueryResults", "logs:StopQuery"},
    },
    "list_orders": {
        "Orders.Arn": {"dynamodb:BatchGetItem"},
        "Orders.Arn/index/by_customer": {"dynamodb:Query"},
        "Orders.Arn/index/by_day": {"dynamodb:Query"},
        "Orders.Arn/index/by_reference": {"dynamodb:Query"},
        "Orders.Arn/index/unsettled": {"dynamodb:Query"},
        "CursorSecret.Id": READ_SECRET,
    },
    "list_executions": {
        "Orders.Arn": {"dynamodb:GetItem"},
        "the saga's executions": {"states:GetExecutionHistory"},
    },
    "cancel_order": {"Orders.Arn": CHANGE_ORDER},
    "retry_order": {"Orders.Arn": CHANGE_ORDER},
    "republish_events": {"Orders.Arn": CHANGE_ORDER},
    "fulfil_order": {"Orders.Arn": CHANGE_ORDER},
    "request_refund": {"Orders.Arn": CHANGE_ORDER},
    "settle_order": {"Orders.Arn": CHANGE_ORDER},
    "erase_customer": {
        "Orders.Arn": {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
        "Orders.Arn/index/by_customer": {"dynamodb:Query"},
    },
    "list_inventory": {"Inventory.Arn": {"dynamodb:Scan"}},
    "get_inventory": {"Inventory.Arn": {"dynamodb:GetItem"}},
    "put_inventory": {"Inventory.Arn": {"dynamodb:UpdateItem"}},
    "patch_inventory": {"Inventory.Arn": {"dynamodb:UpdateItem"}},
    "restock_inventory": {
        "Inventory.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "Idempotency.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    },
    "receive_stripe_webhook": {
        "Orders.Arn": CHANGE_ORDER,
        "Idempotency.Arn": DO_ONCE,
        "StripeSecret.Id": READ_SECRET,
        "StripeWebhookSecret.Id": READ_SECRET,
        "the saga": WAKE,
    },
    "enroll_customer": {"Users.Arn": {"cognito-idp:AdminAddUserToGroup"}},
    "start_saga": {"Saga": {"states:StartExecution"}},
    "recover_order": {"Orders.Arn": CHANGE_ORDER, "Saga": {"states:StartExecution"}},
    "publish_order_events": {"Bus.Arn": {"events:PutEvents"}},
    "audit_order_events": {"Audit.Arn": {"dynamodb:PutItem"}},
    "update_pick_list": {"Picks.Arn": {"dynamodb:PutItem", "dynamodb:UpdateItem"}},
    "record_mail_feedback": {"Orders.Arn": {"dynamodb:UpdateItem"}},
    "import_orders": {
        "Orders.Arn": {"dynamodb:PutItem"},
        "Import.Arn": {"s3:ListBucket"},
        "Import.Arn/incoming/*": {"s3:GetObject"},
        "Import.Arn/unfinished/*": {"s3:GetObject", "s3:PutObject"},
        "Import.Arn/results/*": {"s3:GetObject", "s3:PutObject"},
        "ImportOrdersQueue.Arn": {"sqs:SendMessage"},
        "Users.Arn": {"cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser"},
    },
    "mail_customers": {
        "Orders.Arn": {"dynamodb:GetItem"},
        "Idempotency.Arn": DO_ONCE,
        "*": {"ses:SendEmail"},
    },
    "validate_order": {
        "Orders.Arn": CHANGE_ORDER,
        "Orders.Arn/index/by_customer": {"dynamodb:Query"},
        "Inventory.Arn": {"dynamodb:BatchGetItem"},
    },
    "charge_payment": {
        "Orders.Arn": CHANGE_ORDER,
        "Inventory.Arn": {"dynamodb:BatchGetItem"},
        "Idempotency.Arn": {"dynamodb:UpdateItem"},
        "StripeSecret.Id": READ_SECRET,
    },
    "await_payment": {"Orders.Arn": CHANGE_ORDER, "StripeSecret.Id": READ_SECRET, "the saga": WAKE},
    "expire_payment": {"Orders.Arn": CHANGE_ORDER, "StripeSecret.Id": READ_SECRET},
    "reserve_inventory": {"Orders.Arn": CHANGE_ORDER, "Inventory.Arn": {"dynamodb:UpdateItem"}},
    "notify_customer": {
        "Orders.Arn": CHANGE_ORDER,
        "Idempotency.Arn": DO_ONCE,
        "*": {"ses:SendEmail"},
    },
    "capture_payment": {"Orders.Arn": CHANGE_ORDER, "StripeSecret.Id": READ_SECRET},
    "refund_lines": {"Orders.Arn": CHANGE_ORDER, "StripeSecret.Id": READ_SECRET},
    "restock_lines": {"Orders.Arn": CHANGE_ORDER, "Inventory.Arn": {"dynamodb:UpdateItem"}},
    "release_inventory": {"Orders.Arn": CHANGE_ORDER, "Inventory.Arn": {"dynamodb:UpdateItem"}},
    "refund_payment": {"Orders.Arn": CHANGE_ORDER, "StripeSecret.Id": READ_SECRET},
    "close_order": {"Orders.Arn": CHANGE_ORDER},
    "flag_for_operator": {"Orders.Arn": CHANGE_ORDER},
    "take_turn": {"the reconciliation": {"states:ListExecutions"}},
    "reconcile_orders": {
        "Orders.Arn": {*CHANGE_ORDER, "dynamodb:BatchGetItem"},
        "Orders.Arn/index/unsettled": {"dynamodb:Query"},
        "Saga": {"states:StartExecution"},
        "the saga's executions": {"states:DescribeExecution"},
    },
    "reconcile_payments": {
        "Orders.Arn": {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
        "Orders.Arn/index/by_day": {"dynamodb:Query"},
        "Orders.Arn/index/uncaptured": {"dynamodb:Query"},
        "StripeSecret.Id": READ_SECRET,
        "Saga": {"states:StartExecution"},
        "the saga's executions": {"states:DescribeExecution"},
    },
    "reconcile_stock": {
        "Orders.Arn": {"dynamodb:BatchGetItem"},
        "Orders.Arn/index/by_day": {"dynamodb:Query"},
        "Inventory.Arn": {"dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
    },
}

GRANTS |= {name: {"Idempotency.Arn": DO_ONCE} for name in event_consumers() if name not in GRANTS}
"""A consumer that is not in the table above acts once for each event, and may do nothing else."""

ONLY_IN_THE_CLOUD = {"enroll_customer"}
"""Functions of the table that the local stage does not have."""

READ_STREAM = {
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
}
PARK = {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
RECEIVE = {
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
    *("sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
}

TRIGGERS: dict[str, Permissions] = {
    "start_saga": {"Orders.StreamArn": READ_STREAM, "UnstartedOrders.Arn": PARK},
    "publish_order_events": {"Orders.StreamArn": READ_STREAM, "ParkedEvents.Arn": PARK},
    **{name: {f"{queue_of(name)}.Arn": RECEIVE} for name in event_consumers()},
    "recover_order": {"EndedExecutions.Arn": RECEIVE},
}

WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}

CALLED_BY = {
    "Saga": STEP_FUNCTIONS,
    "Reconciliation": ("take_turn", "reconcile_orders", "reconcile_payments", "reconcile_stock"),
}


def role_of(function: dict[str, Any]) -> str:
    return readable(function["Role"]).removesuffix(".Arn")


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(stage: Synthesis, role: str | None = None) -> list[dict[str, Any]]:
    """The statements of the policies of a role, or of all roles."""
    return [
        statement
        for policy in stage.named("AWS::IAM::Policy").values()
        if role in {None, *map(readable, policy["Roles"])}
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def permissions(stage: Synthesis, role: str) -> Permissions:
    """The actions that a role may take, by resource."""
    found: Permissions = defaultdict(set)
    for statement in statements(stage, role):
        for resource in as_list(statement["Resource"]):
            found[readable(resource)] |= set(as_list(statement["Action"]))
    return dict(found)


def expected(stage: Synthesis, function: str) -> Permissions:
    saga = f"arn:AWS::Partition:states:{stage.environment}:stateMachine:orders-{stage.stage}-saga"
    names = {
        "the reconciliation": saga.replace("-saga", "-reconciliation"),
        "the saga": saga if stage.stage != "local" else "*",  # see `wake_saga`
        "the functions' logs": (
            f"arn:AWS::Partition:logs:{stage.environment}:log-group:/aws/lambda/orders-{stage.stage}-*"
            if stage.stage != "local"
            else "*"
        ),
        "the saga's executions": f"{saga.replace(':stateMachine:', ':execution:')}:*",
    }
    log = f"{pascal_case(function)}Logs.Arn"
    found: Permissions = defaultdict(set, {log: set(WRITE_LOG), "*": set(TRACE)})
    for source in (GRANTS[function], TRIGGERS.get(function, {})):
        for resource, actions in source.items():
            found[names.get(resource, resource)] |= actions
    return dict(found)


def test_every_function_is_in_the_table(stage: Synthesis) -> None:
    absent = ONLY_IN_THE_CLOUD if stage.stage == "local" else set()

    assert stage.functions().keys() == GRANTS.keys() - absent


def test_a_function_has_the_permissions_in_the_table_only(stage: Synthesis) -> None:
    for name, function in stage.functions().items():
        assert permissions(stage, role_of(function)) == expected(stage, name), name


def test_every_function_has_its_own_role(stage: Synthesis) -> None:
    roles = [role_of(function) for function in stage.functions().values()]

    assert len(set(roles)) == len(roles)


def test_only_the_log_role_of_the_account_has_a_managed_policy(stage: Synthesis) -> None:
    managed = [role for role in stage.resources("AWS::IAM::Role") if role.properties.get("ManagedPolicyArns")]

    assert [role.name for role in managed] == ["ApiCloudWatchRole"]


@pytest.mark.parametrize("machine", CALLED_BY)
def test_a_machine_may_call_its_own_functions_only(stage: Synthesis, machine: str) -> None:
    may = permissions(stage, f"{machine}Role")

    on_everything = may.pop("*")
    functions = [f"{pascal_case(name)}.Arn" for name in CALLED_BY[machine]]
    # Executions under way call the version with which they began, and those of earlier releases call none.
    versions = [f"{arn}:*" for arn in functions] if machine == "Saga" and stage.stage != "local" else []
    assert may == {arn: {"lambda:InvokeFunction"} for arn in functions + versions}
    assert {action.partition(":")[0] for action in on_everything} == {"logs", "xray"}


def test_mail_is_sent_from_the_address_of_the_sender_only(prod: Synthesis) -> None:
    sending = [each for each in statements(prod) if each["Action"] == "ses:SendEmail"]

    assert len(sending) == len([grants for grants in GRANTS.values() if grants.get("*") == {"ses:SendEmail"}])
    for statement in sending:
        assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": "shop@example.org"}}


def test_no_action_is_a_wildcard(stage: Synthesis) -> None:
    actions = [action for each in statements(stage) for action in as_list(each["Action"])]

    assert actions
    assert not [action for action in actions if "*" in action]
