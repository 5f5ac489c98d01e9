"""Watches what pages do that no page of the console may do."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage


def misbehaviour_in(context: BrowserContext) -> list[str]:
    """A list that grows with each uncaught error, breach of a policy, and request to another machine."""
    seen: list[str] = []

    def judge(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            seen.append(message.text)

    context.on("console", judge)
    context.on("weberror", lambda error: seen.append(f"uncaught: {error.error}"))
    context.on("request", lambda request: seen.extend(_elsewhere(request.url)))
    return seen


def _elsewhere(url: str) -> list[str]:
    parts = urlsplit(url)
    is_here = parts.scheme in {"data", "blob", "about"} or parts.hostname in {"127.0.0.1", "localhost"}
    return [] if is_here else [f"requested {url}"]
