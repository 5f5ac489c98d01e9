"""A function starts in the embedded AWS with awslambdaric's native client, and without it."""

from pathlib import Path

import pytest

from proof.bench.runtime_api import runtime_api

pytestmark = pytest.mark.enable_socket

FUNCTION = """
class OutOfStock(Exception): pass

def handler(event, context):
    if "fail" in event:
        raise OutOfStock(event["fail"])
    return event
"""


@pytest.mark.parametrize("native", [True, False], ids=["native client", "portable client"])
@pytest.mark.parametrize(
    ("event", "posted"),
    [
        ({"word": "h\u00e9"}, ("response", {"word": "h\u00e9"})),
        ({"fail": "n\u00f8"}, ("error", {"errorType": "OutOfStock", "errorMessage": "n\u00f8"})),
    ],
    ids=["result", "error"],
)
def test_a_function_is_started_and_its_result_or_error_is_posted(
    tmp_path: Path, event: dict[str, str], posted: tuple[str, dict[str, str]], *, native: bool
) -> None:
    # Given
    (tmp_path / "function.py").write_text(FUNCTION)
    if not native:
        (tmp_path / "runtime_client.py").write_text("raise ImportError")

    # When
    with runtime_api(event) as api:
        api.run(tmp_path)

    # Then
    [(path, body)] = api.posted
    kind, content = posted
    assert path == f"/2018-06-01/runtime/invocation/request-1/{kind}"
    assert {name: body[name] for name in content} == content
