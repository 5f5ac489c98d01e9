"""`python -m docgen COMMAND`: the generated documentation, and releases. `make docs` calls `write`."""

import argparse
import sys

from docgen import capture, generated_parts, release
from local.command import exit_code_of


def main() -> int:
    """Run a command; see `exit_code_of` for the exit codes."""
    parser = argparse.ArgumentParser(prog="python -m docgen", description="Write generated documentation.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write", help="write the generated parts of README.md and docs/")
    show = commands.add_parser(
        "show", help="print the generated parts of a page, such as docs/performance.md"
    )
    show.add_argument("page", nargs="+")
    commands.add_parser("capture", help="record the picture of `orders watch` in docs/command-line.md")
    new_release = commands.add_parser("release", help="commit and tag a release in this clone")
    new_release.add_argument("version")
    notes = commands.add_parser("notes", help="print the notes of the release that is checked out")
    notes.add_argument("tag")
    notes.add_argument("repository_url")
    arguments = parser.parse_args()
    mains = {
        "write": generated_parts.main,
        "show": lambda: generated_parts.show(arguments.page),
        "capture": capture.main,
        "release": lambda: release.main(arguments.version),
        "notes": lambda: release.publish_notes(arguments.tag, arguments.repository_url),
    }
    return exit_code_of(mains[arguments.command])


if __name__ == "__main__":
    sys.exit(main())
