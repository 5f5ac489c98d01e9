"""The REST API without its calls: sign-in, throttling, logs, and the responses of API Gateway itself."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambdas.domain.vocabulary import PROBLEM_TYPE_PREFIX, SECURITY_HEADERS, UNAVAILABLE_DETAIL, ProblemKind
from stacks.constructs.findings import accept
from stacks.constructs.log_group import LogGroup
from stacks.constructs.rollout import FunctionRollout
from stacks.settings import StageSettings

API_VERSION: Final = "v1"
"""Name of the stage in API Gateway, so the first part of each path."""

_LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"

_REQUEST_ID: Final = "$context.extendedRequestId"
"""Clients can choose `$context.requestId`. The embedded AWS has no other id in its own responses."""

# No personal data: neither the caller and the address nor the values of path parameters.
_ACCESS_LOG = {
    "request_id": _REQUEST_ID,
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "response_bytes": "$context.responseLength",
    "error": "$context.error.responseType",
    "trace_id": "$context.xrayTraceId",
}

# API Gateway marks a fixed value by single quotes.
_SECURITY_HEADERS = {name: f"'{value}'" for name, value in SECURITY_HEADERS.items()}

_MESSAGE: Final = "$context.error.messageString"
_INSTANCE: Final = {"instance": _REQUEST_ID}
_PROBLEM_JSON: Final = "'application/problem+json'"
_RETRY_SOON: Final = {"Retry-After": "'1'"}


class RestApi(apigateway.RestApi):
    """An API for the signed-in users of a pool; a call can be opened to everybody.

    The error responses of API Gateway are problem documents (RFC 9457), like those of the functions.

    Attributes:
        base_url: The URL before the path of a call.
        domain_target: The name that a CNAME record of its domain name points to; None without a domain name.
    """

    def __init__(self, scope: Construct, settings: StageSettings, *, users: cognito.UserPool) -> None:
        name = f"orders-{settings.stage}"
        access_logs = LogGroup(scope, "AccessLogs", settings, name=f"/aws/apigateway/{name}")
        super().__init__(
            scope,
            "Api",
            rest_api_name=name,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # With a domain name, requests to API Gateway's own name are refused: it changes with the API.
            disable_execute_api_endpoint=settings.api_domain is not None,
            default_method_options=apigateway.MethodOptions(
                authorizer=apigateway.CognitoUserPoolsAuthorizer(
                    scope, "SignIn", cognito_user_pools=[users], authorizer_name="sign-in"
                ),
                authorization_type=apigateway.AuthorizationType.COGNITO,
            ),
            default_cors_preflight_options=_cors(settings),
            deploy_options=apigateway.StageOptions(
                stage_name=API_VERSION,
                throttling_rate_limit=settings.api_rate,
                throttling_burst_limit=settings.api_burst,
                method_options={
                    # Each new order costs an execution and an e-mail.
                    "/orders/POST": _limited(settings.submit_rate, settings.submit_burst),
                    # This call needs no sign-in: a flood of forged webhooks must not slow down the others.
                    "/webhooks/stripe/POST": _limited(settings.webhook_rate, settings.webhook_burst),
                },
                tracing_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                access_log_destination=apigateway.LogGroupLogDestination(access_logs),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
            ),
            # API Gateway needs one such role in an account to write logs. All APIs share it, so it is kept
            # when this one is deleted.
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
        )
        self.node.try_remove_child("Endpoint")  # an output that repeats the stack's
        accept(
            self,
            f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_LOG_POLICY}]",
            "All APIs of the account share the role, so it has the policy that AWS maintains for it.",
        )
        # Otherwise API Gateway creates this group itself and keeps its entries for ever.
        error_logs_name = f"API-Gateway-Execution-Logs_{self.rest_api_id}/{API_VERSION}"
        error_logs = LogGroup(scope, "ErrorLogs", settings, name=error_logs_name)
        self.deployment_stage.node.add_dependency(error_logs)

        self.base_url = self.url.removesuffix("/")
        self.domain_target: str | None = None
        if settings.api_domain is not None:
            self.base_url = f"https://{settings.api_domain}/{API_VERSION}"
            self.domain_target = self._add_domain(settings.api_domain, str(settings.api_certificate))

        self._embedded = settings.embedded
        self._rollout = FunctionRollout(scope, settings)
        self._json_object = self.add_model(
            "JsonObject",
            content_type="application/json",
            schema=apigateway.JsonSchema(
                schema=apigateway.JsonSchemaVersion.DRAFT4, type=apigateway.JsonSchemaType.OBJECT
            ),
        )
        self._validator = self.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
        self._add_gateway_problems(allows_browsers=bool(settings.allowed_origins))

    def route(
        self,
        method: str,
        path: str,
        function: lambda_.Function,
        *,
        json_body: bool = False,
        without_sign_in: str | None = None,
    ) -> None:
        """Route a call to a function.

        Args:
            method: `GET`, `POST`, ...
            path: Such as `/orders/{order_id}`.
            function: The function, called through its alias; it validates the whole request and names every
                invalid field.
            json_body: The call has a body; API Gateway rejects one that is not a JSON object.
            without_sign_in: Why the call needs no sign-in, as a sentence.
        """
        resource = self.root.resource_for_path(path)
        call = resource.add_method(
            method,
            apigateway.LambdaIntegration(self._rollout.live(function), allow_test_invoke=False),
            request_validator=self._validator,
            request_models={"application/json": self._json_object} if json_body else None,
            authorization_type=apigateway.AuthorizationType.NONE if without_sign_in else None,
        )
        if without_sign_in:
            _accept_no_sign_in(call, without_sign_in)

    def add_health(self) -> None:
        """Add `GET /health`, which needs no sign-in and runs no function."""
        health = self.root.add_resource("health").add_method(
            "GET",
            _fixed_response("200", {"status": "ok"}, {"Content-Type": "'application/json'"}),
            method_responses=[_method_response("200")],
            authorization_type=apigateway.AuthorizationType.NONE,
        )
        _accept_no_sign_in(
            health, "Load balancers and monitors can't sign in, and the response contains no data."
        )

    def refuse_other_methods(self) -> None:
        """Return 405 for unsupported methods of the paths routed so far, with the supported methods."""
        methods = defaultdict(set)
        for call in self.methods:
            methods[call.resource.path].add(call.http_method)
        for path, allowed in methods.items():
            if allowed == {"OPTIONS"}:  # not an endpoint, only the first part of other paths
                continue
            allow = ", ".join(sorted(allowed))
            problem = _problem(ProblemKind.METHOD_NOT_ALLOWED, f"Supported methods: {allow}.")
            # The embedded AWS does not replace `$context...` in a mock integration.
            if self._embedded:
                del problem["instance"]
            headers = {"Allow": f"'{allow}'", "Content-Type": _PROBLEM_JSON}
            refusal = self.root.resource_for_path(path).add_method(
                "ANY",
                _fixed_response("405", problem, headers),
                method_responses=[_method_response("405", "Allow")],
                authorization_type=apigateway.AuthorizationType.NONE,
            )
            _accept_no_sign_in(refusal, "The response is the same for everybody and contains no data.")

    def _add_domain(self, name: str, certificate: str) -> str:
        """Serve the API at a domain name, below the same path as at API Gateway's own; return its target."""
        domain = self.add_domain_name(
            "Domain",
            domain_name=name,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", certificate),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
            base_path=API_VERSION,
        )
        return domain.domain_name_alias_domain_name

    def _add_gateway_problems(self, *, allows_browsers: bool) -> None:
        """Turn the error responses of API Gateway itself into problem documents."""
        common = _SECURITY_HEADERS | {"Content-Type": _PROBLEM_JSON}
        if allows_browsers:
            # API Gateway can't check the origin here, and any origin may read these responses.
            common |= {"Access-Control-Allow-Origin": "method.request.header.origin", "Vary": "'Origin'"}

        def add(
            cause: apigateway.ResponseType,
            problem: dict[str, object],
            headers: Mapping[str, str] | None = None,
            status: str | None = None,
        ) -> None:
            # The variable's value brings its own quotes.
            template = json.dumps(problem).replace(f'"{_MESSAGE}"', _MESSAGE)
            if self._embedded:
                template = template.replace(_REQUEST_ID, "$context.requestId")
            self.add_gateway_response(
                cause.response_type.replace("_", ""),
                type=cause,
                status_code=status,
                response_headers={**common, **(headers or {})},
                templates={"application/json": template},
            )

        causes, kinds = apigateway.ResponseType, ProblemKind
        # The status varies for these two, so their documents have none.
        other = {"detail": _MESSAGE, **_INSTANCE}
        refused = {"type": f"{PROBLEM_TYPE_PREFIX}refused-by-gateway", "title": "The request was refused"}
        failed = {"type": kinds.INTERNAL_ERROR.type, "title": kinds.INTERNAL_ERROR.title}
        add(causes.DEFAULT_4_XX, {**refused, **other})
        add(causes.DEFAULT_5_XX, {**failed, **other})
        add(
            causes.UNAUTHORIZED,
            _problem(kinds.UNAUTHORIZED, "Send a valid ID token."),
            {"WWW-Authenticate": "'Bearer'"},
        )
        # This is how API Gateway names an unknown path; its own status is 403.
        add(
            causes.MISSING_AUTHENTICATION_TOKEN,
            _problem(kinds.NOT_FOUND, "There is no such endpoint."),
            status="404",
        )
        no_object = {"field": "body", "message": "must be a JSON object"}
        add(
            causes.BAD_REQUEST_BODY,
            {**_problem(kinds.INVALID_REQUEST, "body: must be a JSON object"), "errors": [no_object]},
        )
        add(causes.REQUEST_TOO_LARGE, _problem(kinds.BODY_TOO_LARGE, _MESSAGE))
        add(causes.THROTTLED, _problem(kinds.TOO_MANY_REQUESTS, "Try again in a second."), _RETRY_SOON)
        add(causes.WAF_FILTERED, _problem(kinds.FORBIDDEN, "The firewall refused the request."))
        unavailable = _problem(
            kinds.UNAVAILABLE,
            UNAVAILABLE_DETAIL,
        )
        add(causes.INTEGRATION_FAILURE, unavailable, _RETRY_SOON, status="503")
        add(causes.INTEGRATION_TIMEOUT, unavailable, _RETRY_SOON, status="503")


def _limited(rate: int, burst: int) -> apigateway.MethodDeploymentOptions:
    """A limit for one call alone."""
    return apigateway.MethodDeploymentOptions(
        throttling_rate_limit=rate,
        throttling_burst_limit=burst,
        logging_level=apigateway.MethodLoggingLevel.ERROR,
    )


def _problem(kind: ProblemKind, detail: str) -> dict[str, object]:
    """A problem document like those of the functions (`lambdas/shared/rest/problem.py`)."""
    return {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail, **_INSTANCE}


def _fixed_response(
    status: str, body: Mapping[str, object], headers: dict[str, str]
) -> apigateway.MockIntegration:
    """An integration that always returns the same response."""
    return apigateway.MockIntegration(
        request_templates={"application/json": json.dumps({"statusCode": int(status)})},
        passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
        integration_responses=[
            apigateway.IntegrationResponse(
                status_code=status,
                response_templates={"application/json": json.dumps(body)},
                response_parameters={
                    f"method.response.header.{name}": value
                    for name, value in (_SECURITY_HEADERS | headers).items()
                },
            )
        ],
    )


def _method_response(status: str, *headers: str) -> apigateway.MethodResponse:
    """Declare a response: API Gateway drops headers that are not declared."""
    names = (*_SECURITY_HEADERS, "Content-Type", *headers)
    return apigateway.MethodResponse(
        status_code=status, response_parameters={f"method.response.header.{name}": True for name in names}
    )


def _cors(settings: StageSettings) -> apigateway.CorsOptions | None:
    """Permit calls from the stage's web origins; None if the stage names none."""
    if not settings.allowed_origins:
        return None
    return apigateway.CorsOptions(
        allow_origins=list(settings.allowed_origins),
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"],
        allow_methods=["GET", "PATCH", "POST", "PUT"],
        max_age=Duration.hours(1),
    )


def _accept_no_sign_in(method: apigateway.Method, reason: str) -> None:
    accept(method, "AwsSolutions-APIG4", reason)
    accept(method, "AwsSolutions-COG4", reason)
