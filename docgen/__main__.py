"""The command line of the documentation: `python -m docgen write|capture`; `make docs` calls it."""

import argparse
import sys

from docgen import capture, docs
from local.command import exit_code_of


def main() -> int:
    """Run a command; see `exit_code_of` for what it returns."""
    parser = argparse.ArgumentParser(prog="python -m docgen", description="Writes generated documentation.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write", help="write the generated parts of the documentation again")
    commands.add_parser("capture", help="draw again what `orders watch` shows, in docs/command-line.md")
    command = parser.parse_args().command
    return exit_code_of(docs.main if command == "write" else capture.main)


if __name__ == "__main__":
    sys.exit(main())
