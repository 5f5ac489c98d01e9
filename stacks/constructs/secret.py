"""Secrets: their common properties, and the grants for them."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.grant import Grant, allow


class Secret(secretsmanager.Secret):
    """A secret that is created with a random value, so that no template contains a secret.

    Attributes:
        id: Its ARN.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        variable: str,
        description: str,
        why_not_rotated: str,
        keep: bool,
        length: int | None = None,
        companions: Mapping[str, str] | None = None,
    ) -> None:
        """Add the secret to a stack.

        Args:
            scope: The stack.
            construct_id: Its id in the stack.
            variable: The environment variable that tells functions its ARN.
            description: For the person who finds it in the console.
            why_not_rotated: Why Secrets Manager does not rotate it, as a sentence.
            keep: Keep it when the stack is deleted.
            length: Characters of the random value; None for Secrets Manager's default. A change replaces the
                value, also one that an operator has put in its place.
            companions: Other variables that readers of the secret need.
        """
        super().__init__(
            scope,
            construct_id,
            description=description,
            generate_secret_string=(
                secretsmanager.SecretStringGenerator(password_length=length) if length else None
            ),
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
        )
        accept(self, "AwsSolutions-SMG4", why_not_rotated)
        # `secret_arn` is a `Ref`, which the embedded AWS resolves to the name; a policy needs the ARN.
        self.id = cast("secretsmanager.CfnSecret", self.node.default_child).attr_id
        self._variables = {variable: self.id, **(companions or {})}

    def read(self) -> Grant:
        """Get the value."""
        return Grant(self._variables, [allow(self.id, "secretsmanager:GetSecretValue")])
