"""Secrets: their common properties, and the grants for them."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.grant import Grant, allow
from stacks.settings import Settings


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
        self._variable = variable

    def read(self) -> Grant:
        """Get the value."""
        return Grant({self._variable: self.id}, [allow(self.id, "secretsmanager:GetSecretValue")])


class StripeKey(Secret):
    """Stripe's secret key. An operator replaces the random value with the key from Stripe's dashboard."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(
            scope,
            "StripeSecret",
            variable="STRIPE_SECRET_ID",
            description="Stripe's secret key, as plain text",
            why_not_rotated="Stripe rolls its keys in its dashboard only, and offers no API call for it.",
            keep=settings.keep_data,
        )
        self._stand_in = {"STRIPE_API_BASE": settings.stripe_api_base} if settings.stripe_api_base else {}

    def call_stripe(self) -> Grant:
        """Read the key, and use the stand-in for Stripe if the stage has one."""
        read = self.read()
        return Grant({**read.variables, **self._stand_in}, read.permissions)
