"""The REST API before it has any calls: sign-in, throttling, logs, and what it answers by itself."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.log_group import LogGroup
from stacks.settings import Settings

_VERSION = "v1"

_LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"

# Neither who called nor from where, and paths without the values in them.
_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "response_bytes": "$context.responseLength",
    "error": "$context.error.responseType",
    "trace_id": "$context.xrayTraceId",
}

# On every answer; the functions have the same (`lambdas/shared/rest/problem.py`).
_SECURITY_HEADERS = {
    "Cache-Control": "'no-store'",
    "Strict-Transport-Security": "'max-age=63072000'",
    "X-Content-Type-Options": "'nosniff'",
}

_MESSAGE: Final = "$context.error.messageString"
_PROBLEM_JSON: Final = "'application/problem+json'"
_RETRY_SOON: Final = {"Retry-After": "'1'"}


class RestApi(apigateway.RestApi):
    """An API whose calls only signed-in users may make, where nothing else is said.

    Every answer that is not a function's own is a problem document (RFC 9457), too.
    """

    def __init__(self, scope: Construct, settings: Settings, *, users: cognito.UserPool) -> None:
        """Add the API to a stack.

        Args:
            scope: the stack.
            settings: the stage.
            users: who can sign in.
        """
        name = f"orders-{settings.stage}"
        access_logs = LogGroup(scope, "AccessLogs", settings, name=f"/aws/apigateway/{name}")
        super().__init__(
            scope,
            "Api",
            rest_api_name=name,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            default_method_options=apigateway.MethodOptions(
                authorizer=apigateway.CognitoUserPoolsAuthorizer(
                    scope, "SignIn", cognito_user_pools=[users], authorizer_name="sign-in"
                ),
                authorization_type=apigateway.AuthorizationType.COGNITO,
            ),
            default_cors_preflight_options=_cors(settings),
            deploy_options=apigateway.StageOptions(
                stage_name=_VERSION,
                throttling_rate_limit=settings.api_rate,
                throttling_burst_limit=settings.api_burst,
                # A new order costs an execution and an e-mail: it is throttled by itself.
                method_options={
                    "/orders/POST": apigateway.MethodDeploymentOptions(
                        throttling_rate_limit=settings.submit_rate,
                        throttling_burst_limit=settings.submit_burst,
                        logging_level=apigateway.MethodLoggingLevel.ERROR,
                    )
                },
                tracing_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                access_log_destination=apigateway.LogGroupLogDestination(access_logs),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
            ),
            # Without this role, of which an account has one, its first API is refused its logs. It is like
            # everybody else's, and stays for them when this API goes.
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
        )
        self.node.try_remove_child("Endpoint")  # an output that says the same as the stack's
        accept(
            self,
            f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_LOG_POLICY}]",
            "The role serves every API of the account, so it has the policy that AWS keeps for it.",
        )
        # API Gateway would make this group by itself, and keep what is in it for ever.
        error_logs_name = f"API-Gateway-Execution-Logs_{self.rest_api_id}/{_VERSION}"
        error_logs = LogGroup(scope, "ErrorLogs", settings, name=error_logs_name)
        self.deployment_stage.node.add_dependency(error_logs)

        self._embedded = settings.embedded
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
        """Let a function answer a call.

        Args:
            method: `GET`, `POST`, ...
            path: `/orders/{order_id}`.
            function: it checks the request in full, and names every field that is wrong.
            json_body: the call has a body; what is no JSON object does not get as far as the function.
            without_sign_in: why anybody may make the call, as a sentence.
        """
        resource = self.root.resource_for_path(path)
        call = resource.add_method(
            method,
            apigateway.LambdaIntegration(function, allow_test_invoke=False),
            request_validator=self._validator,
            request_models={"application/json": self._json_object} if json_body else None,
            authorization_type=apigateway.AuthorizationType.NONE if without_sign_in else None,
        )
        if without_sign_in:
            _accept_strangers(call, without_sign_in)

    def add_health(self) -> None:
        """Let anybody see that the API is there; no function runs for it."""
        health = self.root.add_resource("health").add_method(
            "GET",
            _fixed_answer("200", {"status": "ok"}, {"Content-Type": "'application/json'"}),
            method_responses=[_method_response("200")],
            authorization_type=apigateway.AuthorizationType.NONE,
        )
        _accept_strangers(
            health, "Load balancers and watchdogs can't sign in, and it tells them nothing else."
        )

    def refuse_other_methods(self) -> None:
        """Answer 405, with the methods that there are, to every other method of the paths routed so far."""
        methods = defaultdict(set)
        for call in self.methods:
            methods[call.resource.path].add(call.http_method)
        for path, allowed in methods.items():
            if allowed == {"OPTIONS"}:  # a part of other paths, and none itself
                continue
            allow = ", ".join(sorted(allowed))
            problem = _problem(
                "method-not-allowed", "There is no such method here", status=405, detail=f"There is: {allow}."
            )
            if self._embedded:
                del problem["instance"]  # it does not fill in what a fixed answer's template names
            headers = {"Allow": f"'{allow}'", "Content-Type": _PROBLEM_JSON}
            refusal = self.root.resource_for_path(path).add_method(
                "ANY",
                _fixed_answer("405", problem, headers),
                method_responses=[_method_response("405", "Allow")],
                authorization_type=apigateway.AuthorizationType.NONE,
            )
            _accept_strangers(refusal, "It answers everybody that there is nothing here for this method.")

    def _add_gateway_problems(self, *, allows_browsers: bool) -> None:
        """Make every answer of API Gateway's own a problem; `$context...` it fills in."""
        kinds = apigateway.ResponseType
        common = _SECURITY_HEADERS | {"Content-Type": _PROBLEM_JSON}
        if allows_browsers:
            # Which origin asks, it can't check; but there is nothing in these answers that is anybody's.
            common |= {"Access-Control-Allow-Origin": "method.request.header.origin", "Vary": "'Origin'"}

        def add(
            kind: apigateway.ResponseType,
            problem: dict[str, object],
            headers: dict[str, str] | None = None,
            status: str | None = None,
        ) -> None:
            template = json.dumps(problem).replace(f'"{_MESSAGE}"', _MESSAGE)  # it brings its own quotes
            self.add_gateway_response(
                kind.response_type.replace("_", ""),
                type=kind,
                status_code=status,
                response_headers=common | (headers or {}),
                templates={"application/json": template},
            )

        refused, failed = "The request was refused", "Internal error"
        add(kinds.DEFAULT_4_XX, _problem("refused-by-gateway", refused, detail=_MESSAGE))
        add(kinds.DEFAULT_5_XX, _problem("internal-error", failed, detail=_MESSAGE))
        add(
            kinds.UNAUTHORIZED,
            _problem("unauthorized", "Sign-in needed", status=401, detail="Send an ID token that is valid."),
            {"WWW-Authenticate": "'Bearer'"},
        )
        # Its own word for a path that there is not.
        add(
            kinds.MISSING_AUTHENTICATION_TOKEN,
            _problem("not-found", "Not found", status=404, detail="There is no such endpoint."),
            status="404",
        )
        add(
            kinds.BAD_REQUEST_BODY,
            _problem(
                "invalid-request",
                "The request is not valid",
                status=400,
                detail="body: must be a JSON object",
            )
            | {"errors": [{"field": "body", "message": "must be a JSON object"}]},
        )
        add(
            kinds.REQUEST_TOO_LARGE,
            _problem("body-too-large", "The body is too large", status=413, detail=_MESSAGE),
        )
        add(
            kinds.THROTTLED,
            _problem("too-many-requests", "Too many requests", status=429, detail="Try again in a second."),
            _RETRY_SOON,
        )
        add(
            kinds.WAF_FILTERED,
            _problem("forbidden", "Not allowed", status=403, detail="The firewall refused it."),
        )
        # As the functions put it when the store is down.
        unavailable = _problem(
            "unavailable",
            "Not available",
            status=503,
            detail="Try again; an order that is sent with the same Idempotency-Key is placed once.",
        )
        add(kinds.INTEGRATION_FAILURE, unavailable, _RETRY_SOON, status="503")
        add(kinds.INTEGRATION_TIMEOUT, unavailable, _RETRY_SOON, status="503")


def _problem(kind: str, title: str, *, status: int | None = None, detail: str) -> dict[str, object]:
    """A problem document, shaped like the functions' own (`lambdas/shared/rest/problem.py`)."""
    return {
        "type": f"urn:problem-type:order-saga:{kind}",
        "title": title,
        **({} if status is None else {"status": status}),
        "detail": detail,
        "instance": "$context.requestId",
    }


def _fixed_answer(
    status: str, body: Mapping[str, object], headers: dict[str, str]
) -> apigateway.MockIntegration:
    """An integration that always answers the same."""
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
    """Declare an answer: API Gateway sends no header that is not declared."""
    names = (*_SECURITY_HEADERS, "Content-Type", *headers)
    return apigateway.MethodResponse(
        status_code=status, response_parameters={f"method.response.header.{name}": True for name in names}
    )


def _cors(settings: Settings) -> apigateway.CorsOptions | None:
    """What browsers are told before they let a script of an allowed origin call."""
    if not settings.allowed_origins:
        return None
    return apigateway.CorsOptions(
        allow_origins=list(settings.allowed_origins),
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"],
        allow_methods=["GET", "POST", "PUT"],
        max_age=Duration.hours(1),
    )


def _accept_strangers(method: apigateway.Method, reason: str) -> None:
    accept(method, "AwsSolutions-APIG4", reason)
    accept(method, "AwsSolutions-COG4", reason)
