"""`make update` needs a running shop."""

import json
from pathlib import Path

import pytest

from local.processes import StartFailed, free_port
from local.update import update


def test_an_update_without_a_run_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="start one with `make run`"):
        update(tmp_path / "run.json")


@pytest.mark.enable_socket
def test_an_update_of_a_shop_that_has_ended_is_refused(tmp_path: Path) -> None:
    run_file = tmp_path / "run.json"
    run_file.write_text(json.dumps({"aws_endpoint_url": f"http://127.0.0.1:{free_port()}"}))

    with pytest.raises(StartFailed, match=r"nothing listens at .* `make run`"):
        update(run_file)
