"""Calls to AWS: outputs of a stage's stacks, and Step Functions."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cli.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_STACKS: Final = ("api", "identity", "saga")


@dataclass(frozen=True)
class StageOutputs:
    """Outputs of a deployed stage.

    Attributes:
        api_url: URL of the REST API.
        client_id: App client of the user pool.
        state_machine_arn: ARN of the saga.
    """

    api_url: str
    client_id: str
    state_machine_arn: str


@dataclass(frozen=True)
class SagaLocation:
    """Location of the saga's executions.

    Attributes:
        state_machine_arn: ARN of the saga.
        emulator_url: URL of an emulated AWS; None for AWS itself.
    """

    state_machine_arn: str
    emulator_url: str | None = None


def read_stage_outputs(stage: str) -> StageOutputs:
    """Read the outputs of a stage's stacks, with the user's AWS credentials.

    Raises:
        Unavailable: There are no credentials, or the stage does not exist in this account and region.
    """
    with aws_errors(f"The stage {stage} was not found"):
        outputs = _outputs(stage, *_STACKS)
    return StageOutputs(outputs["ApiUrl"], outputs["UserPoolClientId"], outputs["StateMachineArn"])


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


def step_functions(saga: SagaLocation) -> "SFNClient":
    """Make a client of Step Functions.

    Raises:
        Unavailable: There are no credentials.
    """
    import boto3  # noqa: PLC0415 - see above
    from botocore.config import Config  # noqa: PLC0415 - see above

    region = saga.state_machine_arn.split(":")[3]
    with aws_errors("The executions are not accessible"):
        if saga.emulator_url is None:
            return boto3.client("stepfunctions", region_name=region)
        return boto3.client(
            "stepfunctions",
            region_name=region,
            endpoint_url=saga.emulator_url,
            config=Config(proxies={}),  # not through a web proxy
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - administrator of the emulator only
        )


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
