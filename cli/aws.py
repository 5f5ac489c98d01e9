"""The little that the command line asks AWS itself: a stage's outputs, its sign-in, its executions."""

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
    """What a deployed stage says of itself.

    Attributes:
        api_url: Where the REST API is.
        client_id: The user pool's app client.
        state_machine_arn: The saga.
    """

    api_url: str
    client_id: str
    state_machine_arn: str


@dataclass(frozen=True)
class SagaLocation:
    """Where the saga's executions can be looked at.

    Attributes:
        state_machine_arn: The saga.
        emulator_url: Where an emulated AWS is; None for AWS itself.
    """

    state_machine_arn: str
    emulator_url: str | None = None


def read_stage_outputs(stage: str) -> StageOutputs:
    """Read the outputs of a stage's stacks, with the AWS credentials of whoever calls.

    Raises:
        Unavailable: There are no credentials, or no such stage in this account and region.
    """
    import boto3  # noqa: PLC0415 - it is slow to import, and most calls need no AWS

    outputs: dict[str, str] = {}
    with aws_errors(f"The stage {stage} can't be looked up"):
        cloudformation = boto3.client("cloudformation", region_name=chosen_region())
        for stack in _STACKS:
            (description,) = cloudformation.describe_stacks(StackName=f"orders-{stage}-{stack}")["Stacks"]
            outputs |= {each["OutputKey"]: each["OutputValue"] for each in description.get("Outputs", [])}
        return StageOutputs(outputs["ApiUrl"], outputs["UserPoolClientId"], outputs["StateMachineArn"])


def chosen_region() -> str | None:
    """The region that the environment names; None leaves it to AWS's configuration file.

    `AWS_REGION` is what the CDK and other SDKs read. boto3 alone knows `AWS_DEFAULT_REGION` only.
    """
    return os.environ.get("AWS_REGION")


def step_functions(saga: SagaLocation) -> "SFNClient":
    """What shows the saga's executions.

    Raises:
        Unavailable: There are no credentials for it.
    """
    import boto3  # noqa: PLC0415 - see above
    from botocore.config import Config  # noqa: PLC0415 - see above

    region = saga.state_machine_arn.split(":")[3]
    with aws_errors("The saga's executions can't be seen"):
        if saga.emulator_url is None:
            return boto3.client("stepfunctions", region_name=region)
        return boto3.client(
            "stepfunctions",
            region_name=region,
            endpoint_url=saga.emulator_url,
            config=Config(proxies={}),  # none leads to this machine
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's administrator, nobody anywhere else
        )


@contextmanager
def aws_errors(title: str) -> Iterator[None]:
    """Say in our own words that AWS could not be asked.

    Raises:
        Unavailable: With this title, and with what AWS said.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see above

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(title, str(error)) from error
