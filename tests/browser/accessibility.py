"""Checks a page with axe, an accessibility checker that runs in the page."""

import json
from typing import Any, Final

from playwright.sync_api import Page

from local.processes import REPOSITORY

_AXE: Final = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_RUN: Final = (
    "axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations))"
)


def accessibility_findings(page: Page) -> list[str]:
    """Every rule of axe that the page violates as it looks now, with the elements; empty if all is well.

    axe runs beside the page's own scripts (an isolated world), so neither sees the other, and the page's
    Content-Security-Policy stays as it is.
    """
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
        where = {"contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True}
        session.send("Runtime.evaluate", {"expression": _AXE.read_text(encoding="utf-8"), **where})
        answer = session.send("Runtime.evaluate", {"expression": _RUN, **where})
    finally:
        session.detach()
    if "exceptionDetails" in answer:
        raise AssertionError(f"axe failed: {answer['exceptionDetails']}")
    violations: list[dict[str, Any]] = json.loads(answer["result"]["value"])
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['html']}"
        for violation in violations
        for node in violation["nodes"]
    ]
