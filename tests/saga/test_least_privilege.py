"""IAM is enforced while the saga runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from local.waiting import wait_for
from local.world import World
from proof.orders import an_order
from proof.scenarios import submit


@contextmanager
def without_permission(world: World, function: str, action: str) -> Iterator[None]:
    """Remove an action from a function's role, as long as the context lasts."""
    iam = world.aws.client("iam")
    arn = world.aws.client("lambda").get_function_configuration(FunctionName=function)["Role"]
    role = arn.rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    reduced = policy.replace(f'"{action}"', '"dynamodb:ListTables"')
    assert reduced != policy, f"{function} has no permission for {action}"
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=reduced)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


def test_a_step_without_its_permission_fails_and_the_order_is_undone(world: World) -> None:
    # Given
    with without_permission(world, "orders-local-reserve_inventory", "dynamodb:UpdateItem"):
        # When
        order_id = world.shop.order(an_order())
        world.executions.wait_until_ended(order_id)

    # Then
    order = world.shop.get_order(order_id)
    assert (order["status"], order["failure"]["code"]) == ("FAILED", "internal_error")
    assert order["payment"]["status"] == "refunded"
    with_permission = world.shop.order(an_order())
    assert world.shop.wait_until_rest(with_permission)["status"] == "CONFIRMED"


def test_an_undo_waits_for_a_permission_that_comes_late(world: World) -> None:
    """As after a deployment: IAM is eventually consistent, and nobody lists its error as one to retry."""
    # Given
    order_id = submit(world, an_order()).order_id
    execution = f"{order_id}-cancel"

    def is_tried_again() -> bool:
        visits = world.executions.visits(execution) if world.executions.status(execution) else ()
        return any(visit.name == "RefundPayment" and visit.attempts > 1 for visit in visits)

    # When
    with without_permission(world, "orders-local-refund_payment", "dynamodb:UpdateItem"):
        world.shop.cancel_order(order_id)
        wait_for(is_tried_again, "RefundPayment is tried again", timeout_seconds=60)
    world.executions.wait_until_ended(execution)

    # Then
    order = world.shop.get_order(order_id)
    assert (order["status"], order["payment"]["status"]) == ("CANCELLED", "refunded")
