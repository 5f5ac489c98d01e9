"""The stack of the console, which a setting of the stage adds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_apigateway as apigateway
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_by_config  # type: ignore[import-untyped]  # it ships no types

from stacks.console_stack import ConsoleStack
from stacks.constructs.build_folder import PROJECT
from stacks.constructs.stage_stack import StageStack
from stacks.identity_stack import IdentityStack
from stacks.settings import SettingsError, read_settings
from tests.stacks.synthesis import Synthesis, readable, synthesize

pytestmark = pytest.mark.xdist_group("stacks")

PROD = (PROJECT / "stages" / "prod.example.toml").read_text()
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
OWN_DOMAIN = f'console = true\nconsole_domain = "orders.example.org"\nconsole_certificate = "{CERTIFICATE}"\n'


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The stage `dev` with a console."""
    file = tmp_path_factory.mktemp("stage") / "dev.toml"
    file.write_text("console = true\n")
    return synthesize("dev", tmp_path_factory.mktemp("dev"), stage_file=file)


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """A console with a domain name of its own, and what it needs of the stage `prod`."""
    file = tmp_path_factory.mktemp("stage") / "prod.toml"
    file.write_text(OWN_DOMAIN + PROD)
    folder = tmp_path_factory.mktemp("prod")
    app = cdk.App(outdir=str(folder), builtin_cloud_formation_validation=False)
    settings = read_settings({"stage": "prod", "stage_file": str(file)})
    users = IdentityStack(app, settings).pool
    api = apigateway.RestApi.from_rest_api_id(
        StageStack(app, "api", settings, description="API"), "Api", "api-1"
    )
    ConsoleStack(app, settings, api=api, users=users)
    app.synth()
    return Synthesis("prod", app, folder)


@pytest.fixture(params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Synthesis:
    synthesis: Synthesis = request.getfixturevalue(request.param)
    return synthesis


def console_of(stage: Synthesis) -> Iterator[tuple[str, dict[str, Any]]]:
    """Type and properties of each resource of the stack."""
    template = stage.templates()[f"orders-{stage.stage}-console"]
    for body in template["Resources"].values():
        yield body["Type"], body.get("Properties", {})


def the(stage: Synthesis, resource_type: str) -> dict[str, Any]:
    """The only resource of a type in the stack."""
    (properties,) = (each for kind, each in console_of(stage) if kind == resource_type)
    return properties


def test_without_the_setting_there_is_no_console() -> None:
    assert not read_settings({"stage": "dev"}).console


def test_findings_of_the_rule_pack_are_accepted(stage: Synthesis) -> None:
    (console,) = (each for each in stage.app.node.children if each.node.id.endswith("-console"))

    report = AwsSolutionsChecks(stage.app).validate_scope(console)

    assert [
        f"{violation.rule_name} at {resource.construct_path}"
        for violation in report.violations
        for resource in violation.violating_resources
    ] == []


def test_the_template_is_valid(stage: Synthesis) -> None:
    template = stage.folder / f"orders-{stage.stage}-console.template.json"

    problems = lint_by_config(ManualArgs(templates=[str(template)], ignore_checks=["W3005"]))

    assert [str(problem) for problem in problems] == []


def test_an_error_that_one_user_gets_is_not_kept_for_others(stage: Synthesis) -> None:
    settings = the(stage, "AWS::CloudFront::Distribution")["DistributionConfig"]

    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in settings["CustomErrorResponses"]}
    assert kept == dict.fromkeys((404, 405, 414, 500, 501, 502, 503, 504), 0)


def test_only_the_distribution_reads_the_files_and_over_tls(stage: Synthesis) -> None:
    bucket, policy = the(stage, "AWS::S3::Bucket"), the(stage, "AWS::S3::BucketPolicy")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    allowed = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    (statement,) = (each for each in allowed if "Service" in each["Principal"])
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Action"] == "s3:GetObject"
    source = readable(statement["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert source.endswith(":distribution/Distribution")
    denied = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denied]


def test_pages_have_the_policy_of_a_laptop_and_may_call_the_sign_in(stage: Synthesis) -> None:
    config = the(stage, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]

    policy = readable(security["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ")
    assert "connect-src 'self' https://" in policy
    assert ".amazoncognito.com; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" in policy
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 365 * 24 * 60 * 60
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert security["ContentTypeOptions"] == {"Override": True}
    assert config["CustomHeadersConfig"]["Items"]


def test_calls_go_to_the_api_uncached_and_with_their_token(stage: Synthesis) -> None:
    config = the(stage, "AWS::CloudFront::Distribution")["DistributionConfig"]
    (behavior,) = config["CacheBehaviors"]
    (origin,) = (each for each in config["Origins"] if each["Id"] == behavior["TargetOriginId"])

    assert behavior["PathPattern"] == "/v1/*"
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert {"DELETE", "PATCH", "POST", "PUT"} <= set(behavior["AllowedMethods"])
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # all but the host
    assert re.match(r"(Api|api-1)\.execute-api\.", readable(origin["DomainName"]))
    assert "OriginPath" not in origin  # `v1` is both the pattern and the stage in API Gateway
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_the_files_are_served_over_https_and_begin_with_the_index(stage: Synthesis) -> None:
    config = the(stage, "AWS::CloudFront::Distribution")["DistributionConfig"]

    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["DefaultRootObject"] == "index.html"


def test_a_domain_name_of_its_own_needs_tls_1_2(prod: Synthesis) -> None:
    config = the(prod, "AWS::CloudFront::Distribution")["DistributionConfig"]

    assert config["Aliases"] == ["orders.example.org"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE


def test_tokens_are_given_for_a_code_with_pkce_only(stage: Synthesis) -> None:
    client = the(stage, "AWS::Cognito::UserPoolClient")

    assert client["AllowedOAuthFlows"] == ["code"]  # not implicit
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthScopes"] == ["openid", "email"]
    assert client["EnableTokenRevocation"] is True
    assert "ALLOW_USER_PASSWORD_AUTH" not in client.get("ExplicitAuthFlows", [])
    assert client["CallbackURLs"] == client["LogoutURLs"]


@pytest.mark.parametrize(
    ("name", "url"),
    [("dev", "https://Distribution.DomainName/"), ("prod", "https://orders.example.org/")],
)
def test_the_address_is_an_output_to_which_users_come_back(
    request: pytest.FixtureRequest, name: str, url: str
) -> None:
    stage: Synthesis = request.getfixturevalue(name)
    outputs = stage.templates()[f"orders-{name}-console"]["Outputs"]

    assert readable(outputs["ConsoleUrl"]["Value"]) == url
    (callback,) = the(stage, "AWS::Cognito::UserPoolClient")["CallbackURLs"]
    assert readable(callback) == url


def test_the_hosted_pages_have_a_style_without_which_cognito_shows_none(stage: Synthesis) -> None:
    assert the(stage, "AWS::Cognito::UserPoolDomain")["ManagedLoginVersion"] == 2
    assert the(stage, "AWS::Cognito::ManagedLoginBranding")["UseCognitoProvidedValues"] is True


def test_the_page_learns_where_to_sign_in(prod: Synthesis) -> None:
    manifest = json.loads((prod.folder / "orders-prod-console.assets.json").read_text())
    sources = [prod.folder / each["source"]["path"] for each in manifest["files"].values()]
    (file,) = (source / "config.json" for source in sources if (source / "config.json").exists())
    text = file.read_text()
    for marker, value in the(prod, "Custom::CDKBucketDeployment")["SourceMarkers"][-1].items():
        text = text.replace(marker, readable(value))  # as the deployment does

    configuration = json.loads(text)
    sign_in = configuration.pop("sign_in")
    assert configuration == {"stage": "prod", "api": "/v1"}
    assert sign_in["kind"] == "cognito"
    assert re.fullmatch(r"https://.+\.auth\..+\.amazoncognito\.com", sign_in["domain"])
    assert (sign_in["client_id"], sign_in["scope"]) == ("App", "openid email")


def test_a_new_version_is_seen_at_once(stage: Synthesis) -> None:
    assert the(stage, "Custom::CDKBucketDeployment")["SystemMetadata"] == {"cache-control": "no-cache"}


@pytest.mark.parametrize(
    ("stage", "content", "message"),
    [
        ("local", "console = true", "console is valid for cloud stages only"),
        ("dev", 'console_domain = "orders.example.org"', "need each other"),
        ("dev", OWN_DOMAIN.replace("console = true", ""), "console_domain needs console = true"),
        ("dev", OWN_DOMAIN.replace("us-east-1", "eu-west-1"), "a certificate in us-east-1"),
        ("dev", OWN_DOMAIN.replace("orders.example.org", "https://x"), "a domain name like"),
    ],
)
def test_settings_that_do_not_fit_are_refused(stage: str, content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / f"{stage}.toml").write_text(content)

    with pytest.raises(SettingsError, match=message):
        read_settings({"stage": stage}, tmp_path)
