"""Tables and secrets, and how they are protected."""

from typing import get_args

import pytest

from lambdas.shared.store.listings import Index
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

TABLE = "AWS::DynamoDB::GlobalTable"


def test_tables_are_encrypted_restorable_and_on_demand(stage: Synthesis) -> None:
    for table in stage.named(TABLE).values():
        (replica,) = table["Replicas"]
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_only_the_tables_of_prod_are_protected_from_deletion(stage: Synthesis) -> None:
    policy = "Retain" if stage.stage == "prod" else "Delete"

    for table in stage.resources(TABLE):
        (replica,) = table.properties["Replicas"]
        assert replica["DeletionProtectionEnabled"] is (stage.stage == "prod")
        assert (table.body["DeletionPolicy"], table.body["UpdateReplacePolicy"]) == (policy, policy)


def test_tables_have_the_tags_of_their_stage(cloud: Synthesis) -> None:
    """CloudFormation does not give a stack's tags to the replicas of a global table."""
    for name, table in cloud.named(TABLE).items():
        (replica,) = table["Replicas"]
        tags = {tag["Key"]: tag["Value"] for tag in replica["Tags"]}
        assert tags == {"service": "orders", "stage": cloud.stage}, name


def test_only_the_stacks_of_prod_are_protected_from_deletion(stage: Synthesis) -> None:
    stacks = stage.app.synth().stacks

    assert {stack.termination_protection for stack in stacks} == {stage.stage == "prod"}


def test_the_orders_table_streams_old_and_new_images(stage: Synthesis) -> None:
    orders = stage.named(TABLE)["Orders"]

    assert orders["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_indexes_of_orders_are_those_that_the_code_queries(stage: Synthesis) -> None:
    indexes = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in stage.named(TABLE)["Orders"]["GlobalSecondaryIndexes"]
    }

    assert indexes.keys() == set(get_args(Index))
    assert indexes == {
        "by_customer": ["customer_id", "created_at"],
        "unsettled": ["unsettled_shard", "created_at"],
        "uncaptured": ["uncaptured_shard", "capture_before"],
        "by_day": ["day", "created_at"],
        "by_reference": ["reference", "created_at"],
    }


def test_tables_have_the_keys_that_the_code_uses(stage: Synthesis) -> None:
    keys = {
        name: [key["AttributeName"] for key in table["KeySchema"]]
        for name, table in stage.named(TABLE).items()
    }

    assert keys == {
        "Orders": ["order_id"],
        "Inventory": ["sku"],
        "Idempotency": ["id"],
        "Audit": ["order_id", "event_id"],
        "Picks": ["order_id"],
    }


def test_the_index_of_open_picks_lists_the_oldest_first(stage: Synthesis) -> None:
    [index] = stage.named(TABLE)["Picks"]["GlobalSecondaryIndexes"]

    assert index["IndexName"] == "open_picks"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["state", "confirmed_at"]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_idempotency_records_expire(stage: Synthesis) -> None:
    idempotency = stage.named(TABLE)["Idempotency"]

    assert idempotency["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}


def test_changes_of_an_order_do_not_write_to_its_indexes(stage: Synthesis) -> None:
    projections = {
        index["IndexName"]: index["Projection"]
        for index in stage.named(TABLE)["Orders"]["GlobalSecondaryIndexes"]
    }

    for name, other in {"by_reference": "customer_id", "uncaptured": "created_at"}.items():
        assert projections.pop(name) == {"ProjectionType": "INCLUDE", "NonKeyAttributes": [other]}
    assert all(each == {"ProjectionType": "KEYS_ONLY"} for each in projections.values())


def test_secrets_are_generated_and_only_those_of_stripe_are_kept_in_prod(stage: Synthesis) -> None:
    policy = "Retain" if stage.stage == "prod" else "Delete"
    secrets = stage.resources("AWS::SecretsManager::Secret")

    assert not [secret.name for secret in secrets if "SecretString" in secret.properties]
    assert {
        secret.name: (secret.properties["GenerateSecretString"], secret.body["DeletionPolicy"])
        for secret in secrets
    } == {
        "StripeSecret": ({}, policy),
        "StripeWebhookSecret": ({}, policy),
        "CursorSecret": ({"PasswordLength": 64}, "Delete"),
    }


def test_scripts_find_the_outputs_that_they_need(stage: Synthesis) -> None:
    assert stage.outputs() >= {
        *("ApiUrl", "StateMachineArn", "EventBusName", "StripeSecretId", "StripeWebhookSecretId"),
        *("OrdersTableName", "InventoryTableName", "IdempotencyTableName", "AuditTableName"),
        "PicksTableName",
        *("AuditOrderEventsQueueUrl", "ParkedEventsQueueUrl", "UnstartedOrdersQueueUrl"),
        *("UserPoolId", "UserPoolClientId"),
    }


def test_the_url_of_the_api_has_no_slash_at_its_end(stage: Synthesis) -> None:
    outputs = stage.templates()[f"orders-{stage.stage}-api"]["Outputs"]

    assert readable(outputs["ApiUrl"]["Value"]).endswith("/ApiDeploymentStagev1")


def test_payments_are_marked_by_service_and_stage(stage: Synthesis) -> None:
    variables = stage.functions()["charge_payment"]["Environment"]["Variables"]

    assert variables["PAYMENT_SERVICE"] == f"orders-{stage.stage}"


def test_functions_know_secrets_by_their_arns(stage: Synthesis) -> None:
    variables = stage.functions()["receive_stripe_webhook"]["Environment"]["Variables"]

    assert readable(variables["STRIPE_SECRET_ID"]) == "StripeSecret.Id"
    assert readable(variables["STRIPE_WEBHOOK_SECRET_ID"]) == "StripeWebhookSecret.Id"
