"""Response headers of the console, the same on a laptop and in the cloud; this module imports nothing."""

from typing import Final


def content_security_policy(*token_endpoints: str) -> str:
    """What the page may load and call: its own origin, and the endpoints of its sign-in.

    Args:
        token_endpoints: Origins, such as https://shop.example, at which the page exchanges codes for tokens.
    """
    policy = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'", *token_endpoints],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{directive} {' '.join(sources)}" for directive, sources in policy.items())


OTHER_SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers beside the Content-Security-Policy: a file is what its type says, and no page of another origin may
learn the page's address, hold its window, or embed its files."""

REQUEST_HEADERS: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match")
"""Headers of the page's calls that reach the REST API."""
