"""What the clients of the fault proxy and of the Stripe stand-in share."""

from typing import Any, Self

import httpx


class ControlClient:
    """Calls the endpoints of a process on this machine. Use it as a context manager.

    Attributes:
        url: The URL of the process.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _get(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        return self._call("GET", path, params=params)

    def _post(self, path: str, body: object = None) -> dict[str, Any]:
        return self._call("POST", path, json=body)

    def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:  # noqa: ANN401 - as in httpx
        """Send a request; returns the JSON object in the response.

        Raises:
            ValueError: The process rejects the request.
        """
        answer = self._http.request(method, path, **content)
        if answer.is_client_error:
            raise ValueError(answer.json()["error"]["message"])
        answered: dict[str, Any] = answer.raise_for_status().json()
        return answered
