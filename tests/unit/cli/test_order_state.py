from cli.order_state import Status
from lambdas.domain.order import OrderStatus


def test_the_command_line_knows_the_statuses_of_the_api() -> None:
    assert list(map(str, Status)) == list(map(str, OrderStatus))
