"""The console: the page for operators and customers, served by CloudFront."""

from typing import Final, cast

from aws_cdk import CfnElement, Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from stacks.constructs.build_folder import PROJECT
from stacks.constructs.console_policy import OTHER_SECURITY_HEADERS, content_security_policy
from stacks.constructs.findings import accept
from stacks.constructs.log_group import LogGroup
from stacks.constructs.rest_api import API_VERSION
from stacks.constructs.stage_stack import StageStack
from stacks.settings import StageSettings

_SCOPES: Final = (cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL)
_SIGNED_IN: Final = Duration.hours(12)
"""How long a page stays signed in without a new sign-in: an operator's day."""

_TWO_YEARS: Final = Duration.days(730)

_CACHED_ERRORS: Final = (404, 405, 414, 500, 501, 502, 503, 504)
"""Errors that CloudFront caches for 10 s even where caching is off, whoever asks, unless told otherwise
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html,
November 2026)."""

_COPIES: Final = ("Abort", "DeleteObject", "GetBucket", "GetObject", "List")
"""Families of calls to S3 that the function which copies the files may make."""


class ConsoleStack(StageStack):
    """The page's files, the distribution that serves them beside the REST API, and the sign-in.

    The API is a second origin of the distribution, so the page calls its own origin and needs no CORS.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        api: apigateway.IRestApi,
        users: cognito.UserPool,
    ) -> None:
        super().__init__(scope, "console", settings, description="Orders: the console")
        # The prefix is unique among all accounts of a region.
        hosted = cognito.UserPoolDomain(
            self,
            "SignIn",
            user_pool=users,
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=f"orders-{settings.stage}-{self.account}"
            ),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        files = self._bucket()
        distribution = self._distribution(settings, files, api, sign_in_url=hosted.base_url())
        url = f"https://{settings.console_domain or distribution.domain_name}/"
        client = self._app_client(settings, users, url)
        self._deploy(
            settings,
            files,
            {
                "stage": settings.stage,
                "api": f"/{API_VERSION}",
                "sign_in": {
                    "kind": "cognito",
                    "domain": hosted.base_url(),
                    "client_id": client.user_pool_client_id,
                    "scope": " ".join(each.scope_name for each in _SCOPES),
                },
            },
        )
        self.add_output("ConsoleUrl", url, "Address of the console")
        self.add_output("ConsoleDomainName", distribution.domain_name, "Target of a domain name of your own")

    def _bucket(self) -> s3.Bucket:
        """Add the bucket of the files, which only the distribution reads. A deployment copies all of them."""
        bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=RemovalPolicy.DESTROY,
        )
        accept(
            bucket,
            "AwsSolutions-S1",
            "The files are public code, and only the distribution reads them, so a log would tell nothing.",
        )
        return bucket

    def _distribution(
        self, settings: StageSettings, files: s3.Bucket, api: apigateway.IRestApi, *, sign_in_url: str
    ) -> cloudfront.Distribution:
        """Add the distribution.

        Caching is off for the API, whose responses belong to one user. `ALL_VIEWER_EXCEPT_HOST_HEADER` passes
        `Authorization` on; API Gateway finds the API by its own host name. The files say that they must be
        validated (`_deploy`), so a new version is seen at once. Nor are errors: the `404` that a customer
        gets for somebody else's order must not answer its operator.

        Source, read in November 2026:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
        """
        arn = settings.console_certificate
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", arn) if arn else None
        own_host = f"{api.rest_api_id}.execute-api.{self.region}.{self.url_suffix}"
        api_host = settings.api_domain or own_host
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Console of orders-{settings.stage}",
            default_root_object="index.html",
            domain_names=[settings.console_domain] if settings.console_domain else None,
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if certificate else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in _CACHED_ERRORS
            ],
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(files),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=self._headers(settings, sign_in_url),
            ),
            additional_behaviors={
                f"/{API_VERSION}/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(api_host),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                )
            },
        )
        for finding, reason in {
            "CFR1": "The shop sells everywhere, and its operators travel; a sign-in guards the data.",
            "CFR2": "The firewall is in front of the API and the sign-in, and the files are public code.",
            "CFR3": "API Gateway logs each call, and requests for files that are public code tell nothing.",
        }.items():
            accept(distribution, f"AwsSolutions-{finding}", reason)
        if not certificate:
            accept(
                distribution,
                "AwsSolutions-CFR4",
                "CloudFront alone decides on TLS for its own domain names; with `console_domain` it is 1.2.",
            )
        return distribution

    def _headers(self, settings: StageSettings, sign_in_url: str) -> cloudfront.ResponseHeadersPolicy:
        """Add the same headers as on a laptop, and those that only make sense with TLS."""
        csp = cloudfront.ResponseHeadersContentSecurityPolicy(
            content_security_policy=content_security_policy(sign_in_url), override=True
        )
        others = {
            name: value
            for name, value in OTHER_SECURITY_HEADERS.items()
            if name not in {"X-Content-Type-Options", "Referrer-Policy"}  # CloudFront has fields for them
        }
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=f"orders-{settings.stage}-console-{self.region}",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=csp,
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=_TWO_YEARS, include_subdomains=False, override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                    for name, value in others.items()
                ]
            ),
        )

    def _app_client(
        self, settings: StageSettings, users: cognito.UserPool, url: str
    ) -> cognito.UserPoolClient:
        """Add the page's client: it has no secret, and gets its tokens by a code and PKCE only.

        A client's page needs a style before Cognito shows it, at least its own.
        Source, read in November 2026:
        https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login-branding.html
        """
        client = cognito.UserPoolClient(
            self,
            "App",
            user_pool=users,
            user_pool_client_name=f"orders-{settings.stage}-console",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=list(_SCOPES),
                callback_urls=[url],
                logout_urls=[url],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.hours(settings.token_hours),
            access_token_validity=Duration.hours(settings.token_hours),
            refresh_token_validity=_SIGNED_IN,
        )
        cognito.CfnManagedLoginBranding(
            self,
            "Style",
            user_pool_id=users.user_pool_id,
            client_id=client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        return client

    def _deploy(self, settings: StageSettings, files: s3.Bucket, configuration: dict[str, object]) -> None:
        """Copy the page's files and its configuration into the bucket."""
        deployment.BucketDeployment(
            self,
            "Content",
            sources=[
                deployment.Source.asset(str(PROJECT / "console")),
                deployment.Source.json_data("config.json", configuration),
            ],
            destination_bucket=files,
            retain_on_delete=False,  # so that the bucket is empty when it is deleted
            cache_control=[deployment.CacheControl.no_cache()],
            log_group=LogGroup(self, "Logs", settings, name=f"/aws/lambda/orders-{settings.stage}-console"),
        )
        self._accept_copier(settings, files)

    def _accept_copier(self, settings: StageSettings, files: s3.Bucket) -> None:
        """Accept the findings on the function that copies the files, which the CDK makes."""
        (copier,) = (
            each for each in self.node.children if each.node.id.startswith("Custom::CDKBucketDeployment")
        )
        account, region = settings.account or "<AWS::AccountId>", settings.region or "<AWS::Region>"
        bucket = self.get_logical_id(cast(CfnElement, files.node.default_child))
        for finding in (
            "L1",
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
            *(f"IAM5[Action::s3:{action}*]" for action in _COPIES),
            f"IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-{account}-{region}/*]",
            f"IAM5[Resource::<{bucket}.Arn>/*]",
        ):
            accept(
                copier,
                f"AwsSolutions-{finding}",
                "The CDK makes this function and its permissions, and it runs during deployments only.",
            )
