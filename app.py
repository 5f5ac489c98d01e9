"""The CDK app: `cdk deploy --all -c stage=local|dev|prod`."""

import sys

import aws_cdk as cdk

from stacks.api_stack import ApiStack
from stacks.constructs.dependency_layer import LayerBuildError
from stacks.data_stack import DataStack
from stacks.events_stack import EventsStack
from stacks.identity_stack import IdentityStack
from stacks.operations_stack import OperationsStack
from stacks.order_stack import OrderStack
from stacks.reconciliation_stack import ReconciliationStack
from stacks.settings import SettingsError, read_settings


def build(app: cdk.App) -> None:
    """Add the stacks of the stage that the app's context asks for.

    Raises:
        SettingsError: the context asks for what there is not.
        LayerBuildError: the functions' dependencies could not be had.
    """
    settings = read_settings(app.node.get_all_context())
    data = DataStack(app, settings)
    identity = IdentityStack(app, settings)
    events = EventsStack(app, settings, data=data)
    saga = OrderStack(app, settings, data=data)
    api = ApiStack(app, settings, data=data, identity=identity, machine_arn=saga.machine_arn)
    reconciliation = ReconciliationStack(app, settings, data=data, saga=saga)
    OperationsStack(
        app,
        settings,
        machine=saga.machine,
        reconciliation=reconciliation.machine,
        api=api.api,
        stream_functions=[*events.stream_functions, *saga.stream_functions],
        dead_letter_queues=[*events.dead_letter_queues, *saga.dead_letter_queues],
    )
    # Who takes orders must be able to fulfil them.
    api.add_stack_dependency(saga)
    api.add_stack_dependency(events)


if __name__ == "__main__":
    app = cdk.App()
    try:
        build(app)
    except (SettingsError, LayerBuildError) as error:
        sys.exit(f"error: {error}")
    app.synth()
