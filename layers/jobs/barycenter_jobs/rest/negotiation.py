"""Which representation a client gets (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from barycenter_jobs.rest.problems import Kind, Refused

if TYPE_CHECKING:
    from barycenter_jobs.http_messages import HttpRequest


def chosen(request: HttpRequest, offered: Sequence[str]) -> str:
    """Return the media type that suits the client best, the first of those that suit it as well.

    The most specific range that covers a type speaks for it; parameters other than `q` are not looked at.
    Raises Refused where none suits.
    """
    ranges = dict(_media_range(choice) for choice in (request.headers.get("accept") or "*/*").split(","))
    qualities = {media_type: _quality_of(media_type, ranges) for media_type in offered}
    best = max(offered, key=lambda media_type: qualities[media_type])
    if not qualities[best]:
        raise Refused(Kind.NOT_ACCEPTABLE, f"This is served as {' or '.join(offered)}", offered=list(offered))
    return best


def _quality_of(media_type: str, ranges: dict[str, float]) -> float:
    covering = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((ranges[each] for each in covering if each in ranges), 0.0)


def _media_range(choice: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip().lower() for part in choice.split(";"))
    weights = [text[2:].strip() for text in parameters if text.startswith("q=")]
    return media_range, _quality(weights[0]) if weights else 1.0


def _quality(text: str) -> float:
    return float(text) if re.fullmatch(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", text) else 0.0
