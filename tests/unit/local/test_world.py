"""The embedded run, before anything is started."""

import socket

import pytest

from local.processes import StartFailed
from local.world import embedded_world, local_api_url, spoken


@pytest.mark.enable_socket
def test_a_port_in_use_is_named_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other_program:
        port = other_program.getsockname()[1]

        with (
            pytest.raises(StartFailed, match=rf"port {port} is in use.*PORT="),
            embedded_world("never", port=port),
        ):
            pass


def test_the_emulator_serves_a_deployed_api() -> None:
    deployed_url = "https://a1b2c3.execute-api.us-east-1.amazonaws.com/v1/"

    assert (
        local_api_url("http://127.0.0.1:4566", deployed_url)
        == "http://127.0.0.1:4566/restapis/a1b2c3/v1/_user_request_"
    )


def test_a_phase_prints_its_name_first_and_its_duration_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with spoken("Deploying"):
        announced = capsys.readouterr().out

    assert announced == "Deploying ... "
    assert capsys.readouterr().out == "0.0 s\n"
