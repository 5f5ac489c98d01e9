"""The roles of the pipeline in GitHub Actions: deployed once by hand, in the account of each stage.

`cdk deploy --app "python -m stacks.pipeline_stack" -c stage=dev -c repository=OWNER/NAME`
"""

import re
import sys
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE
from stacks.settings import SettingsError

_ISSUER: Final = "token.actions.githubusercontent.com"
_AUDIENCE: Final = "sts.amazonaws.com"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_BOOTSTRAP_ROLES: Final = ("deploy", "file-publishing", "lookup")
"""Roles of the CDK's bootstrap stack that a deployment takes. It has no images."""

_STAGES: Final = ("dev", "prod")


class PipelineStack(cdk.Stack):
    """What the jobs of one repository may do in one of its environments.

    A job proves with a token of GitHub that it runs in the environment. No secret of AWS is stored at GitHub.
    """

    def __init__(
        self, scope: Construct, *, stage: str, repository: str, provider_arn: str | None = None
    ) -> None:
        """Add the roles.

        Args:
            scope: The app.
            stage: Name of the stage, and of the environment at GitHub.
            repository: `OWNER/NAME` of the repository.
            provider_arn: The account's identity provider for GitHub, if it has one.
        """
        super().__init__(
            scope,
            f"{SERVICE}-{stage}-pipeline",
            description=f"Roles of the pipeline that deploys the stage {stage}",
            tags={"service": SERVICE, "stage": stage},
            termination_protection=True,
        )
        self._stage = stage
        self._principal = iam.WebIdentityPrincipal(
            provider_arn or self._provider(),
            {
                "StringEquals": {
                    f"{_ISSUER}:aud": _AUDIENCE,
                    f"{_ISSUER}:sub": f"repo:{repository}:environment:{stage}",
                }
            },
        )
        deployer = self._role(
            "Deploy", "Deploys the stage by the roles of the CDK", [self._bootstrap_roles()]
        )
        cdk.CfnOutput(self, "DeployRoleArn", value=deployer.role_arn)
        if stage != "prod":  # `make accept` needs a Stripe sandbox
            acceptor = self._role("Accept", "Runs make accept against the stage", self._acceptance())
            cdk.CfnOutput(self, "AcceptRoleArn", value=acceptor.role_arn)
        reporter = self._role("Report", "Runs make report against the stage", self._report())
        cdk.CfnOutput(self, "ReportRoleArn", value=reporter.role_arn)

    def _provider(self) -> str:
        provider = iam.CfnOIDCProvider(self, "GitHub", url=f"https://{_ISSUER}", client_id_list=[_AUDIENCE])
        provider.apply_removal_policy(cdk.RemovalPolicy.RETAIN)  # other repositories may use it, too
        return provider.ref

    def _role(self, name: str, description: str, statements: list[iam.PolicyStatement]) -> iam.Role:
        return iam.Role(
            self,
            name,
            assumed_by=self._principal,
            description=description,
            max_session_duration=cdk.Duration.hours(1),
            inline_policies={name: iam.PolicyDocument(statements=statements)},
        )

    def _bootstrap_roles(self) -> iam.PolicyStatement:
        qualifier = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
        return iam.PolicyStatement(
            actions=["sts:AssumeRole"],
            resources=[
                self._arn("iam", f"role/cdk-{qualifier}-{role}-role-{self.account}-{self.region}", region="")
                for role in _BOOTSTRAP_ROLES
            ],
        )

    def _acceptance(self) -> list[iam.PolicyStatement]:
        """Read what a run did, read the sandbox's key, and add users to the stage's pool."""
        prefix = f"{SERVICE}-{self._stage}-"
        of_the_stage = {
            "StringEquals": {"aws:ResourceTag/service": SERVICE, "aws:ResourceTag/stage": self._stage}
        }
        return [
            self._outputs(),
            iam.PolicyStatement(
                actions=["dynamodb:GetItem", "dynamodb:Query"],
                resources=[self._arn("dynamodb", f"table/{prefix}*")],
            ),
            iam.PolicyStatement(
                actions=["states:DescribeExecution", "states:GetExecutionHistory"],
                resources=[self._arn("states", f"execution:{prefix}saga:*")],
            ),
            iam.PolicyStatement(
                actions=[
                    "cognito-idp:AdminAddUserToGroup",
                    "cognito-idp:AdminCreateUser",
                    "cognito-idp:AdminDeleteUser",
                    "cognito-idp:AdminSetUserPassword",
                ],
                resources=[self._arn("cognito-idp", "userpool/*")],
                conditions=of_the_stage,
            ),
            iam.PolicyStatement(
                actions=["secretsmanager:GetSecretValue"],
                resources=[self._arn("secretsmanager", "secret:Stripe*")],
                conditions=of_the_stage,
            ),
        ]

    def _report(self) -> list[iam.PolicyStatement]:
        """Run the reconciliation, and read what it has found."""
        name = f"{SERVICE}-{self._stage}-reconciliation"
        return [
            self._outputs(),
            iam.PolicyStatement(
                actions=["states:StartExecution"], resources=[self._arn("states", f"stateMachine:{name}")]
            ),
            iam.PolicyStatement(
                actions=["states:DescribeExecution"], resources=[self._arn("states", f"execution:{name}:*")]
            ),
        ]

    def _outputs(self) -> iam.PolicyStatement:
        """Read the outputs of the stage's stacks."""
        return iam.PolicyStatement(
            actions=["cloudformation:DescribeStacks"],
            resources=[self._arn("cloudformation", f"stack/{SERVICE}-{self._stage}-*")],
        )

    def _arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{where}:{self.account}:{resource}"


def build(app: cdk.App) -> None:
    """Add the stack that the app's context describes.

    Raises:
        SettingsError: A value is missing or invalid.
    """
    context = {
        name: str(app.node.try_get_context(name) or "") for name in ("stage", "repository", "provider")
    }
    if context["stage"] not in _STAGES:
        raise SettingsError(f"-c stage=NAME is needed, one of {', '.join(_STAGES)}")
    if not _REPOSITORY.fullmatch(context["repository"]):
        raise SettingsError("-c repository=OWNER/NAME is needed")
    PipelineStack(
        app,
        stage=context["stage"],
        repository=context["repository"],
        provider_arn=context["provider"] or None,
    )


if __name__ == "__main__":
    app = cdk.App(builtin_cloud_formation_validation=False)
    try:
        build(app)
    except SettingsError as error:
        sys.exit(f"error: {error}")
    app.synth()
