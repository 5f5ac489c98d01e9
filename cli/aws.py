"""Calls to AWS: outputs of a stage's stacks, its queues and its bucket."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from cli.dead_letters import DeadLetters
from cli.errors import Unavailable
from cli.event_replay import ReplayableBus
from cli.order_files import OrderFiles
from cli.pick_list import PickList
from cli.reconciliations import Reconciliations
from cli.restored_orders import RestoredOrders
from cli.saved_queries import Analytics
from cli.table_restore import TableRestore

_STACKS: Final = ("api", "identity")
_QUEUE_URL: Final = "QueueUrl"
"""End of the name of an output with the URL of a queue, behind the queue's name."""

_TABLE_NAME: Final = "TableName"
"""End of the name of an output with the name of a table, behind the table's name in the code."""

_EMBEDDED_STAGE: Final = "local"
_EMBEDDED_KEY: Final = "test"
"""The access key that the emulated AWS accepts."""


@dataclass(frozen=True)
class StageOutputs:
    """Outputs of a deployed stage.

    Attributes:
        api_url: URL of the REST API.
        client_id: App client of the user pool.
    """

    api_url: str
    client_id: str


def read_stage_outputs(stage: str) -> StageOutputs:
    """Read the outputs of a stage's stacks, with the user's AWS credentials.

    Raises:
        Unavailable: There are no credentials, or the stage does not exist in this account and region.
    """
    with aws_errors(f"The stage {stage} was not found"):
        outputs = outputs_of(stage, *_STACKS)
    return StageOutputs(outputs["ApiUrl"], outputs["UserPoolClientId"])


def read_console_url(stage: str) -> str:
    """Read the address of a stage's console, with the user's AWS credentials.

    Raises:
        Unavailable: There are no credentials, or the stage has no console in this account and region.
    """
    with aws_errors(f"The console of the stage {stage} was not found"):
        return outputs_of(stage, "console")["ConsoleUrl"]


def dead_letters_of(stage: str | None, run: Mapping[str, Any] | None) -> DeadLetters:
    """Find the queues of a stage; see `_deployed`."""
    import boto3  # noqa: PLC0415 - slow to import, and most commands need no AWS

    options, outputs = _deployed(stage, run)
    return DeadLetters(boto3.client("sqs", **options), _queues(outputs))


def replayable_bus_of(stage: str | None, run: Mapping[str, Any] | None) -> ReplayableBus:
    """Find the bus of a stage; see `_deployed`."""
    import boto3  # noqa: PLC0415 - see above

    options, outputs = _deployed(stage, run)
    return ReplayableBus(
        boto3.client("events", **options),
        boto3.client("dynamodb", **options),
        boto3.client("sqs", **options),
        boto3.client("firehose", **options),
        name=outputs["EventBusName"],
        audit_table=outputs["AuditTableName"],
        queues=_queues(outputs),
    )


def table_restore_of(
    stage: str | None, run: Mapping[str, Any] | None, sleep: Callable[[float], None]
) -> TableRestore:
    """Find the tables of a stage; see `_deployed`."""
    import boto3  # noqa: PLC0415 - see above

    options, outputs = _deployed(stage, run)
    names = {
        name.removesuffix(_TABLE_NAME): table for name, table in outputs.items() if name.endswith(_TABLE_NAME)
    }
    return TableRestore(boto3.client("dynamodb", **options), stage or _EMBEDDED_STAGE, names, sleep)


def restored_orders_of(stage: str | None, run: Mapping[str, Any] | None) -> RestoredOrders:
    """Find the table of orders of a stage; see `_deployed`."""
    import boto3  # noqa: PLC0415 - see above

    options, outputs = _deployed(stage, run)
    return RestoredOrders(boto3.client("dynamodb", **options), outputs["OrdersTableName"])


def analytics_of(stage: str | None, run: Mapping[str, Any] | None) -> Analytics:
    """Find the events of a stage that queries read; see `_deployed`."""
    import boto3  # noqa: PLC0415 - see above

    options, _ = _deployed(stage, run)
    return Analytics(boto3.client("athena", **options), stage or _EMBEDDED_STAGE)


def order_files_of(stage: str | None, run: Mapping[str, Any] | None) -> OrderFiles:
    """Find the bucket for files with orders of a stage; see `_deployed`."""
    import boto3  # noqa: PLC0415 - see above

    options, outputs = _deployed(stage, run)
    return OrderFiles(boto3.client("s3", **options), outputs["ImportBucketName"])


def pick_list_of(stage: str | None, run: Mapping[str, Any] | None) -> PickList:
    """Find the pick list of a stage; see `_deployed`."""
    import boto3  # noqa: PLC0415 - see above

    options, outputs = _deployed(stage, run)
    return PickList(boto3.client("dynamodb", **options), outputs["PicksTableName"])


def reconciliations_of(stage: str | None, run: Mapping[str, Any] | None) -> Reconciliations:
    """Find the reconciliation of a stage; see `_deployed`. It reads the outputs of one stack only."""
    import boto3  # noqa: PLC0415 - see above

    options = _client_options(run)
    outputs = outputs_of(stage or _EMBEDDED_STAGE, "recovery", options=options)
    return Reconciliations(boto3.client("stepfunctions", **options), outputs["ReconciliationArn"])


def _deployed(stage: str | None, run: Mapping[str, Any] | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Find a stage: options of its AWS clients, and the outputs of all its stacks.

    Args:
        stage: Name of a stage, whose account the user's AWS credentials open; None for the embedded run.
        run: What the embedded run says about itself.

    Raises:
        Unavailable: The stage does not exist in this account and region.
    """
    options = _client_options(run)
    stacks = _outputs_by_stack(stage or _EMBEDDED_STAGE, options)
    outputs = {name: value for each in stacks.values() for name, value in each.items()}
    if "EventBusName" not in outputs:
        raise Unavailable(f"The stage {stage or _EMBEDDED_STAGE} was not found", "It has no stacks here.")
    return options, outputs


def versions_of(stage: str | None, run: Mapping[str, Any] | None) -> dict[str, str]:
    """Read the version of each stack of a stage, by the stack's name; see `_deployed`.

    Raises:
        Unavailable: The stage does not exist in this account and region.
    """
    stacks = _outputs_by_stack(stage or _EMBEDDED_STAGE, _client_options(run))
    if not stacks:
        raise Unavailable(f"The stage {stage or _EMBEDDED_STAGE} was not found", "It has no stacks here.")
    return {stack: outputs["Version"] for stack, outputs in stacks.items() if "Version" in outputs}


def _outputs_by_stack(stage: str, options: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Read the outputs of all stacks of a stage, by the stack's name without the stage."""
    import boto3  # noqa: PLC0415 - see above

    prefix = f"orders-{stage}-"
    pages = boto3.client("cloudformation", **options).get_paginator("describe_stacks").paginate()
    return {
        stack["StackName"].removeprefix(prefix): {
            each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])
        }
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"].startswith(prefix)
    }


def _client_options(run: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options of AWS clients: for the user's account, or for the embedded run."""
    if run is None:
        return {"region_name": chosen_region()}
    return {
        "region_name": run["region"],
        "endpoint_url": run["aws_endpoint_url"],
        **dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), _EMBEDDED_KEY),
    }


def _queues(outputs: Mapping[str, str]) -> dict[str, str]:
    """The URL of each queue, by its name."""
    return {name.removesuffix(_QUEUE_URL): url for name, url in outputs.items() if name.endswith(_QUEUE_URL)}


def outputs_of(stage: str, *stacks: str, options: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Read the outputs of stacks of a stage, by default in the user's account; use it in `aws_errors`."""
    import boto3  # noqa: PLC0415 - slow to import, and most commands need no AWS

    outputs: dict[str, str] = {}
    cloudformation = boto3.client("cloudformation", **(options or _client_options(None)))
    for stack in stacks:
        (description,) = cloudformation.describe_stacks(StackName=f"orders-{stage}-{stack}")["Stacks"]
        outputs |= {each["OutputKey"]: each["OutputValue"] for each in description.get("Outputs", [])}
    return outputs


def chosen_region() -> str | None:
    """Get the region from the environment; None to use AWS's configuration file.

    The CDK and other SDKs read `AWS_REGION`; boto3 reads only `AWS_DEFAULT_REGION`.
    """
    return os.environ.get("AWS_REGION")


@contextmanager
def aws_errors(title: str) -> Iterator[None]:
    """Turn errors of AWS calls into `Unavailable`.

    Raises:
        Unavailable: With this title and the message of AWS.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see above

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(title, str(error)) from error
