"""What a function gets for a resource: the variable that names the resource, and the permission to use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_iam as iam


@dataclass(frozen=True)
class Grant:
    """What one function gets.

    Attributes:
        variables: Environment variables by name.
        permissions: Statements for the function's role.
        accepted: Findings of the rule pack AwsSolutions that the permissions cause, and why each is accepted.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    permissions: Sequence[iam.PolicyStatement] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)


def allow(resource_arn: str, *actions: str) -> iam.PolicyStatement:
    """Permit exactly these actions on exactly this resource."""
    return iam.PolicyStatement(actions=list(actions), resources=[resource_arn])
