"""Deploys the app into the emulator, with the CDK command line that also deploys into an account."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local.emulator import ACCOUNT, REGION, cdk_environment
from local.processes import REPOSITORY, ChildProcess, ProcessGroup

CDK_TIMEOUT_SECONDS: Final = 300.0
"""Longest time that a command of the CDK may take."""
_STACKS_AT_ONCE: Final = 4


class Deployment:
    """One deployment: synthesis, bootstrap, and then the stacks.

    Synthesis takes longest and needs no AWS, so `start_synthesis` returns before it has finished.

    Args:
        processes: The process group that the CDK's processes join.
        port: The emulator's port.
        app: The folder of the app; by default this repository, or else that of another release.
    """

    def __init__(self, processes: ProcessGroup, port: int, app: Path = REPOSITORY) -> None:
        self._processes = processes
        self._app = app
        self._environ = cdk_environment(port) | {
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
        }
        self._assembly = processes.folder / "cdk.out"

    def start_synthesis(self, settings: Mapping[str, str | int | Sequence[str]]) -> ChildProcess:
        """Start to synthesize the app into templates and assets; `finish` the process before `deploy`.

        Args:
            settings: Settings of the stage `local`; see `FILE_KEYS` of `stacks.settings`.
        """
        stage_file = self._processes.folder / "local.toml"
        # TOML writes such texts, numbers and lists of texts like JSON.
        stage_file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
        context = ("--context=stage=local", f"--context=stage_file={stage_file}")
        return self._cdk("synth", "--quiet", "--output", str(self._assembly), *context)

    def bootstrap(self) -> None:
        """Create the bucket for assets.

        Raises:
            StartFailed: The CDK failed.
        """
        self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}").finish(timeout_seconds=CDK_TIMEOUT_SECONDS)

    def deploy(self, *, adopts: bool = False) -> dict[str, str]:
        """Deploy the synthesized stacks.

        Args:
            adopts: Adopt resources that exist already and have the names of the templates. This takes change
                sets, which are slower.

        Returns:
            The stacks' outputs by name.

        Raises:
            StartFailed: The CDK failed.
        """
        outputs = self._processes.folder / "outputs.json"
        self._cdk(
            "deploy",
            "--all",
            f"--app={self._assembly}",
            *(("--import-existing-resources",) if adopts else ("--method=direct",)),
            "--require-approval=never",
            f"--concurrency={_STACKS_AT_ONCE}",
            f"--outputs-file={outputs}",
        ).finish(timeout_seconds=CDK_TIMEOUT_SECONDS)
        stacks: dict[str, dict[str, str]] = json.loads(outputs.read_text())
        return {name: value for stack in stacks.values() for name, value in stack.items()}

    def _cdk(self, command: str, *arguments: str) -> ChildProcess:
        # Only `synth` runs beside the app: there, the other commands would synthesize it again.
        cwd = self._app if command == "synth" else self._processes.folder
        return self._processes.start(
            f"cdk {command}",
            ["cdk", command, "--no-color", "--no-notices", *arguments],
            log=f"cdk-{command}",
            environ=self._environ,
            cwd=cwd,
        )
