"""Whether the API answers, whether it lets us read and act, and whether it has the same time."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import click
import httpx

from console.cli.api import TIMEOUT, Api
from console.cli.checks.finding import Finding, Verdict, ok, skipped
from console.cli.documents import HEALTH, PAUSE, PING
from console.cli.endpoints import Endpoint
from console.cli.exits import Unreachable
from console.cli.output import job_name
from console.cli.pace import Clock

_NO_JOB = "may-the-doctor-act"
_WORRYING_SECONDS = 60
_SIGNATURE_SECONDS = 300  # AWS refuses a signature that is older, or from so far in the future


def interface_findings(endpoint: Endpoint, clock: Clock) -> Iterator[Finding]:
    """Yield what there is to say about the API."""
    yield clock_finding(endpoint, clock)
    with Api(endpoint, clock) as api:
        try:
            api.read(PING)
        except (Unreachable, click.UsageError) as error:
            yield Finding.of_failure("HTTP API", error.message)
            return
        yield ok("HTTP API", f"{endpoint.called} answers")
        yield _reading(api)
        yield _acting(api)
        yield _rest(api)
        yield from _jobs(api)


def clock_finding(endpoint: Endpoint, clock: Clock) -> Finding:
    """Return how far this machine's clock is from the server's."""
    try:
        response = httpx.get(endpoint.url, timeout=TIMEOUT, trust_env=not endpoint.is_local)
        there = parsedate_to_datetime(response.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError):
        return skipped("clock", "no server told its time", "Make the HTTP API reachable first")
    skew = (clock.now() - there).total_seconds()
    if abs(skew) < _WORRYING_SECONDS:
        return ok("clock", f"within {_WORRYING_SECONDS} s of the server's")
    way = "ahead of" if skew > 0 else "behind"
    message = f"this machine's clock is {abs(skew):.0f} s {way} the server's"
    if abs(skew) >= _SIGNATURE_SECONDS:
        message += ", and AWS refuses signatures that are five minutes off"
        return Finding("clock", Verdict.PROBLEM, message, "Set the clock, for example by switching NTP on")
    return Finding("clock", Verdict.WARNING, message, "Set the clock, for example by switching NTP on")


def _reading(api: Api) -> Finding:
    try:
        api.read(HEALTH)
    except (Unreachable, click.UsageError) as error:
        return Finding.of_failure("permission to read", error.message)
    return ok("permission to read", "granted")


def _acting(api: Api) -> Finding:
    """Ask for something that is refused after the permission was checked, since no job has this name."""
    try:
        api.once(PAUSE, job=_NO_JOB)
    except click.UsageError:
        return ok("permission to act", "granted")
    except Unreachable as error:
        return Finding.of_failure("permission to act", error.message, Verdict.WARNING)
    return ok("permission to act", "granted")


def _rest(api: Api) -> Finding:
    try:
        response = api.get("/api/executions", {"limit": "1", "format": "json"})
    except (Unreachable, click.UsageError) as error:
        return Finding.of_failure("REST API", error.message)
    kind = response.headers.get("content-type", "")
    if response.status_code != HTTPStatus.OK or not kind.startswith("application/json"):
        return Finding.of_failure("REST API", api.strange(response).message)
    return ok("REST API", "answers")


def _jobs(api: Api) -> Iterator[Finding]:
    try:
        found = api.read(HEALTH)["jobHealth"]
    except (Unreachable, click.UsageError):
        return  # told above
    for job in found:
        state, check = job["state"], f"job {job_name(job['jobName']).pretty}"
        if state in ("late", "failing"):
            yield Finding(
                check,
                Verdict.PROBLEM,
                state,
                "See `barycenter-jobs jobs` and docs/operations.md",
            )
        elif state == "paused":
            yield Finding(
                check,
                Verdict.WARNING,
                state,
                f"`barycenter-jobs resume {job['jobName']}` ends that",
            )
        else:
            yield ok(check, state)
