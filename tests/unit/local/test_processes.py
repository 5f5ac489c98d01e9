"""Programs end with the process that started them, and their failures name the reason."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from local.processes import (
    REPOSITORY,
    ChildProcess,
    ProcessGroup,
    StartFailed,
    free_port,
    inherited_environment,
    is_free,
    process_group,
)

OWN_TOOLS = {
    "node": str(Path(sys.executable).parent / "node"),
    "cdk": str(REPOSITORY / "node_modules" / ".bin" / "cdk"),
}

SIGN_OF_LIFE = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pipe = open(sys.argv[1], "w")
pipe.write("alive")
pipe.flush()
time.sleep(3600)
"""

PARENT = """
import signal, sys, time
from pathlib import Path
from local.processes import inherited_environment, process_group

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
with process_group(Path(sys.argv[1])) as group:
    command = [sys.executable, "-c", sys.argv[2], *sys.argv[3:]]
    group.start("Sleeper", command, log="sleeper", environ=inherited_environment(), cwd=group.folder)
    time.sleep(3600)
"""

PROGRAM_WITH_A_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def start(group: ProcessGroup, *command: str) -> ChildProcess:
    return group.start("Program", command, log="program", environ=inherited_environment(), cwd=group.folder)


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def await_life(pipe: Path) -> IO[str]:
    reader = pipe.open()
    assert reader.read(5) == "alive"
    return reader


def is_dead(reader: IO[str]) -> bool:
    """Whether the other end of the pipe is closed within a few seconds."""
    readable, _, _ = select.select([reader], [], [], 10)
    return bool(readable) and reader.read() == ""


@pytest.mark.parametrize("program", [[SIGN_OF_LIFE], [PROGRAM_WITH_A_CHILD, SIGN_OF_LIFE]])
def test_a_program_and_its_children_end_with_the_block(
    tmp_path: Path, pipe: Path, program: list[str]
) -> None:
    with process_group(tmp_path) as group:
        start(group, *python(*program, str(pipe)))
        reader = await_life(pipe)

    with reader:
        assert is_dead(reader)


def test_the_temporary_folder_is_removed_after_the_block(tmp_path: Path) -> None:
    with process_group(tmp_path) as group:
        (group.folder / "file").write_text("left behind")

    assert not group.folder.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_programs_and_their_children_end_when_the_parent_is_killed(
    tmp_path: Path, pipe: Path, how: signal.Signals
) -> None:
    command = python(PARENT, str(tmp_path), PROGRAM_WITH_A_CHILD, SIGN_OF_LIFE, str(pipe))
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with (
        subprocess.Popen(  # noqa: S603 - our own program
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as parent,
        await_life(pipe) as reader,
    ):
        parent.send_signal(how)
        ended = is_dead(reader)
        parent.kill()  # or the block waits for it

    assert ended


def test_a_program_uses_the_groups_temporary_folder(tmp_path: Path) -> None:
    with process_group(tmp_path) as group:
        program = start(group, *python("import tempfile; print(tempfile.gettempdir())"))
        program.finish(timeout_seconds=10)

        assert program.log.read_text().strip() == str(group.folder)


def test_a_program_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with (
        process_group(tmp_path) as group,
        pytest.raises(StartFailed, match="`no-such-program` is not installed"),
    ):
        start(group, "no-such-program")


def test_a_failed_program_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    with process_group(tmp_path) as group:
        program = start(group, *python("for n in range(100): print('line', n)\nraise SystemExit(3)"))

        with pytest.raises(StartFailed) as failure:
            program.finish(timeout_seconds=10)

    message = str(failure.value)
    assert message.startswith("Program failed (exit code 3)")
    assert "line 99" in message
    assert "line 1\n" not in message
    assert str(program.log) in message


def test_a_program_that_takes_too_long_is_a_failure(tmp_path: Path, pipe: Path) -> None:
    with process_group(tmp_path) as group:
        program = start(group, *python(SIGN_OF_LIFE, str(pipe)))
        with await_life(pipe), pytest.raises(StartFailed, match=r"did not finish within 0\.01 seconds"):
            program.finish(timeout_seconds=0.01)


def test_a_service_that_has_ended_is_noticed(tmp_path: Path) -> None:
    with process_group(tmp_path) as group:
        program = start(group, *python("print('out of memory')"))
        program.finish(timeout_seconds=10)

        with pytest.raises(StartFailed, match=r"Program ended unexpectedly[\s\S]*out of memory"):
            program.ensure_alive()


def test_tools_do_not_get_the_developers_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("COLOR", "blue")

    environ = inherited_environment()

    assert environ["COLOR"] == "blue"
    assert not [name for name in environ if name.startswith("AWS_")]


@pytest.fixture
def other_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A PATH that begins with another node and another cdk."""
    for name in ("node", "cdk"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    path = os.pathsep.join([str(tmp_path), "/usr/bin", "/bin"])
    monkeypatch.setenv("PATH", path)
    return path


@pytest.mark.usefixtures("other_tools")
def test_programs_use_the_projects_own_node_and_cdk() -> None:
    path = inherited_environment()["PATH"]

    assert {name: shutil.which(name, path=path) for name in OWN_TOOLS} == OWN_TOOLS


def test_make_uses_the_projects_own_node_and_cdk(other_tools: str) -> None:
    found = subprocess.run(
        ["make", "--silent", "--eval", "which: ; @command -v node; command -v cdk", "which"],  # noqa: S607 - any make
        cwd=REPOSITORY,
        env={"PATH": other_tools},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert found == [f"{REPOSITORY}/.venv/bin/node", f"{REPOSITORY}/node_modules/.bin/cdk"]


@pytest.mark.enable_socket
def test_a_port_is_free_until_a_program_listens_on_it() -> None:
    port = free_port()
    assert is_free(port)

    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
