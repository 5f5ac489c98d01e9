"""The common properties of functions, and their environments."""

import re
from typing import Any

import pytest

from stacks.timeouts import function_timeout_seconds
from tests.stacks.settings_reader import SETTINGS, variables_read_by
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

LOCAL_STARTUP_SECONDS = 15
"""Longest cold start of a function in the embedded AWS."""


def test_in_the_cloud_functions_run_on_arm_with_one_layer(cloud: Synthesis) -> None:
    for function in cloud.functions().values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert list(map(readable, function["Layers"])) == ["Dependencies"]


def test_locally_functions_have_a_bootstrap_and_no_layers(local: Synthesis) -> None:
    for function in local.functions().values():
        assert function["Runtime"] == "provided.al2023"
        assert "Layers" not in function
        assert function["Timeout"] >= LOCAL_STARTUP_SECONDS


def test_every_function_has_memory_timeout_and_tracing(stage: Synthesis) -> None:
    for name, function in stage.functions().items():
        assert function["MemorySize"] == 512
        assert function["Timeout"] == function_timeout_seconds(name)
        assert function["TracingConfig"] == {"Mode": "Active"}


def test_a_function_has_the_name_of_its_folder(stage: Synthesis) -> None:
    for name, function in stage.functions().items():
        assert function["FunctionName"] == f"orders-{stage.stage}-{name}"
        assert re.fullmatch(
            rf"lambdas\.(api|identity|saga|events|recovery)\.{name}\.handler\.handler", function["Handler"]
        )


def test_every_function_has_its_own_log_group(stage: Synthesis) -> None:
    groups = stage.named("AWS::Logs::LogGroup")

    for function in stage.functions().values():
        group = groups[readable(function["LoggingConfig"]["LogGroup"])]
        assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"


def test_logs_are_kept_for_the_retention_time_of_the_stage(stage: Synthesis) -> None:
    days = {"local": 1, "dev": 7, "prod": 90}

    for name, group in stage.named("AWS::Logs::LogGroup").items():
        expected = 7 if name == "FirewallBlockedRequests" else days[stage.stage]
        assert group["RetentionInDays"] == expected, name


def test_logs_of_prod_outlive_their_stack(stage: Synthesis) -> None:
    """But a first deployment that fails leaves no group behind, whose name would block the next one."""
    policy = "RetainExceptOnCreate" if stage.stage == "prod" else "Delete"

    for group in stage.resources("AWS::Logs::LogGroup"):
        assert group.body["DeletionPolicy"] == policy, group.name


def test_lambda_logs_json_from_warnings_up(stage: Synthesis) -> None:
    for function in stage.functions().values():
        logging = function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert (logging["ApplicationLogLevel"], logging["SystemLogLevel"]) == ("INFO", "WARN")


ONLY_IN = {"STRIPE_API_BASE": "local", "ALLOWED_ORIGINS": "prod"}
"""Optional variables, and the stage whose file in these tests sets them."""

OF_ALL = {"POWERTOOLS_METRICS_NAMESPACE", "SERVICE_VERSION"}
"""Variables that the metrics and the log read; every function has them."""

CALLED_BY_NO_BROWSER = ("receive_stripe_webhook", "import_orders")


def wrong_variables(stage: str, name: str, function: dict[str, Any]) -> set[str]:
    """The variables that a function lacks or does not read."""
    read = variables_read_by(function["Handler"])
    expected = {variable for variable in read if ONLY_IN.get(variable, stage) == stage}
    if name in CALLED_BY_NO_BROWSER:
        expected -= {"ALLOWED_ORIGINS"}
    return (expected | OF_ALL) ^ set(function["Environment"]["Variables"])


def test_a_function_has_the_variables_that_its_code_reads(stage: Synthesis) -> None:
    for name, function in stage.functions().items():
        assert wrong_variables(stage.stage, name, function) == set(), name


def test_a_missing_and_a_superfluous_variable_are_found(dev: Synthesis) -> None:
    function = dev.functions()["close_order"]

    variables = dict.fromkeys({"AUDIT_TABLE", *OF_ALL}, "any")
    changed = {**function, "Environment": {"Variables": variables}}
    assert wrong_variables("dev", "close_order", changed) == {"ORDERS_TABLE", "AUDIT_TABLE"}


def test_settings_are_found_in_all_that_a_handler_uses() -> None:
    """In adapters, in functions that it calls, and in its decorator."""
    assert variables_read_by("lambdas.api.receive_stripe_webhook.handler.handler") == {
        *("ORDERS_TABLE", "IDEMPOTENCY_TABLE", "STRIPE_SECRET_ID", "STRIPE_WEBHOOK_SECRET_ID"),
        *("STRIPE_API_BASE", "PAYMENT_SERVICE", "ALLOWED_ORIGINS"),
    }


def test_every_setting_is_read_by_a_function(dev: Synthesis) -> None:
    read = {name for each in dev.functions().values() for name in variables_read_by(each["Handler"])}

    assert read == {name.upper() for name in SETTINGS}
