"""The log as the REST API writes it, page after page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

import httpx

from console.cli.api import Api
from console.cli.log_pages import RunFilter

FORMATS = ("csv", "json", "ndjson")
_MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "ndjson": "application/x-ndjson"}
_PAGE = 500  # the most that every list of the API gives at once


@dataclass(frozen=True, slots=True)
class _Page:
    """The records of a page as text, and what comes before them in a file."""

    records: list[str]
    head: str = ""


def written(file: TextIO, api: Api, wanted: RunFilter, form: str, limit: int | None) -> int:
    """Write runs to a file, `limit` at the most, and return how many. Raises Unreachable, UsageError."""
    count = 0
    for page in _pages(api, wanted, form, limit):
        file.write(page.head)
        for record in page.records:
            if form == "json":
                file.write(",\n " if count else "[\n ")
            file.write(record)
            count += 1
    if form == "json":
        file.write("\n]\n" if count else "[]\n")
    return count


def _pages(api: Api, wanted: RunFilter, form: str, limit: int | None) -> Iterator[_Page]:
    path = "/api/executions/errors" if wanted.failures else "/api/executions"
    filters = {"job_id": wanted.job, "status": wanted.status, "since": wanted.since, "until": wanted.until}
    parameters = {"format": form, **{name: value for name, value in filters.items() if value}}
    left = limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        response = api.get(path, {**parameters, "limit": str(size)})
        if response.headers.get("content-type", "").split(";")[0] != _MEDIA_TYPES[form]:
            raise api.strange(response)
        try:
            page = _READERS[form](response)
        except (ValueError, LookupError, TypeError):
            raise api.strange(response) from None
        yield page
        following = response.headers.get("x-next-cursor")
        if following is None or following == parameters.get("cursor"):
            return
        parameters["cursor"] = following
        left = None if left is None else left - len(page.records)


def _json(response: httpx.Response) -> _Page:
    body = json.loads(response.content)
    listed = body["records"] if "records" in body else body["errors"]
    return _Page([json.dumps(record) for record in listed])


def _ndjson(response: httpx.Response) -> _Page:
    return _Page([f"{line}\n" for line in response.content.decode().split("\n") if line])


def _csv(response: httpx.Response) -> _Page:
    """Return the records as they are. A line with an odd number of quotes goes on with the next one."""
    records = [""]
    for line in response.content.decode().removesuffix("\r\n").split("\r\n"):
        records[-1] += f"{line}\r\n"
        if records[-1].count('"') % 2 == 0:
            records.append("")
    has_header = "header=present" in response.headers["content-type"]
    return (
        _Page(records[1:-1], records[0])
        if has_header
        else _Page([record for record in records[:-1] if record.strip()])
    )


_READERS: Mapping[str, Callable[[httpx.Response], _Page]] = {"csv": _csv, "json": _json, "ndjson": _ndjson}
