"""The CDK app: `cdk deploy --all -c stage=dev|prod`."""

import sys

import aws_cdk as cdk

from stacks.api_stack import ApiStack
from stacks.console_stack import ConsoleStack
from stacks.constructs.dependency_layer import LayerBuildError
from stacks.data_stack import DataStack
from stacks.events_stack import EventsStack
from stacks.identity_stack import IdentityStack
from stacks.operations.observed import Observed
from stacks.operations_stack import OperationsStack
from stacks.recovery_stack import RecoveryStack
from stacks.saga_stack import SagaStack
from stacks.settings import SettingsError, read_settings


def build(app: cdk.App) -> None:
    """Add the stacks of the stage that the app's context names.

    Raises:
        SettingsError: A setting of the stage is unknown, invalid or missing.
        LayerBuildError: The functions' dependencies could not be installed.
    """
    settings = read_settings(app.node.get_all_context())
    data = DataStack(app, settings)
    identity = IdentityStack(app, settings)
    events = EventsStack(app, settings, orders=data.orders, idempotency=data.idempotency, users=identity.pool)
    saga = SagaStack(
        app,
        settings,
        orders=data.orders,
        inventory=data.inventory,
        idempotency=data.idempotency,
        stripe_key=data.stripe_key,
    )
    recovery = RecoveryStack(
        app,
        settings,
        orders=data.orders,
        inventory=data.inventory,
        stripe_key=data.stripe_key,
        saga=saga.machine,
    )
    api = ApiStack(
        app,
        settings,
        orders=data.orders,
        inventory=data.inventory,
        idempotency=data.idempotency,
        audit=events.audit,
        stripe_key=data.stripe_key,
        webhook_secret=data.webhook_secret,
        saga=saga.machine,
        users=identity.pool,
    )
    # These stacks fulfil, publish and recover orders, so they are deployed before the API accepts any.
    for stack in (saga, recovery, events):
        api.add_stack_dependency(stack)
    if settings.console:
        ConsoleStack(app, settings, api=api.api, users=identity.pool)
    stacks = (identity, events, saga, recovery, api)
    OperationsStack(
        app,
        settings,
        Observed(
            orders=data.orders,
            saga=saga.machine,
            reconciliation=recovery.reconciliation,
            api=api.api,
            stream_functions=[*events.stream_functions, *saga.stream_functions],
            event_queues=[queue for stack in stacks for queue in stack.event_queues],
            dead_letter_queues=[queue for stack in stacks for queue in stack.dead_letter_queues],
            analytics_stream=events.analytics_stream,
            enroll_customer=identity.enroll_customer,
            reconcile_stock=recovery.reconcile_stock,
            functions=[function for stack in stacks for function in stack.functions],
            function_logs=[log for stack in stacks for log in stack.function_logs],
        ),
    )


if __name__ == "__main__":
    # The CDK's validation of templates takes six seconds; the tests check them with cfn-lint.
    app = cdk.App(builtin_cloud_formation_validation=False)
    try:
        build(app)
    except (SettingsError, LayerBuildError) as error:
        sys.exit(f"error: {error}")
    app.synth()
