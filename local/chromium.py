"""A browser to drive: Chromium out of an npm package, or an installed one where the package has none.

The package is made for AWS Lambda: its browser is inside (Linux on x86_64), needs no root, and brings
libraries and fonts that a bare machine lacks. Source, read in November 2026: https://github.com/Sparticuz/chromium
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from local.processes import REPOSITORY, tool_path
from stacks.constructs.build_folder import build_once

CHROME_VARIABLE: Final = "CHROME_PATH"
"""Environment variable with the path of a Chrome or Chromium to use instead."""

_PACKAGE: Final = REPOSITORY / "node_modules" / "@sparticuz" / "chromium"
_UNPACK: Final = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()"
_LIKE_LAMBDA: Final = "AWS_Lambda_nodejs24.x"
"""Value of AWS_EXECUTION_ENV with which the package unpacks its libraries, too."""

_FONTS_OF_SYSTEM_AND_PACKAGE: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
</fontconfig>
"""

_INSTALLED: Final = (
    *("google-chrome", "chromium", "chromium-browser"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
"""Names on the PATH and paths of installed browsers."""


class NoBrowser(Exception):
    """This machine has no browser; the message says how to get one."""


@dataclass(frozen=True)
class BrowserProgram:
    """A browser to start.

    Attributes:
        path: The program.
        environ: Variables that it needs in addition to this process's.
    """

    path: Path
    environ: dict[str, str] = field(default_factory=dict)


def find_program() -> BrowserProgram:
    """Find the browser of this machine: the one that CHROME_PATH names, the package's, or an installed one.

    Raises:
        NoBrowser: There is none.
    """
    if chosen := os.environ.get(CHROME_VARIABLE):
        if not (found := shutil.which(chosen)):
            raise NoBrowser(f"{CHROME_VARIABLE} is {chosen}, which is no program")
        return BrowserProgram(Path(found))
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        return _unpacked()
    for name in _INSTALLED:
        if found := shutil.which(name):
            return BrowserProgram(Path(found))
    raise NoBrowser(
        "A browser is needed, and npm has one for Linux on x86_64 only: install Google"
        f" Chrome, or set {CHROME_VARIABLE} to the path of a Chrome or Chromium"
    )


def _unpacked() -> BrowserProgram:
    """The package's browser; it is unpacked once."""
    folder = build_once("chromium", (_PACKAGE / "package.json").read_bytes(), _unpack)
    environ = {
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
    }
    return BrowserProgram(folder / "chromium", environ)


def _unpack(folder: Path) -> None:
    environ = {"PATH": tool_path(), "TMPDIR": str(folder), "AWS_EXECUTION_ENV": _LIKE_LAMBDA}
    subprocess.run(  # noqa: S603 - the locked package
        ["node", "--input-type=module", "--eval", _UNPACK],  # noqa: S607 - the project's own node
        cwd=REPOSITORY,
        env=environ,
        check=True,
    )
    (folder / "fonts.conf").write_text(_FONTS_OF_SYSTEM_AND_PACKAGE)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the browser, without a sandbox, because containers forbid it; Playwright silences its networking.

    Raises:
        NoBrowser: This machine has none.
    """
    program = find_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program.path, env={**os.environ, **program.environ}
        )
        with browser:
            yield browser
