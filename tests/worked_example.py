"""The worked example of docs/extending.md, as its text has it."""

import re

from stacks.constructs.build_folder import PROJECT

NAME = "count_sales"


def example(part: str) -> str:
    """The code of one part of the example."""
    text = (PROJECT / "docs" / "extending.md").read_text(encoding="utf-8")
    (code,) = re.findall(rf"<!-- example: {part} -->\n```python\n(.*?)```", text, re.DOTALL)
    return str(code)
