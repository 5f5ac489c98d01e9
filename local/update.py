"""`make update`: deploy the app as it is now into the shop that `make run` serves."""

import json
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from local.deploy import CDK_TIMEOUT_SECONDS, Deployment
from local.processes import StartFailed, is_free, process_group
from local.world import LOCAL_FOLDER, spoken

RUN_FILE: Final = LOCAL_FOLDER / "run.json"
"""What `make run` writes for scripts while it serves."""


def update(run_file: Path = RUN_FILE) -> int:
    """Synthesize the app with the settings of its first deployment, and deploy what has changed.

    Args:
        run_file: The run file of the shop to update.

    Returns:
        0, the exit code.

    Raises:
        StartFailed: No shop is running, or the CDK failed.
    """
    try:
        run = json.loads(run_file.read_text())
    except FileNotFoundError:
        raise StartFailed("no shop is running: start one with `make run` in another terminal") from None
    port = urlsplit(run["aws_endpoint_url"]).port
    if port is None or is_free(port):
        raise StartFailed(f"nothing listens at {run['aws_endpoint_url']}: start a shop with `make run`")
    with process_group(LOCAL_FOLDER / "update") as processes:
        deployment = Deployment(processes, port)
        with spoken("Synthesizing the app"):
            deployment.start_synthesis(run["stage_settings"]).finish(timeout_seconds=CDK_TIMEOUT_SECONDS)
        with spoken("Deploying what has changed"):
            deployment.deploy()
    print("The next order runs with your changes.")
    return 0
