"""Imports run down only, and neighbouring rooms do not import each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks.constructs.build_folder import PROJECT

ROOMS = ("api", "identity", "saga", "events", "recovery")
FUNCTIONS = sorted(path.parent.name for path in (PROJECT / "lambdas").glob("*/*/handler.py"))
STACKS = [f"stacks.{path.stem}" for path in (PROJECT / "stacks").glob("*_stack.py")]

_ABOVE_LAMBDAS = ["stacks", "statemachines", "local", "proof", "docgen", "cli", "tests", "app"]
_MODEL_OF_STRIPE = sorted(
    f"local/stripe_stand_in/{path.name}"
    for path in (PROJECT / "local" / "stripe_stand_in").glob("*.py")
    if path.stem not in {"__main__", "stand_in_client"}
)
_OUTSIDE_WORLD = ["aiohttp", "asyncio", "datetime", "httpx", "random", "secrets", "threading", "time", "uuid"]
_VENDORS = ["aws_cdk", "aws_lambda_powertools", "boto3", "botocore", "pydantic", "stripe", "http"]

FORBIDDEN: dict[str, list[str]] = {
    "lambdas": [*_ABOVE_LAMBDAS, "aws_cdk"],
    # No AWS, no Stripe, no HTTP.
    "lambdas/domain": ["lambdas.shared", *(f"lambdas.{room}" for room in ROOMS), *_VENDORS],
    "lambdas/shared": [f"lambdas.{room}" for room in ROOMS],
    # Tables know no payment provider and no caller; payments and rest do not know each other.
    "lambdas/shared/store": ["lambdas.shared.payments", "lambdas.shared.rest", "stripe"],
    "lambdas/shared/payments": ["lambdas.shared.rest"],
    "lambdas/shared/rest": ["lambdas.shared.payments", "stripe"],
    **{f"lambdas/{room}": [f"lambdas.{other}" for other in ROOMS if other != room] for room in ROOMS},
    "statemachines": ["lambdas", "stacks", "local", "proof", "docgen", "cli", "tests", "app", "aws_cdk"],
    # Stacks and functions share one module of constants.
    "stacks": ["lambdas", "local", "proof", "docgen", "cli", "tests", "app"],
    "stacks/constructs": ["stacks.operations", *STACKS],
    "stacks/operations": STACKS,
    "stacks/settings.py": ["stacks.constructs", "stacks.operations", *STACKS],
    # The command line runs anywhere and knows the shop by its REST API only.
    "cli": ["lambdas", "stacks", "statemachines", "local", "proof", "docgen", "tests", "app", "aws_cdk"],
    "local": ["proof", "docgen", "tests"],
    # The simulation calls the model of Stripe in its own process, on its own clock.
    **{file: [*_OUTSIDE_WORLD, "local.stripe_stand_in.shell"] for file in _MODEL_OF_STRIPE},
    "proof": ["docgen", "tests"],
    "docgen": ["tests"],
}
"""Modules that a file, or all files below a folder, must not import."""

ALLOWED: dict[str, list[str]] = {"stacks": ["lambdas.domain.vocabulary"]}
"""Exceptions, by folder."""


def imports_of(file: Path, source: str) -> Iterator[str]:
    """Every module that a file imports; `file` is relative to the project."""
    package = file.parent.parts
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = [*package[: len(package) - level + 1]] if level else []
                prefix = ".".join([*base, *filter(None, [module])])
                # `from lambdas import domain` and `from lambdas.domain import order` both name a module.
                yield from (f"{prefix}.{alias.name}" for alias in names)


def is_in(module: str, packages: list[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def complaints(file: Path, source: str) -> list[str]:
    """The forbidden imports of a file."""
    imported = list(imports_of(file, source))
    found = {
        module
        for folder, forbidden in FORBIDDEN.items()
        if file.is_relative_to(folder)
        for module in imported
        if is_in(module, forbidden) and not is_in(module, ALLOWED.get(folder, []))
    }
    if file.match("lambdas/*/*/*.py") and file.parts[1] in ROOMS:
        room, function = file.parts[1:3]
        others = [f"lambdas.{room}.{other}" for other in FUNCTIONS if other != function]
        found |= {module for module in imported if is_in(module, others)}
    if file.match("stacks/*_stack.py"):  # `app.py` passes constructs from stack to stack
        found |= {module for module in imported if is_in(module, STACKS)}
    return sorted(f"{file} imports {module}" for module in found)


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_run_down_only(folder: str) -> None:
    files = [PROJECT / folder] if folder.endswith(".py") else sorted((PROJECT / folder).rglob("*.py"))

    assert files
    assert [
        complaint
        for file in files
        for complaint in complaints(file.relative_to(PROJECT), file.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize(
    ("file", "breach"),
    [
        ("lambdas/saga/charge_payment/logic.py", "from local.world import World"),
        ("lambdas/domain/order.py", "from lambdas.shared.store.orders import OrderTable"),
        ("lambdas/domain/order.py", "import boto3"),
        ("lambdas/domain/failure.py", "import stripe"),
        ("lambdas/domain/errors.py", "from http import HTTPStatus"),
        ("lambdas/domain/errors.py", "from ..saga import validate_order"),
        ("lambdas/shared/step.py", "from lambdas.saga.close_order.handler import handler"),
        ("lambdas/shared/store/orders.py", "from lambdas.shared.payments.gateway import PaymentGateway"),
        ("lambdas/shared/store/orders.py", "from lambdas.shared.rest.caller import Caller"),
        ("lambdas/shared/payments/settlement.py", "from lambdas.shared.rest.problem import Problem"),
        ("lambdas/shared/rest/caller.py", "import stripe"),
        ("lambdas/api/cancel_order/logic.py", "from lambdas.saga.validate_order import logic"),
        ("lambdas/saga/close_order/handler.py", "import lambdas.events.publish_order_events.handler"),
        ("lambdas/events/audit_order_events/handler.py", "from lambdas.recovery import recover_order"),
        ("lambdas/recovery/recover_order/logic.py", "from lambdas.api.get_order import handler"),
        ("lambdas/identity/enroll_customer/handler.py", "from lambdas.api.get_order import handler"),
        ("lambdas/saga/close_order/handler.py", "from lambdas.saga.refund_payment.logic import refund"),
        ("stacks/settings.py", "from lambdas.domain.order import OrderStatus"),
        ("stacks/settings.py", "from proof.journeys import JOURNEYS"),
        ("statemachines/document.py", "from local.processes import REPOSITORY"),
        ("stacks/constructs/table.py", "from stacks.data_stack import DataStack"),
        ("stacks/constructs/table.py", "from stacks.operations.alarms import Alarms"),
        ("stacks/settings.py", "from stacks.constructs.table import Table"),
        ("stacks/api_stack.py", "from stacks.saga_stack import SagaStack"),
        ("local/stripe_stand_in/account.py", "from time import time"),
        ("cli/api.py", "from lambdas.domain.order import Order"),
        ("local/world.py", "from proof.laws import check"),
        ("local/run.py", "from docgen import generated_parts"),
        ("proof/demo.py", "from docgen.diagram import diagram"),
        ("docgen/generated_parts.py", "from tests.stacks.synthesis import synthesize"),
    ],
)
def test_a_breach_is_found(file: str, breach: str) -> None:
    assert complaints(Path(file), f"{breach}\n") != []


def test_an_exception_is_no_breach() -> None:
    vocabulary = "from lambdas.domain.vocabulary import UserGroup\n"

    assert complaints(Path("stacks/identity_stack.py"), vocabulary) == []
