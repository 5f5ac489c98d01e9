"""`make run`: the embedded run, served until Ctrl-C."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any, Final

from cli.shapes import SubmissionJson
from local.console_server import console_of, served
from local.processes import LAST_PORT, is_free
from local.update import RUN_FILE
from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER
from local.world import World, embedded_world, spoken

_WAIT_SCALE: Final = 1.0
"""Executions wait and retry as slowly as on AWS, so that they can be watched."""

_LIVENESS_PAUSE_SECONDS: Final = 0.5

_SAMPLE_ORDERS: Final[dict[str, SubmissionJson]] = {
    "two armchairs": {
        "currency": "usd",
        "items": [{"sku": "CRUNCHY-ARMCHAIR", "quantity": 2}],
        "payment_method": "pm_card_visa",
    },
    "a declined card": {
        "currency": "usd",
        "items": [{"sku": "RED-CHAIR", "quantity": 4}],
        "payment_method": "pm_card_visa_chargeDeclined",
    },
    "a sofa that is sold out": {
        "currency": "usd",
        "items": [{"sku": "SOLD-OUT-SOFA", "quantity": 1}],
        "payment_method": "pm_card_visa",
    },
}


def run(*, port: int) -> int:
    """Start everything, send sample orders, print what to do next, and serve until Ctrl-C.

    Args:
        port: Port of the emulated AWS.

    Returns:
        0, the exit code.

    Raises:
        StartFailed: Something can't start, or has ended while the shop was served.
        KeyboardInterrupt: Ctrl-C was pressed before everything was ready.
    """
    with embedded_world("run", port=port, progress=spoken, wait_scale=_WAIT_SCALE) as world:
        with spoken("Sending sample orders"):
            orders = _send_sample_orders(world)
        _print_orders(world, orders)
        with (
            served(console_of(world), port=_console_port(port)) as console_url,
            _run_file(world, console_url),
        ):
            print(_next_steps(world, console_url, next(iter(orders.values()))), flush=True)
            _serve(world)
    return 0


def _console_port(port: int) -> int:
    """The next port, so that an open page finds the shop again after a restart; if it is taken, any (0)."""
    return port + 1 if port < LAST_PORT and is_free(port + 1) else 0


def _send_sample_orders(world: World) -> dict[str, str]:
    """Send the sample orders and wait until their executions have ended; returns the ids by name."""
    orders = {name: world.shop.order(submission) for name, submission in _SAMPLE_ORDERS.items()}
    for order_id in orders.values():
        world.executions.wait_until_ended(order_id)
    return orders


def _print_orders(world: World, orders: dict[str, str]) -> None:
    print()
    for name, order_id in orders.items():
        order = world.shop.get_order(order_id)
        outcome = order["status"] + (f" ({order['failure']['code']})" if "failure" in order else "")
        print(f"  {name}: {outcome}")
        print(f"    {' > '.join(world.executions.states_visited(order_id))}")


def run_file_content(world: World) -> dict[str, Any]:
    """The facts about a world that scripts, `orders` and `make update` need."""
    return {
        "api_url": world.api_url,
        "aws_endpoint_url": world.endpoint_url,
        "region": world.region,
        "stripe_url": world.stripe_url,
        "state_machine_arn": world.state_machine_arn,
        "tables": world.tables,
        "stage_settings": world.stage_settings,
        "customer_token": world.users.token(CUSTOMER),
        "other_customer_token": world.users.token(OTHER_CUSTOMER),
        "operator_token": world.users.token(OPERATOR),
    }


@contextmanager
def _run_file(world: World, console_url: str) -> Iterator[None]:
    """Keep the run file in place while the shop is served."""
    RUN_FILE.unlink(missing_ok=True)
    RUN_FILE.touch(mode=0o600)  # it contains tokens
    content = run_file_content(world) | {"viewer_url": console_url}
    RUN_FILE.write_text(json.dumps(content, indent=2) + "\n")
    try:
        yield
    finally:
        RUN_FILE.unlink(missing_ok=True)


def _serve(world: World) -> None:
    try:
        while True:
            world.ensure_alive()
            time.sleep(_LIVENESS_PAUSE_SECONDS)
    except KeyboardInterrupt:
        print("\nStopping ...")


def _next_steps(world: World, console_url: str, order_id: str) -> str:
    return dedent(f"""
        The shop is open until Ctrl-C. See its orders, and place one, in your browser:

          {console_url}

        For programs:

          REST API         {world.api_url}
          AWS              {world.endpoint_url} (region {world.region})
          Stripe stand-in  {world.stripe_url} (GET /payments lists the money that moved)
          calls            {world.faults.url}/calls (the functions' calls to AWS and Stripe)
          logs             {world.logs}
          for scripts      {RUN_FILE}

        Edit lambdas/, stacks/ or statemachines/, and then, in another terminal:

          make update    deploys your changes; the next order runs with them

        Look at a sample order, place an order, and see the stock that is left:

          API={world.api_url}
          TOKEN=$({sys.executable} -c 'import json; print(json.load(open("{RUN_FILE}"))["customer_token"])')
          curl -s $API/orders/{order_id} -H "Authorization: Bearer $TOKEN"
          curl -s $API/orders -H "Authorization: Bearer $TOKEN" -H 'Idempotency-Key: my-first-order' -d '{{
            "currency": "usd", "items": [{{"sku": "RED-CHAIR", "quantity": 1}}],
            "payment_method": "pm_card_visa"}}'
          curl -s $API/inventory -H "Authorization: Bearer $TOKEN"

        The same without curl: ./orders --help, ./orders watch {order_id}

        Look inside with the AWS CLI, or any other tool that reads these variables:

          export AWS_ENDPOINT_URL={world.endpoint_url} AWS_DEFAULT_REGION={world.region}
          export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
          aws stepfunctions list-executions --state-machine-arn {world.state_machine_arn}
          aws stepfunctions get-execution-history --execution-arn {world.executions.arn(order_id)}
          aws dynamodb scan --table-name {world.tables["orders"]}
          aws logs filter-log-events --log-group-name /aws/lambda/orders-local-charge_payment
    """)
