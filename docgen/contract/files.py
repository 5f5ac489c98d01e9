"""Files that hold the contract."""

import json
from pathlib import Path
from typing import Final

from docgen.contract.document import contract
from docgen.contract.page import page
from local.processes import REPOSITORY

OPENAPI: Final = REPOSITORY / "docs" / "openapi.json"
PAGE: Final = REPOSITORY / "docs" / "api.md"


def contract_files() -> dict[Path, str]:
    """Build the text of each file."""
    document = contract()
    return {
        OPENAPI: json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        PAGE: page(document),
    }
