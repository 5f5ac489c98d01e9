"""Users: customers and operators."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from constructs import Construct

from lambdas.domain.vocabulary import UserGroup
from stacks.constructs.findings import accept
from stacks.constructs.grant import allow
from stacks.constructs.python_function import PythonFunction, PythonFunctions
from stacks.constructs.stage_stack import StageStack
from stacks.settings import StageSettings

_GROUPS = {
    UserGroup.CUSTOMERS: "Customers place orders",
    UserGroup.OPERATORS: "Operators run the shop and place no orders",
}

_REFRESH_DAYS = 30


class IdentityStack(StageStack):
    """The user pool.

    Attributes:
        pool: The user pool.
        enroll_customer: The function that enrolls customers; None if they can't sign up themselves.
    """

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "identity", settings, description="Orders: users")
        self.pool = self._user_pool(settings)
        for group, description in _GROUPS.items():
            self.pool.add_group(group.title(), group_name=group.value, description=description)
        client = self._app_client(settings)
        self.enroll_customer = self._enroll_customers(settings) if settings.self_sign_up else None

        self.add_output("UserPoolId", self.pool.user_pool_id, "User pool of customers and operators")
        self.add_output("UserPoolClientId", client.user_pool_client_id, "App client that users sign in with")

    def _user_pool(self, settings: StageSettings) -> cognito.UserPool:
        """Add the pool. Only administrators add operators."""
        pool = cognito.UserPool(
            self,
            "Users",
            user_pool_name=f"orders-{settings.stage}",
            self_sign_up_enabled=settings.self_sign_up,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            email=self._mail(settings),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            keep_original=cognito.KeepOriginalAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            feature_plan=(
                cognito.FeaturePlan.PLUS if settings.threat_protection else cognito.FeaturePlan.ESSENTIALS
            ),
            standard_threat_protection_mode=(
                cognito.StandardThreatProtectionMode.FULL_FUNCTION if settings.threat_protection else None
            ),
            deletion_protection=settings.keep_data,
            removal_policy=RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY,
        )
        if settings.threat_protection:
            _protect_from_threats(pool)
        else:
            for finding in ("AwsSolutions-COG3", "AwsSolutions-COG8"):
                accept(
                    pool,
                    finding,
                    "Threat protection costs money for each user, and only developers use this stage.",
                )
        accept(
            pool,
            "AwsSolutions-COG2",
            "Customers choose whether they use a second factor; a required one turns buyers away.",
        )
        return pool

    def _mail(self, settings: StageSettings) -> cognito.UserPoolEmail | None:
        """How Cognito sends its codes; None for its own service, which sends 50 mails a day for an account.

        Cognito checks the sender when it creates the pool, so SES must have verified the domain before. An
        identity of only the address would not do: Cognito looks for the one that the template names.

        Source, read in November 2026:
        https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-email.html
        """
        if not settings.user_mail_by_ses:
            return None
        return cognito.UserPoolEmail.with_ses(
            from_email=settings.sender_email,
            ses_verified_domain=settings.sender_email.rpartition("@")[2],
            ses_region=self.region,
        )

    def _app_client(self, settings: StageSettings) -> cognito.UserPoolClient:
        """Add the client that web shops and the command line sign in with; it has no secret.

        A sign-in sends the password over TLS. A client that proves it without sending it (SRP) would hide it
        from the check for leaked passwords; see `_protect_from_threats`.
        """
        return self.pool.add_client(
            "App",
            user_pool_client_name=f"orders-{settings.stage}",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_password=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.hours(settings.token_hours),
            access_token_validity=Duration.hours(settings.token_hours),
            refresh_token_validity=Duration.days(_REFRESH_DAYS),
        )

    def _enroll_customers(self, settings: StageSettings) -> PythonFunction:
        """Add users who sign up themselves to the group of customers, once their address is verified."""
        function = PythonFunctions(self, settings).add("enroll_customer")
        self.pool.add_trigger(cognito.UserPoolOperation.POST_CONFIRMATION, function)
        # The function is created after the policy that `add` makes, and the pool after the function. So the
        # permission for the pool needs a policy of its own (https://github.com/aws/aws-cdk/issues/7016).
        iam.Policy(
            self,
            "EnrollCustomerPolicy",
            roles=[function.execution_role],
            statements=[allow(self.pool.user_pool_arn, "cognito-idp:AdminAddUserToGroup")],
        )
        return function


def _protect_from_threats(pool: cognito.UserPool) -> None:
    """Block leaked passwords and sign-ins with a high risk; ask for the second factor at a medium risk.

    Cognito compares a password with known leaks when a user signs up, signs in or changes it, if the pool has
    the feature plan Plus. It can't check a sign-in by SRP, which does not send the password. A user who signs
    in with a leaked password must first choose another one, with a code that Cognito sends by mail.

    Source, read in November 2026:
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-compromised-credentials.html
    """
    actions = {"lowAction": "NO_ACTION", "mediumAction": "MFA_IF_CONFIGURED", "highAction": "BLOCK"}
    cognito.CfnUserPoolRiskConfigurationAttachment(
        pool,
        "Threats",
        user_pool_id=pool.user_pool_id,
        client_id="ALL",
        # Nested properties are written as in CloudFormation, but begin with a small letter.
        compromised_credentials_risk_configuration={"actions": {"eventAction": "BLOCK"}},
        account_takeover_risk_configuration={
            "actions": {level: {"eventAction": action, "notify": False} for level, action in actions.items()}
        },
    )
