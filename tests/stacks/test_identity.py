"""Users and their sign-in."""

import pytest

from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")


def test_customers_sign_up_themselves_except_locally(stage: Synthesis) -> None:
    pool = stage.the("AWS::Cognito::UserPool").properties

    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": stage.stage == "local"}


def test_a_user_who_confirms_the_address_is_enrolled(cloud: Synthesis) -> None:
    pool = cloud.the("AWS::Cognito::UserPool").properties

    assert pool["AutoVerifiedAttributes"] == ["email"]
    assert {trigger: readable(arn) for trigger, arn in pool["LambdaConfig"].items()} == {
        "PostConfirmation": "EnrollCustomer.Arn"
    }


def test_only_this_user_pool_may_call_the_function(cloud: Synthesis) -> None:
    (permission,) = (
        each
        for each in cloud.named("AWS::Lambda::Permission").values()
        if readable(each["FunctionName"]) == "EnrollCustomer.Arn"
    )

    assert permission["Principal"] == "cognito-idp.amazonaws.com"
    assert readable(permission["SourceArn"]) == "Users.Arn"


def test_in_prod_cognito_mails_from_the_verified_domain(prod: Synthesis) -> None:
    mail = prod.the("AWS::Cognito::UserPool").properties["EmailConfiguration"]

    arn = readable(mail.pop("SourceArn"))
    assert mail == {"EmailSendingAccount": "DEVELOPER", "From": "shop@example.org"}
    assert arn.startswith("arn:AWS::Partition:ses:")
    assert arn.endswith(":identity/example.org")


def test_other_stages_need_no_verified_sender(dev: Synthesis, local: Synthesis) -> None:
    for stage in (dev, local):
        assert "EmailConfiguration" not in stage.the("AWS::Cognito::UserPool").properties


def test_the_groups_are_customers_and_operators(stage: Synthesis) -> None:
    groups = stage.resources("AWS::Cognito::UserPoolGroup")

    assert {group.properties["GroupName"] for group in groups} == {"customers", "operators"}
    assert {readable(group.properties["UserPoolId"]) for group in groups} == {"Users"}


def test_passwords_are_long_and_mixed(stage: Synthesis) -> None:
    policy = stage.the("AWS::Cognito::UserPool").properties["Policies"]["PasswordPolicy"]

    assert policy.pop("TemporaryPasswordValidityDays") == 3
    assert policy.pop("MinimumLength") == 12
    assert policy == dict.fromkeys(
        ("RequireLowercase", "RequireUppercase", "RequireNumbers", "RequireSymbols"), True
    )


def test_the_app_client_reveals_no_users_and_has_no_secret(stage: Synthesis) -> None:
    client = stage.the("AWS::Cognito::UserPoolClient").properties

    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlowsUserPoolClient"] is False
    assert client["EnableTokenRevocation"] is True


def test_every_sign_in_sends_the_password_so_that_leaks_are_found(stage: Synthesis) -> None:
    """Cognito can't compare a password with known leaks if the client only proves it (SRP)."""
    client = stage.the("AWS::Cognito::UserPoolClient").properties

    assert set(client["ExplicitAuthFlows"]) == {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}


def test_tokens_last_an_hour_and_locally_a_day(stage: Synthesis) -> None:
    client = stage.the("AWS::Cognito::UserPoolClient").properties

    minutes = 24 * 60 if stage.stage == "local" else 60
    assert client["TokenValidityUnits"]["IdToken"] == "minutes"
    assert (client["IdTokenValidity"], client["AccessTokenValidity"]) == (minutes, minutes)


def test_only_prod_keeps_its_users_and_assesses_sign_ins(stage: Synthesis) -> None:
    pool, is_prod = stage.the("AWS::Cognito::UserPool"), stage.stage == "prod"

    assert pool.properties["DeletionProtection"] == ("ACTIVE" if is_prod else "INACTIVE")
    assert pool.body["DeletionPolicy"] == ("Retain" if is_prod else "Delete")
    assert pool.properties["UserPoolTier"] == ("PLUS" if is_prod else "ESSENTIALS")
    assert pool.properties.get("UserPoolAddOns") == (
        {"AdvancedSecurityMode": "ENFORCED"} if is_prod else None
    )


def test_leaked_passwords_and_risky_sign_ins_are_blocked(prod: Synthesis) -> None:
    risks = prod.the("AWS::Cognito::UserPoolRiskConfigurationAttachment").properties

    leaked = risks["CompromisedCredentialsRiskConfiguration"]
    takeover = risks["AccountTakeoverRiskConfiguration"]["Actions"]
    assert leaked == {"Actions": {"EventAction": "BLOCK"}}  # without a filter: all events
    assert {level: action["EventAction"] for level, action in takeover.items()} == {
        "LowAction": "NO_ACTION",
        "MediumAction": "MFA_IF_CONFIGURED",
        "HighAction": "BLOCK",
    }
