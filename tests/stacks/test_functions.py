"""What all functions have in common."""

import re

import pytest

from stacks.settings import function_timeout_seconds
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

CLOUD_STAGES = ["dev", "prod"]

LOCAL_STARTUP_SECONDS = 15
"""How long a cold worker of the embedded AWS may take."""


@pytest.mark.parametrize("name", CLOUD_STAGES)
def test_in_the_cloud_functions_run_on_arm_with_one_layer(request: pytest.FixtureRequest, name: str) -> None:
    for function in request.getfixturevalue(name).functions().values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert list(map(readable, function["Layers"])) == ["Dependencies"]


def test_locally_functions_run_through_their_own_bootstrap_without_layers(local: Synthesis) -> None:
    for function in local.functions().values():
        assert function["Runtime"] == "provided.al2023"
        assert "Layers" not in function
        assert function["Timeout"] >= LOCAL_STARTUP_SECONDS


def test_every_function_has_memory_timeout_and_tracing(stage: Synthesis) -> None:
    for name, function in stage.functions().items():
        assert function["MemorySize"] == 512
        assert function["Timeout"] == function_timeout_seconds(name)
        assert function["TracingConfig"] == {"Mode": "Active"}


def test_every_function_is_called_like_its_folder(stage: Synthesis) -> None:
    for name, function in stage.functions().items():
        assert function["FunctionName"] == f"orders-{stage.stage}-{name}"
        assert re.fullmatch(
            rf"lambdas\.(api|saga|events|recovery)\.{name}\.handler\.handler", function["Handler"]
        )


def test_every_function_writes_to_a_log_group_of_its_own(stage: Synthesis) -> None:
    groups = {group.name: group.properties for group in stage.resources("AWS::Logs::LogGroup")}

    for function in stage.functions().values():
        group = groups[readable(function["LoggingConfig"]["LogGroup"])]
        assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"


def test_every_log_is_kept_as_long_as_the_stage_says(stage: Synthesis) -> None:
    days = {"local": 1, "dev": 7, "prod": 90}

    for group in stage.resources("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] == days[stage.stage], group.name


def test_what_lambda_logs_is_json_and_no_chatter(stage: Synthesis) -> None:
    for function in stage.functions().values():
        logging = function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert (logging["ApplicationLogLevel"], logging["SystemLogLevel"]) == ("INFO", "WARN")


ENVIRONMENT = {
    "submit_order": {"ORDERS_TABLE"},
    "get_order": {"ORDERS_TABLE"},
    "list_orders": {"ORDERS_TABLE", "CURSOR_SECRET_ID"},
    "cancel_order": {"ORDERS_TABLE"},
    "retry_order": {"ORDERS_TABLE"},
    "get_inventory": {"INVENTORY_TABLE"},
    "put_inventory": {"INVENTORY_TABLE"},
    "restock_inventory": {"INVENTORY_TABLE"},
    "receive_stripe_webhook": {
        *("ORDERS_TABLE", "IDEMPOTENCY_TABLE", "STRIPE_SECRET_ID", "STRIPE_WEBHOOK_SECRET_ID")
    },
    "start_saga": {"STATE_MACHINE_ARN"},
    "recover_order": {
        *("ORDERS_TABLE", "STATE_MACHINE_ARN", "ENDED_EXECUTIONS_QUEUE_URL", "RECOVERY_PAUSES_SECONDS")
    },
    "publish_order_events": {"EVENT_BUS_NAME"},
    "audit_order_events": {"AUDIT_TABLE"},
    "validate_order": {"ORDERS_TABLE", "INVENTORY_TABLE"},
    "charge_payment": {"ORDERS_TABLE", "STRIPE_SECRET_ID"},
    "await_payment": {"ORDERS_TABLE", "STRIPE_SECRET_ID"},
    "reserve_inventory": {"ORDERS_TABLE", "INVENTORY_TABLE"},
    "notify_customer": {"ORDERS_TABLE", "IDEMPOTENCY_TABLE", "SENDER_EMAIL"},
    "release_inventory": {"ORDERS_TABLE", "INVENTORY_TABLE"},
    "refund_payment": {"ORDERS_TABLE", "STRIPE_SECRET_ID"},
    "close_order": {"ORDERS_TABLE"},
    "flag_for_operator": {"ORDERS_TABLE"},
    "reconcile_orders": {"ORDERS_TABLE", "STATE_MACHINE_ARN", "STALE_AFTER_SECONDS"},
    "reconcile_payments": {"ORDERS_TABLE", "STATE_MACHINE_ARN", "STALE_AFTER_SECONDS", "STRIPE_SECRET_ID"},
    "reconcile_stock": {"ORDERS_TABLE", "INVENTORY_TABLE"},
}

CALLED_FROM_BROWSERS = {
    *("submit_order", "get_order", "list_orders", "cancel_order", "retry_order"),
    *("get_inventory", "put_inventory", "restock_inventory"),
}


def test_every_function_is_told_what_it_needs_and_no_more(stage: Synthesis) -> None:
    stand_in = {"STRIPE_API_BASE"} if stage.stage == "local" else set()
    origins = {"ALLOWED_ORIGINS"} if stage.stage == "prod" else set()

    for name, function in stage.functions().items():
        calls_stripe = "STRIPE_SECRET_ID" in ENVIRONMENT[name]
        expected = (
            ENVIRONMENT[name]
            | (stand_in if calls_stripe else set())
            | (origins if name in CALLED_FROM_BROWSERS else set())
        )
        assert function["Environment"]["Variables"].keys() == expected, name
