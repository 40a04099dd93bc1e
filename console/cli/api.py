"""The HTTP API as the commands ask it: GraphQL documents in, data out, and failures that say what to do."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import click
import httpx

from console.cli.endpoints import Endpoint
from console.cli.exits import Gone, Passing, Refused, Unreachable
from console.cli.output import printable
from console.cli.pace import Clock

Json = dict[str, Any]
T = TypeVar("T")

PATH = "/admin/jobs"
TIMEOUT = httpx.Timeout(35, connect=5)  # API Gateway gives up after 30 seconds, and then says so itself
_ATTEMPTS = 3
_LONGEST_PAUSE = 10.0
_LONGEST_MESSAGE = 300
_PASSING = {429, 500, 502, 503, 504}
LOCAL_HINT = "Start the local stack with `make run`, or name a deployed one with --stack or --endpoint."


class Api:
    """An HTTP API. Close it after use."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self.endpoint = endpoint
        self._clock = clock
        self._client = httpx.Client(
            auth=endpoint.auth,
            timeout=TIMEOUT,
            # Reading the certificates takes a while, and a plain address has none to verify.
            verify=endpoint.url.startswith("https:"),
            # A proxy cannot reach this machine.
            trust_env=not endpoint.is_local,
            headers={"user-agent": "barycenter-jobs", "accept": "application/json"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def read(self, document: str, **variables: object) -> Json:
        """Return the data of a query. What may pass is tried three times. Raises Unreachable, UsageError."""
        return self._tried(lambda: self.once(document, **variables))

    def once(self, document: str, **variables: object) -> Json:
        """Return the data of a query that is sent once."""
        given = {name: value for name, value in variables.items() if value is not None}
        response = self._sent("POST", PATH, json={"query": document, "variables": given})
        return self._data(response)

    def get(self, path: str, parameters: Mapping[str, str]) -> httpx.Response:
        """Return what a path of the REST API answers, tried likewise. Raises Unreachable, UsageError."""

        def asked() -> httpx.Response:
            response = self._sent("GET", path, params=parameters, headers={"accept": "*/*"})
            if response.status_code != httpx.codes.OK:
                raise self._failed(response, _object(response))
            return response

        return self._tried(asked)

    def strange(self, response: httpx.Response) -> Refused:
        """Return what to say of an answer of another kind than was asked for."""
        kind = printable(response.headers.get("content-type", "nothing").split(";")[0])
        return Refused(
            f"{self._place()} answered with {kind} where something else was expected, so it is no "
            "barycenter-jobs. Check the address."
        )

    def _tried(self, ask: Callable[[], T]) -> T:
        for attempt in range(1, _ATTEMPTS):
            try:
                return ask()
            except Passing as error:
                pause = random.uniform(0.5, 1) * 2 ** (attempt - 1)  # noqa: S311 - no secret depends on it
                self._clock.sleep(min(pause if error.after is None else error.after, _LONGEST_PAUSE))
        return ask()

    def act(self, document: str, **variables: object) -> Json:
        """Return the data of a mutation. It is sent once: nobody knows whether a lost one was done."""
        try:
            return self.once(document, **variables)
        except Gone as error:
            if error.surely_undone:
                raise
            raise Gone(
                f"{error.message} It may have been done all the same: see `barycenter-jobs logs`."
            ) from None

    def _sent(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        called = self.endpoint.called
        try:
            return self._client.request(method, self.endpoint.url + path, **content)
        except httpx.ConnectError as error:
            if "CERTIFICATE" in str(error):
                raise Refused(f"The certificate of {called} cannot be verified. Check the address.") from None
            hint = LOCAL_HINT if self.endpoint.is_local else "Check the address and your network."
            raise Gone(f"Nothing answers at {self._place()}. {hint}", surely_undone=True) from None
        except httpx.ConnectTimeout:
            raise Gone(
                f"{self._place()} cannot be reached. Check the address and your network.", surely_undone=True
            ) from None
        except httpx.TimeoutException:
            raise Gone(f"{self._place()} did not answer in time. Try again.") from None
        except httpx.TransportError:
            raise Passing(f"{self._place()} cut the connection. Try again.") from None

    def _place(self) -> str:
        url, called = self.endpoint.url, self.endpoint.called
        return url if called == url else f"{called} ({url})"

    def _data(self, response: httpx.Response) -> Json:
        body = _object(response)
        if response.status_code != httpx.codes.OK:
            raise self._failed(response, body)
        if body is None:
            raise self.strange(response)
        if errors := body.get("errors"):
            raise self._errors(errors)
        data = body.get("data")
        if not isinstance(data, dict):
            raise Refused(
                f"{self._place()} answered without data, so it is no barycenter-jobs. Check the address."
            )
        return data

    def _failed(self, response: httpx.Response, body: Json | None) -> Unreachable:
        status = response.status_code
        said = _message(body)
        told = f"{self._place()} answered {status}{f' ({said})' if said else ''}."
        if status in _PASSING:
            after = response.headers.get("retry-after", "")
            return Passing(
                f"{told} Try again in a minute.",
                after=float(after) if after.isdecimal() and after.isascii() else None,
                surely_undone=status == httpx.codes.TOO_MANY_REQUESTS,
            )
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return Refused(f"{told} {self._sign_in_hint()}")
        if status == httpx.codes.NOT_FOUND:
            return Refused(f"{told} There is no jobs API there: check the address.")
        return Refused(f"{told} Check the address, and that both ends have the same version.")

    def _sign_in_hint(self) -> str:
        if self.endpoint.auth is None:
            return "Sign in with --token, or with AWS credentials and --sign."
        if self.endpoint.has_token:
            return "Get a new token, one that has the permissions jobs:read and jobs:write."
        return (
            "Check with `barycenter-jobs doctor` that your AWS credentials may use execute-api:Invoke on it, "
            "or give a --token if the stack has an issuer of tokens."
        )

    def _errors(self, errors: object) -> Exception:
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        code = first.get("extensions", {}).get("code") if isinstance(first.get("extensions"), dict) else None
        said = _message(first) or "no reason given"
        if code == "BAD_USER_INPUT":
            return click.UsageError(f"{said}.")
        if code == "FORBIDDEN":
            return Refused(f"{self._place()} refused: {said}. {self._sign_in_hint()}")
        if code == "SERVICE_UNAVAILABLE":
            return Passing(f"{self._place()} cannot answer: {said}. Try again in a minute.")
        if code in ("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"):
            return Refused(
                f"{self._place()} is of another version: {said}. Install that version of barycenter-jobs."
            )
        return Gone(f"{self._place()} failed: {said}. Look at the logs of its function http_api.")


def _object(response: httpx.Response) -> Json | None:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _message(body: Json | None) -> str:
    """Return what a server says went wrong, on one line that does a terminal no harm."""
    body = body or {}
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        body = errors[0]
    said = body.get("message") or body.get("Message") or ""
    line = " ".join(printable(str(said)).split())
    return line[:_LONGEST_MESSAGE].rstrip(".")
