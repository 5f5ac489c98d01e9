"""Why a function's worker process could not start, read from the emulator's log."""

from local.emulator import start_failure

LOG = """\
2026-11-26 21:26:21 INFO [ministack] Ready
2026-11-26 21:26:40 ERROR [lambda] Warm provided-runtime execution error for orders-local-get_order: \
bootstrap exited during init with code 1: Traceback (most recent call last):
  File "/tmp/code/bootstrap", line 16, in <module>
    from awslambdaric.__main__ import main
ModuleNotFoundError: No module named 'awslambdaric'
2026-11-26 21:26:41 INFO [ministack] GET /orders 502
"""


def test_the_first_line_names_the_function_and_the_reason() -> None:
    failure = start_failure(LOG)

    assert failure is not None
    assert failure.splitlines()[0] == (
        "the function orders-local-get_order can't start: ModuleNotFoundError: No module named 'awslambdaric'"
    )
    assert 'File "/tmp/code/bootstrap", line 16' in failure
    assert "GET /orders" not in failure


def test_a_log_without_failures_has_no_reason() -> None:
    assert start_failure("2026-11-26 21:26:21 INFO [ministack] Ready\n") is None
