"""The releases: which there were, and their code, which comes out of the repository's history."""

import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final, Self

from local.processes import REPOSITORY
from proof.simulation.release import Release, release_in
from stacks.constructs.build_folder import build_once

RELEASED: Final = Path(__file__).parent / "released"
"""A folder for each release, with what its code wrote; see `records`."""

_PRINT_JOURNEYS: Final = "from proof.journeys import JOURNEYS; print(*(each.key for each in JOURNEYS))"

_ABOUT: Final = "release.json"


class NoSuchRelease(Exception):
    """The code of a release is not at hand; the message is written for a person."""


@dataclass(frozen=True)
class ReleasedCode:
    """A release.

    Attributes:
        name: Its version; for other commits the name that they were asked for by.
        commit: The commit whose code it is.
    """

    name: str
    commit: str

    @classmethod
    def read(cls, version: str) -> Self:
        """What is recorded about a version."""
        about = json.loads((RELEASED / version / _ABOUT).read_text(encoding="utf-8"))
        return cls(about["version"], about["commit"])

    def record(self) -> Path:
        """Write down that this version is released; returns its folder."""
        folder = RELEASED / self.name
        folder.mkdir(exist_ok=True)
        about = {"version": self.name, "commit": self.commit}
        (folder / _ABOUT).write_text(f"{json.dumps(about, indent=2)}\n", encoding="utf-8")
        return folder

    def unpack(self) -> Path:
        """The folder with its code, which is unpacked once.

        Raises:
            NoSuchRelease: The repository's history has no such commit.
        """
        archive = _git("archive", "--format=tar", self.commit, about=self.name)
        return build_once("release", self.commit.encode(), lambda folder: _extract(archive, folder))

    def journeys(self) -> frozenset[str]:
        """The keys of its own journeys: what its orders can do; see `unpack`."""
        command = [sys.executable, "-c", _PRINT_JOURNEYS]
        printed = subprocess.run(command, cwd=self.unpack(), capture_output=True, check=True, text=True)  # noqa: S603 - fixed arguments
        return frozenset(printed.stdout.split())

    def load(self) -> Release:
        """Its functions and definitions, for the simulation; see `unpack`."""
        return release_in(self.unpack())


def versions() -> list[str]:
    """All versions that are recorded, the oldest first."""
    return sorted((each.parent.name for each in RELEASED.glob(f"*/{_ABOUT}")), key=_numbers)


def find_release(name: str | None) -> ReleasedCode:
    """A release by its version, or the code of any commit; the newest release if no name is given.

    Raises:
        NoSuchRelease: There is no such commit.
    """
    if name is None or name in versions():
        return ReleasedCode.read(name or versions()[-1])
    commit = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", about=name)
    return ReleasedCode(name, commit.decode().strip())


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _git(*arguments: str, about: str) -> bytes:
    command = ["git", "-C", str(REPOSITORY), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603 - fixed arguments
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoSuchRelease(
            f"the code of {about} is not in this clone. In a shallow clone: git fetch --unshallow --tags"
        ) from error


def _extract(archive: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    # Its layer and assets are built where today's are: the same requirements make the same folder.
    (folder / ".build").symlink_to(REPOSITORY / ".build")
