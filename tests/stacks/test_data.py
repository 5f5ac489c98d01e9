"""Tables and secrets, and how they are protected."""

from typing import get_args

import pytest

from lambdas.shared.store.listings import Index
from tests.stacks.synthesis import Resource, Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

TABLE = "AWS::DynamoDB::GlobalTable"


def table(stage: Synthesis, name: str) -> Resource:
    return next(table for table in stage.resources(TABLE) if table.name == name)


def test_tables_are_encrypted_restorable_and_on_demand(stage: Synthesis) -> None:
    tables = stage.resources(TABLE)

    assert {table.name for table in tables} == {"Orders", "Inventory", "Idempotency", "Audit"}
    for found in tables:
        (replica,) = found.properties["Replicas"]
        assert found.properties["BillingMode"] == "PAY_PER_REQUEST"
        assert found.properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


@pytest.mark.parametrize(("name", "policy"), [("local", "Delete"), ("dev", "Delete"), ("prod", "Retain")])
def test_only_the_tables_of_prod_are_protected_from_deletion(
    request: pytest.FixtureRequest, name: str, policy: str
) -> None:
    for found in request.getfixturevalue(name).resources(TABLE):
        (replica,) = found.properties["Replicas"]
        assert replica["DeletionProtectionEnabled"] is (policy == "Retain")
        assert found.body["DeletionPolicy"] == policy
        assert found.body["UpdateReplacePolicy"] == policy


def test_only_the_stacks_of_prod_are_protected_from_deletion(stage: Synthesis) -> None:
    stacks = stage.app.synth().stacks

    assert {stack.termination_protection for stack in stacks} == {stage.stage == "prod"}


def test_the_orders_table_streams_old_and_new_images(stage: Synthesis) -> None:
    orders = table(stage, "Orders")

    assert orders.properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_indexes_of_orders_are_those_that_the_code_queries(stage: Synthesis) -> None:
    indexes = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in table(stage, "Orders").properties["GlobalSecondaryIndexes"]
    }

    assert indexes.keys() == set(get_args(Index))
    assert indexes == {
        "by_customer": ["customer_id", "created_at"],
        "unsettled": ["unsettled_shard", "created_at"],
        "by_day": ["day", "created_at"],
    }


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Orders", ["order_id"]),
        ("Inventory", ["sku"]),
        ("Idempotency", ["id"]),
        ("Audit", ["order_id", "event_id"]),
    ],
)
def test_a_table_has_the_keys_that_the_code_uses(stage: Synthesis, name: str, keys: list[str]) -> None:
    schema = table(stage, name).properties["KeySchema"]

    assert [key["AttributeName"] for key in schema] == keys


def test_idempotency_records_expire(stage: Synthesis) -> None:
    idempotency = table(stage, "Idempotency").properties

    assert idempotency["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}


def test_changes_of_an_order_do_not_write_to_its_indexes(stage: Synthesis) -> None:
    for index in table(stage, "Orders").properties["GlobalSecondaryIndexes"]:
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}, index["IndexName"]


def test_templates_contain_no_secret_of_stripe(stage: Synthesis) -> None:
    secrets = [
        secret for secret in stage.resources("AWS::SecretsManager::Secret") if secret.name != "CursorSecret"
    ]

    assert {secret.name for secret in secrets} == {"StripeSecret", "StripeWebhookSecret"}
    for secret in secrets:
        assert secret.properties["GenerateSecretString"] == {}
        assert "SecretString" not in secret.properties


def test_secrets_of_stripe_are_kept_in_prod(stage: Synthesis) -> None:
    policy = "Retain" if stage.stage == "prod" else "Delete"

    for secret in stage.resources("AWS::SecretsManager::Secret"):
        if secret.name != "CursorSecret":
            assert secret.body["DeletionPolicy"] == policy


def test_the_secret_for_cursors_is_generated(stage: Synthesis) -> None:
    [secret] = [
        secret for secret in stage.resources("AWS::SecretsManager::Secret") if secret.name == "CursorSecret"
    ]

    assert secret.properties["GenerateSecretString"] == {"PasswordLength": 64}
    assert "SecretString" not in secret.properties


def test_scripts_find_the_outputs_that_they_need(stage: Synthesis) -> None:
    assert stage.outputs() >= {
        *("ApiUrl", "StateMachineArn", "EventBusName", "StripeSecretId", "StripeWebhookSecretId"),
        *("OrdersTableName", "InventoryTableName", "IdempotencyTableName", "AuditTableName"),
        *("AuditQueueUrl", "ParkedEventsQueueUrl", "UnstartedOrdersQueueUrl"),
    }


def test_the_url_of_the_api_has_no_slash_at_its_end(stage: Synthesis) -> None:
    outputs = stage.templates()[f"orders-{stage.stage}-api"]["Outputs"]

    assert readable(outputs["ApiUrl"]["Value"]).endswith("/ApiDeploymentStagev1")


def test_functions_know_secrets_by_their_arns(stage: Synthesis) -> None:
    variables = stage.functions()["receive_stripe_webhook"]["Environment"]["Variables"]

    assert readable(variables["STRIPE_SECRET_ID"]) == "StripeSecret.Id"
    assert readable(variables["STRIPE_WEBHOOK_SECRET_ID"]) == "StripeWebhookSecret.Id"
