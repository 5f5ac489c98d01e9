"""Lambda functions of the package `lambdas/`: their common properties, code and layer."""

import shutil
from functools import partial
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.build_folder import PROJECT, build_once, content_of
from stacks.constructs.dependency_layer import dependency_layer
from stacks.constructs.findings import accept
from stacks.constructs.grant import Grant
from stacks.constructs.log_group import LogGroup
from stacks.constructs.stage_stack import StageStack
from stacks.names import pascal_case
from stacks.settings import StageSettings
from stacks.timeouts import MEMORY_MB, function_timeout_seconds
from stacks.version import app_version

_EMBEDDED_RUNTIME = Path(__file__).parent / "embedded_runtime"


class PythonFunction(lambda_.Function):
    """A function of the package `lambdas/`; its name is that of its folder, such as `charge_payment`.

    Attributes:
        execution_role: The role of this function alone; it may write the function's log and traces.
        log_name: Name of its log group.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: StageSettings,
        code: lambda_.Code,
        layers: list[lambda_.LayerVersion],
        environment: dict[str, str],
    ) -> None:
        function_name = f"orders-{settings.stage}-{name}"
        construct_id = pascal_case(name)
        log_name = f"/aws/lambda/{function_name}"
        log_group = LogGroup(
            scope, f"{construct_id}Logs", settings, name=log_name, indexed_fields=["order_id"]
        )
        role = iam.Role(scope, f"{construct_id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        super().__init__(
            scope,
            construct_id,
            function_name=function_name,
            # With a Python runtime, the embedded AWS reports every exception as `Runtime.HandlerError`.
            runtime=lambda_.Runtime.PROVIDED_AL2023 if settings.embedded else lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{_package_of(name)}.handler.handler",
            code=code,
            layers=layers,
            memory_size=MEMORY_MB,
            timeout=Duration.seconds(function_timeout_seconds(name)),
            role=role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            # Lambda's own log entries, such as that of a crash, are JSON as well.
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            environment={
                "POWERTOOLS_METRICS_NAMESPACE": settings.metric_namespace,
                "SERVICE_VERSION": app_version(),
                **environment,
            },
            # Executions call the version with which they began. The version of a deployment that failed is
            # deleted: Lambda publishes no code twice in a row, so a second try could not publish it.
            current_version_options=lambda_.VersionOptions(
                removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            ),
        )
        self.execution_role = role
        self.log_name = log_name
        accept(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray actions support no resource-level permissions, so a traced function needs them on `*`.",
        )
        accept(
            self,
            "AwsSolutions-L1",
            "A cold start takes 94 ms on python3.14 and 77 ms on python3.13, so the functions stay on 3.13.",
        )


class PythonFunctions:
    """Adds functions to one stack; they share the asset of their code and the layer."""

    def __init__(self, stack: StageStack, settings: StageSettings) -> None:
        self._stack = stack
        self._settings = settings
        self._code = lambda_.Code.from_asset(
            str(code_folder(embedded=settings.embedded)),
            # Python may have run from this folder; its bytecode must not change the asset's hash.
            exclude=["**/__pycache__"],
        )
        # The embedded AWS mounts no layers for this runtime; its own environment has the same packages.
        self._layers = [] if settings.embedded else [dependency_layer(stack)]

    def add(self, name: str, *grants: Grant) -> PythonFunction:
        """Add the function of this name, with the variables and permissions of its grants."""
        function = PythonFunction(
            self._stack,
            name,
            settings=self._settings,
            code=self._code,
            layers=self._layers,
            environment={key: value for grant in grants for key, value in grant.variables.items()},
        )
        self._stack.functions.append(function)
        self._stack.function_logs.append(function.log_name)
        for grant in grants:
            for permission in grant.permissions:
                function.add_to_role_policy(permission)
            for finding, reason in grant.accepted.items():
                accept(function.execution_role, finding, reason)
        return function


def _package_of(name: str) -> str:
    """The package of a function: `charge_payment` is `lambdas.saga.charge_payment`."""
    (handler,) = (PROJECT / "lambdas").glob(f"*/{name}/handler.py")
    return ".".join(handler.parent.relative_to(PROJECT).parts)


def code_folder(*, embedded: bool) -> Path:
    """The folder of the functions' asset: the package `lambdas/`, for the embedded AWS with a `bootstrap`."""
    package = PROJECT / "lambdas"
    runtime = _EMBEDDED_RUNTIME if embedded else None
    return build_once(
        "functions",
        content_of(package) + (content_of(runtime) if runtime else b""),
        partial(_fill_code_folder, package=package, runtime=runtime),
    )


def _fill_code_folder(folder: Path, package: Path, runtime: Path | None) -> None:
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, folder / package.name, ignore=without_caches)
    if runtime:
        shutil.copytree(runtime, folder, ignore=without_caches, dirs_exist_ok=True)
        (folder / "bootstrap.py").rename(folder / "bootstrap")
