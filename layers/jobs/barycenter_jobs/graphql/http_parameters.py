"""The parameters of a GraphQL request, from a body of JSON or from an address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from barycenter_jobs.graphql.errors import Refused
from barycenter_jobs.graphql.media_types import check_content_type

if TYPE_CHECKING:
    from barycenter_jobs.http_messages import HttpRequest

MAX_BODY_BYTES = 100_000

_IN_JSON = ("variables", "extensions")


@dataclass(frozen=True, slots=True)
class Parameters:
    """A well-formed request: whether its document is one, nobody has looked yet."""

    query: str
    operation_name: str | None
    variables: dict[str, object]


def parameters_of(request: HttpRequest) -> Parameters:
    """Return the parameters of a request; what it holds beside them is ignored. Raises Refused."""
    if request.method == "GET":
        return _checked(_from_address(request.query))
    if request.method == "POST":
        check_content_type(request.headers.get("content-type", ""))
        if _size(request.body) > MAX_BODY_BYTES:
            raise Refused(413, f"A request may have {MAX_BODY_BYTES} bytes at the most")
        return _checked(_from_body(request.body))
    raise Refused(
        405, f"{request.method} is not served here; use POST, or GET for queries", {"allow": "GET, POST"}
    )


def _from_address(query: Mapping[str, Sequence[str]]) -> Mapping[str, object]:
    if sum(_size(name) + sum(map(_size, values)) for name, values in query.items()) > MAX_BODY_BYTES:
        raise Refused(414, f"A request may have {MAX_BODY_BYTES} bytes at the most; send a long one by POST")
    given = {name: _only(values, name) for name, values in query.items()}
    # The empty string is as good as no parameter, for those that may be left out.
    decoded = {name: _decoded(given[name], name) if given.get(name) else None for name in _IN_JSON}
    return {**given, "operationName": given.get("operationName") or None, **decoded}


def _from_body(text: str) -> Mapping[str, object]:
    body = _decoded(text, "The body")
    if isinstance(body, list):
        raise Refused(400, "Batches are not served: send one JSON object with a query")
    if not isinstance(body, dict):
        raise Refused(400, "The body must be a JSON object with a query")
    return body


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _only(values: Sequence[str], name: str) -> str:
    if len(values) > 1:
        raise Refused(400, f"{name} is given {len(values)} times; once is meant")
    return values[0]


def _decoded(text: str, what: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(400, f"{what} is not valid JSON") from None


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not know."""
    raise ValueError(name)


def _checked(given: Mapping[str, object]) -> Parameters:
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str):
        raise Refused(400, "query must be the text of a GraphQL document")
    if variables is not None and not isinstance(variables, dict):
        raise Refused(400, "variables must be a JSON object")
    if name is not None and not isinstance(name, str):
        raise Refused(400, "operationName must be a string")
    if not isinstance(given.get("extensions"), dict | None):
        raise Refused(400, "extensions must be a JSON object")
    return Parameters(query, name or None, variables or {})
