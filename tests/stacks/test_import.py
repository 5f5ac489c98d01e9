"""The import of orders: its bucket, who may write to it, and the events of its files."""

from typing import Any

import pytest

from tests.stacks.synthesis import Synthesis, readable
from tests.stacks.test_permissions import as_list

pytestmark = pytest.mark.xdist_group("stacks")


def bucket_of(stage: Synthesis) -> dict[str, Any]:
    return stage.named("AWS::S3::Bucket")["Import"]


def test_the_bucket_is_private_and_encrypted(stage: Synthesis) -> None:
    bucket = bucket_of(stage)

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]


def test_in_the_cloud_the_bucket_refuses_connections_without_tls(cloud: Synthesis) -> None:
    (policy,) = [
        each for each in cloud.named("AWS::S3::BucketPolicy").values() if readable(each["Bucket"]) == "Import"
    ]

    refused = [
        each["Condition"] for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in refused


def test_files_with_addresses_are_deleted_after_a_week(stage: Synthesis) -> None:
    rules = bucket_of(stage)["LifecycleConfiguration"]["Rules"]

    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules} == {
        "incoming/": 7,
        "unfinished/": 30,
        "results/": 30,
    }


def test_the_bucket_outlives_its_stack_in_the_cloud(stage: Synthesis) -> None:
    (bucket,) = [each for each in stage.resources("AWS::S3::Bucket") if each.name == "Import"]

    assert bucket.body["DeletionPolicy"] == ("Delete" if stage.stage == "local" else "Retain")


def test_files_that_are_put_into_the_folder_are_queued(stage: Synthesis) -> None:
    rule = stage.named("AWS::Events::Rule")["ImportOrdersRule"]

    assert bucket_of(stage)["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert "EventBusName" not in rule  # the default bus, where S3 publishes its events
    assert (rule["EventPattern"]["source"], rule["EventPattern"]["detail-type"]) == (
        ["aws.s3"],
        ["Object Created"],
    )
    assert [readable(name) for name in rule["EventPattern"]["detail"]["bucket"]["name"]] == ["Import"]
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "incoming/"}]}


def test_a_file_is_imported_by_one_call_at_a_time(stage: Synthesis) -> None:
    (source,) = [
        each
        for each in stage.named("AWS::Lambda::EventSourceMapping").values()
        if readable(each["EventSourceArn"]) == "ImportOrdersQueue.Arn"
    ]

    assert (source["BatchSize"], source["ScalingConfig"]) == (1, {"MaximumConcurrency": 2})


def test_the_policy_for_people_permits_files_and_results_only(stage: Synthesis) -> None:
    policy = stage.the("AWS::IAM::ManagedPolicy").properties

    permitted = {
        (readable(resource), action)
        for statement in policy["PolicyDocument"]["Statement"]
        for resource in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert permitted == {
        ("Import.Arn/incoming/*", "s3:PutObject"),
        ("Import.Arn/results/*", "s3:GetObject"),
        ("Import.Arn", "s3:ListBucket"),
    }
