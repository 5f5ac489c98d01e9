"""`make release VERSION=1.2.0`: makes a release of this clone's main branch, as a commit with a tag.

A second commit has samples of what the release writes, which all later code must read, and begins what
follows: a stage that is deployed from it does not claim to be the release. Nothing leaves the clone: a person
pushes the tag, and the workflow `release.yml` tests and publishes it. `docs/upgrading.md` says what a version
promises.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from docgen import generated_parts
from docgen.contract.api_changes import breaking_api_changes
from docgen.contract.document import contract
from docgen.contract.files import OPENAPI
from docgen.event_contract.files import FOLDER
from docgen.event_contract.schema_changes import breaking_changes
from docgen.event_contract.schemas import detail_schemas
from lambdas.domain.order_events import VERSION as EVENT_VERSION
from local.processes import REPOSITORY
from proof.rolling.records import record_release
from proof.rolling.releases import NoSuchRelease
from stacks.version import app_version

_PROJECT: Final = REPOSITORY / "pyproject.toml"
_CHANGELOG: Final = REPOSITORY / "CHANGELOG.md"
RELEASED_API: Final = OPENAPI.parent / "released" / OPENAPI.name
"""The contract of the API as the last release has it."""

_RELEASED_EVENTS: Final = FOLDER / "released" / str(EVENT_VERSION)

_RELEASE: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_UNRELEASED: Final = "## Unreleased\n"


class Refused(Exception):
    """There can't be this release; the message is written for a person."""


def main(version: str) -> int:
    """Make a release: check, write, commit and tag.

    Returns:
        0, or 1 if there can't be this release.
    """
    try:
        check_version(version, app_version())
        check_clone(version)
        check_generated_files()
        check_contracts()
        changelog = with_release(_CHANGELOG.read_text(encoding="utf-8"), version, datetime.now(UTC))
        print(f"Release {version}: checked")
        _CHANGELOG.write_text(changelog, encoding="utf-8")
        _write_version(version)
        for file in FOLDER.glob("*.schema.json"):
            shutil.copy(file, _RELEASED_EVENTS)
        shutil.copy(OPENAPI, RELEASED_API)
        _commit(f"Release {version}")
        samples = record_release(version, _git("rev-parse", "HEAD"))
        print(f"Recorded {samples} samples of what its code writes")
        _git("tag", "--annotate", f"v{version}", "--message", f"Release {version}")
        _write_version(next_development(version))
        _commit(f"Begin what follows {version}")
    except (Refused, NoSuchRelease) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    print(f"Tagged v{version}. `docs/upgrading.md` says how it is published, and how main goes on.")
    return 0


def publish_notes(tag: str, repository_url: str) -> int:
    """Print the notes of the release that is checked out, with links that work outside of the repository.

    Args:
        tag: The tag that is published.
        repository_url: Where the repository can be read, such as `https://github.com/OWNER/NAME`.

    Returns:
        0, or 1 if the tag is not that of the version.
    """
    version = app_version()
    if tag != f"v{version}":
        sys.stderr.write(f"error: the tag {tag} is on the version {version}: tag with `make release`\n")
        return 1
    notes = notes_of(_CHANGELOG.read_text(encoding="utf-8"), version)
    print(notes.replace("](docs/", f"]({repository_url}/blob/{tag}/docs/"))
    return 0


def check_version(version: str, current: str) -> None:
    """Refuse a version that is no version, or not newer than the one in `pyproject.toml`.

    Raises:
        Refused: The version can't be next.
    """
    if not _RELEASE.fullmatch(version):
        raise Refused(f"{version or 'VERSION'} is not a version: make release VERSION=1.2.0")
    least = _numbers(current.partition(".dev")[0])
    is_next = _numbers(version) >= least if ".dev" in current else _numbers(version) > least
    if not is_next:
        raise Refused(f"{version} is not newer than {current}")


def next_development(version: str) -> str:
    """The version of the commits that follow a release: newer than it, older than any other release."""
    major, minor, patch = _numbers(version)
    return f"{major}.{minor}.{patch + 1}.dev0"


def check_clone(version: str) -> None:
    """Refuse a release of anything but a clean main branch, or one that is there already.

    Raises:
        Refused: The clone is not ready.
    """
    branch = _git("branch", "--show-current")
    if branch != "main":
        raise Refused(f"this is the branch {branch or '(none)'}: releases are made of main")
    if changes := _git("status", "--porcelain"):
        raise Refused(f"there are changes that are not committed:\n{changes}")
    if _git("tag", "--list", f"v{version}"):
        raise Refused(f"the tag v{version} exists")


def check_generated_files() -> None:
    """Refuse generated files that are not as the code writes them.

    Raises:
        Refused: A file has changed. It is up to date now.
    """
    if generated_parts.main() or (changes := _git("status", "--porcelain")):
        raise Refused(f"these files were out of date: commit them, and try again\n{changes}")


def check_contracts() -> None:
    """Refuse an API or events that break what the previous release promised.

    Raises:
        Refused: Clients, consumers, or events that were published before, would break.
    """
    released = json.loads(RELEASED_API.read_text(encoding="utf-8"))
    if breaches := [*breaking_api_changes(released, contract()), *_event_breaches()]:
        raise Refused("\n".join(["the contract with the last release is broken:", *breaches]))


def _event_breaches() -> Iterator[str]:
    current = {event.value: schema for event, schema in detail_schemas().items()}
    for file in sorted(_RELEASED_EVENTS.glob("*.schema.json")):
        released = json.loads(file.read_text(encoding="utf-8"))
        title = released["title"]
        yield from (f"{title}: {each}" for each in breaking_changes(released, current.get(title, {})))


def with_release(changelog: str, version: str, day: datetime) -> str:
    """The changelog, in which the unreleased changes are those of a release.

    Raises:
        Refused: Nothing has changed.
    """
    before, found, after = changelog.partition(_UNRELEASED)
    if not found or not re.search(r"^- ", after.partition("\n## ")[0], re.MULTILINE):
        raise Refused("CHANGELOG.md has no sentence below `## Unreleased`")
    return f"{before}{_UNRELEASED}\n## {version} ({day:%Y-%m-%d})\n{after}"


def notes_of(changelog: str, version: str) -> str:
    """The changelog's section about a release, without its title."""
    after = changelog.partition(f"\n## {version} (")[2]
    return after.partition("\n")[2].partition("\n## ")[0].strip()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _write_version(version: str) -> None:
    text = _PROJECT.read_text(encoding="utf-8")
    _PROJECT.write_text(
        re.sub(r'(?m)^version = ".+"$', f'version = "{version}"', text, count=1), encoding="utf-8"
    )


def _commit(message: str) -> None:
    _git("add", "--all")
    _git("commit", "--quiet", "--message", message)


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S603 - fixed
    except subprocess.CalledProcessError as error:
        raise Refused(f"{' '.join(command)}: {error.stderr.strip()}") from error
    return done.stdout.strip()
