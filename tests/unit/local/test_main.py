"""The command line `python -m local`: its options and its exit codes."""

import signal
from collections.abc import Iterator

import pytest

from local import __main__
from local.__main__ import main
from local.processes import StartFailed


@pytest.fixture(autouse=True)
def keep_signal_handlers() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def let_run(monkeypatch: pytest.MonkeyPatch, outcome: BaseException | None = None) -> list[int]:
    """Replace `run` by a function that records its port and ends with this outcome."""
    ports: list[int] = []

    def run_nothing(*, port: int) -> int:
        ports.append(port)
        if outcome is not None:
            raise outcome
        return 0

    monkeypatch.setattr(__main__, "run", run_nothing)
    return ports


@pytest.mark.parametrize(
    ("command_line", "message"),
    [
        ([], "required: command"),
        (["fly"], "invalid choice: 'fly'"),
        (["run", "--port", "0"], "0 is not a port"),
        (["run", "--port", "65536"], "65536 is not a port"),
        (["run", "--port", "http"], "http is not a port"),
    ],
)
def test_a_wrong_command_line_prints_the_usage(
    command_line: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(command_line)

    shown = capsys.readouterr().err
    assert end.value.code == 2
    assert shown.startswith("usage: python -m local")
    assert message in shown


@pytest.mark.parametrize(("command_line", "port"), [(["run"], 4566), (["run", "--port", "4600"], 4600)])
def test_run_listens_on_the_default_port_or_on_the_given_one(
    command_line: list[str], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = let_run(monkeypatch)

    assert main(command_line) == 0
    assert ports == [port]


def test_a_failed_start_prints_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    let_run(monkeypatch, StartFailed("port 4566 is in use"))

    assert main(["run"]) == 1
    assert capsys.readouterr().err == "error: port 4566 is in use\n"


def test_an_interrupted_command_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    let_run(monkeypatch, KeyboardInterrupt())
    assert main(["run"]) == 130


def test_a_terminated_command_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    let_run(monkeypatch)
    main(["run"])

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
