"""IAM is enforced while the saga runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from local.world import World
from proof.orders import an_order


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
