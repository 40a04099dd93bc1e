"""What the local stack prints: that it is ready, and one line for each run of a job."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.count_words import COUNT_WORDS
from console.local_stack.functions import Invocation
from console.local_stack.template import Route

_LINKS = (("Playground", "/admin/jobs/playground"), ("GraphQL", "/admin/jobs"))
_WAYS_IN = {"aws.events": "by rule", "barycenter.jobs": "by trigger"}
_MADE_BY_RULES = "Reconcile Due"


def say(text: str) -> None:
    """Print at once, also into a pipe. A reader that has gone away is no reason to stop."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes standard output once more at its end, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts of a running stack are."""

    http_api: str
    engine: str
    lambda_endpoint: str


def ready_lines(addresses: Addresses, routes: Iterable[Route], demo_rows: int) -> list[str]:
    """Return what to print when the stack is ready."""
    named = addresses.http_api.replace("127.0.0.1", "localhost")
    paths = {route.path for route in routes}
    links = [(what, named + path) for what, path in _LINKS if path in paths]
    links += [("DynamoDB engine", addresses.engine), ("Lambda endpoint", addresses.lambda_endpoint)]
    lines = [f"Ready: {addresses.http_api}", *(f"  {what:15}  {address}" for what, address in links)]
    if demo_rows:
        note = f"{demo_rows} rows; each job runs once in the first minute (SEED=0 starts empty)"
        lines.append(f"  {'Demo data':15}  {note}")
    return lines


def invocation_line(invocation: Invocation, jobs: Mapping[str, str]) -> str | None:
    """Return the line for a finished invocation, or None where there is nothing to tell.

    `jobs` names the job of each function that runs one. Of other functions only failures are told, and of the
    watchdog which dead runs it has closed.
    """
    job = jobs.get(invocation.function.name)
    answer = invocation.value if isinstance(invocation.value, dict) else {}
    if dead := answer.get("deadRunsClosed"):
        named = ", ".join(f"{run['jobName']} #{run['executionId']}" for run in dead)
        return f"{_clock(invocation.started_at)}  {invocation.function.name}  closed dead runs: {named}"
    if job is None and invocation.error is None:
        return None
    if invocation.error:
        told = ["failed", _one_line(invocation.error), *_retry(invocation)]
    else:
        told = [str(answer.get("status", "answered")), *_counts(answer)]
    milliseconds = answer.get("durationMs", round(invocation.seconds * 1000))
    told += [f"{milliseconds} ms", _way_in(invocation.event)] if job else []
    subject = " ".join([job or invocation.function.name, *_execution(invocation)])
    return f"{_clock(invocation.started_at)}  {subject}  {', '.join(told)}"


def _execution(invocation: Invocation) -> list[str]:
    """Return which execution this was: by its answer, else by its event, which knows the first attempt."""
    event = invocation.event if isinstance(invocation.event, dict) else {}
    attempt = [f"attempt {invocation.attempt}"] if invocation.attempt > 1 else []
    for holder in (invocation.value, event.get("detail")):
        if isinstance(holder, dict) and holder.get("executionId"):
            return [f"#{holder['executionId']}", *attempt]
    return attempt


def _counts(answer: Mapping[str, Any]) -> list[str]:
    """Return what was deleted, even if nothing was, and what else there is to count."""
    if answer.get("dryRun"):
        return [f"dry run: {answer.get('backlogRemaining')} would be deleted"]
    told = [name for name in COUNT_WORDS if answer.get(name) or (name == "deleted" and name in answer)]
    by_ttl = (answer.get("ttl") or {}).get("rows", 0)
    return [
        *(f"{answer[name]} {COUNT_WORDS[name]}" for name in told),
        *([f"{by_ttl} removed by TTL"] if by_ttl else []),
    ]


def _retry(invocation: Invocation) -> list[str]:
    seconds = invocation.retry_in_seconds
    return [] if seconds is None else [f"repeated in {seconds:.0f} s"]


def _way_in(event: object) -> str:
    if not isinstance(event, dict):
        return "by invocation"
    if event.get("detail-type") == _MADE_BY_RULES:
        return "by rule"
    if event.get("source") == "barycenter.jobs" and not event.get("detail"):
        return "first round"
    return _WAYS_IN.get(str(event.get("source")), "by invocation")


def _one_line(error: Mapping[str, Any]) -> str:
    return " ".join(f"{error.get('errorType')}: {error.get('errorMessage')}".split())


def _clock(instant: datetime) -> str:
    return instant.strftime("%H:%M:%SZ")
