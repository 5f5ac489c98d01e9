"""Calls to AWS: outputs of a stage's stacks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from cli.errors import Unavailable

_STACKS: Final = ("api", "identity")


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
        outputs = _outputs(stage, *_STACKS)
    return StageOutputs(outputs["ApiUrl"], outputs["UserPoolClientId"])


def read_console_url(stage: str) -> str:
    """Read the address of a stage's console, with the user's AWS credentials.

    Raises:
        Unavailable: There are no credentials, or the stage has no console in this account and region.
    """
    with aws_errors(f"The console of the stage {stage} was not found"):
        return _outputs(stage, "console")["ConsoleUrl"]


def _outputs(stage: str, *stacks: str) -> dict[str, str]:
    """Read the outputs of stacks of a stage."""
    import boto3  # noqa: PLC0415 - slow to import, and most commands need no AWS

    outputs: dict[str, str] = {}
    cloudformation = boto3.client("cloudformation", region_name=chosen_region())
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
