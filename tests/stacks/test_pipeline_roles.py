"""What the pipeline's jobs may do."""

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from stacks.pipeline_stack import build
from stacks.settings import SettingsError
from tests.stacks.synthesis import Synthesis

REPOSITORY = "shop/orders"
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"


def template(**context: str) -> dict[str, Any]:
    """The template for these context values."""
    app = cdk.App(context=context, builtin_cloud_formation_validation=False)
    build(app)
    (stack,) = (child for child in app.node.children if isinstance(child, cdk.Stack))
    return dict(Template.from_stack(stack).to_json())


def roles(stage: str) -> dict[str, dict[str, Any]]:
    """The properties of the roles, by what they do."""
    resources = template(stage=stage, repository=REPOSITORY)["Resources"].values()
    found = [each["Properties"] for each in resources if each["Type"] == "AWS::IAM::Role"]
    return {role["Policies"][0]["PolicyName"]: role for role in found}


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    (policy,) = role["Policies"]
    return list(policy["PolicyDocument"]["Statement"])


def text(arn: Any) -> str:  # noqa: ANN401 - any template value
    """An ARN with `*` for its partition, region and account."""
    return "".join(part if isinstance(part, str) else "*" for part in arn["Fn::Join"][1])


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_only_jobs_in_the_stages_environment_take_the_roles(stage: str) -> None:
    for role in roles(stage).values():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert trust["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": f"repo:{REPOSITORY}:environment:{stage}",
            }
        }


def test_a_deployment_only_takes_the_roles_of_the_cdk() -> None:
    (statement,) = statements(roles("prod")["Deploy"])

    assert statement["Action"] == "sts:AssumeRole"
    assert [text(arn) for arn in statement["Resource"]] == [
        f"arn:*:iam::*:role/cdk-hnb659fds-{name}-role-*-*" for name in ("deploy", "file-publishing", "lookup")
    ]


def test_these_are_the_roles_that_the_assembly_names(dev: Synthesis) -> None:
    manifest = (dev.folder / "manifest.json").read_text()
    (statement,) = statements(roles("dev")["Deploy"])

    for arn in statement["Resource"]:
        name = text(arn).removeprefix("arn:*:iam::*:role/").removesuffix("-*-*")
        assert name in manifest + "".join(path.read_text() for path in dev.folder.glob("*.assets.json"))


def granted(role: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """The resource and the condition of each action that a role may take."""
    return {
        action: (text(statement["Resource"]), statement.get("Condition"))
        for statement in statements(role)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_report_only_runs_the_reconciliation(stage: str) -> None:
    reconciliation = f"orders-{stage}-reconciliation"

    assert granted(roles(stage)["Report"]) == {
        "cloudformation:DescribeStacks": (f"arn:*:cloudformation:*:*:stack/orders-{stage}-*", None),
        "states:StartExecution": (f"arn:*:states:*:*:stateMachine:{reconciliation}", None),
        "states:DescribeExecution": (f"arn:*:states:*:*:execution:{reconciliation}:*", None),
    }


def test_an_acceptance_run_reads_and_adds_users_only() -> None:
    tags = {"StringEquals": {"aws:ResourceTag/service": "orders", "aws:ResourceTag/stage": "dev"}}
    pool = ("arn:*:cognito-idp:*:*:userpool/*", tags)
    table = ("arn:*:dynamodb:*:*:table/orders-dev-*", None)
    execution = ("arn:*:states:*:*:execution:orders-dev-saga:*", None)
    assert granted(roles("dev")["Accept"]) == {
        "cloudformation:DescribeStacks": ("arn:*:cloudformation:*:*:stack/orders-dev-*", None),
        "dynamodb:GetItem": table,
        "dynamodb:Query": table,
        "states:DescribeExecution": execution,
        "states:GetExecutionHistory": execution,
        "cognito-idp:AdminAddUserToGroup": pool,
        "cognito-idp:AdminCreateUser": pool,
        "cognito-idp:AdminDeleteUser": pool,
        "cognito-idp:AdminSetUserPassword": pool,
        "secretsmanager:GetSecretValue": ("arn:*:secretsmanager:*:*:secret:Stripe*", tags),
    }


def test_prod_has_no_role_for_acceptance_runs() -> None:
    assert roles("prod").keys() == {"Deploy", "Report"}


def test_an_account_has_one_provider_for_github() -> None:
    new = template(stage="dev", repository=REPOSITORY)["Resources"].values()
    shared = template(stage="prod", repository=REPOSITORY, provider=PROVIDER)["Resources"].values()

    assert [each["Type"] for each in new].count("AWS::IAM::OIDCProvider") == 1
    assert {each["Type"] for each in shared} == {"AWS::IAM::Role"}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"repository": REPOSITORY}, "stage=NAME"),
        ({"stage": "local", "repository": REPOSITORY}, "stage=NAME"),
        ({"stage": "dev"}, "repository=OWNER/NAME"),
        ({"stage": "dev", "repository": "shop/orders:*"}, "repository=OWNER/NAME"),
    ],
)
def test_a_context_that_names_too_little_or_too_much_is_rejected(
    context: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        template(**context)
