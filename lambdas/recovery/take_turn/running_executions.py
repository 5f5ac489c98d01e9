"""The executions of a state machine that have not ended."""

from lambdas.domain.errors import SagaUnavailable
from lambdas.recovery.take_turn.logic import Running
from lambdas.shared.aws import step_functions, transient_as


def running_executions(state_machine_arn: str) -> list[Running]:
    """List the executions that run now; the list can lag behind by some seconds.

    See https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html.

    Raises:
        SagaUnavailable: Step Functions throttles, fails or does not answer.
    """
    paginator = step_functions().get_paginator("list_executions")
    with transient_as(SagaUnavailable):
        pages = list(paginator.paginate(stateMachineArn=state_machine_arn, statusFilter="RUNNING"))
    return [Running(each["startDate"], each["name"]) for page in pages for each in page["executions"]]
