"""Media types of GraphQL over HTTP: what a request is, and what its answer may be."""

from __future__ import annotations

import re
from collections.abc import Mapping

from barycenter_jobs.graphql.errors import Refused

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"

_UTF_8 = ("utf-8", "utf8")


def content_type(media_type: str) -> str:
    """Return the header of an answer, which says the encoding too."""
    return f"{media_type}; charset=utf-8"


def accepted(accept: str) -> str:
    """Return the better of our two media types that the client takes. Raises Refused for neither.

    The most specific range that covers a type speaks for it (RFC 9110, section 12.5.1). Of two types that
    are as welcome, the one that the client names first wins, and application/json where it names neither.
    """
    ranges = _ranges(accept)
    named = [*(media_range for media_range in ranges if media_range in (JSON, GRAPHQL_RESPONSE)), JSON]
    qualities = {
        media_type: next((ranges[r] for r in (media_type, "application/*", "*/*") if r in ranges), 0.0)
        for media_type in [*named, GRAPHQL_RESPONSE]
    }
    best = max(qualities, key=lambda media_type: qualities[media_type])
    if not qualities[best]:
        raise Refused(406, f"This endpoint answers in {GRAPHQL_RESPONSE} or {JSON}")
    return best


def check_content_type(header: str) -> None:
    """Return for JSON in UTF-8, which JSON without a charset is. Raises Refused for anything else."""
    media_type, parameters = _parts(header)
    if media_type != JSON:
        raise Refused(415, f"Send the request as Content-Type: {JSON}", {"accept": JSON})
    if parameters.get("charset", "utf-8") not in _UTF_8:
        raise Refused(415, "Send the request in UTF-8", {"accept": JSON})


def _ranges(accept: str) -> Mapping[str, float]:
    """Return the quality of each media range, in their order; a range for another charset is none."""
    ranges: dict[str, float] = {}
    for choice in accept.split(","):
        media_range, parameters = _parts(choice)
        if parameters.get("charset", "utf-8") in (*_UTF_8, "*"):
            ranges[media_range] = _quality(parameters.get("q", "1"))
    return ranges


def _parts(value: str) -> tuple[str, Mapping[str, str]]:
    """Return a media type and its parameters, all in lower case."""
    media_type, *parameters = (part.strip() for part in value.lower().split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type, {name.strip(): text.strip().strip('"') for name, _, text in pairs}


def _quality(text: str) -> float:
    return float(text) if re.fullmatch(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", text) else 0.0
