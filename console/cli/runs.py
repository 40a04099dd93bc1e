"""A run as people see it: its row in a list, its facts, and what became of it in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from console.cli.api import Json
from console.cli.money import counted
from console.cli.output import Cell, Column, Output, count, job_name, milliseconds, word
from console.cli.times import duration
from console.count_words import COUNT_WORDS

COLUMNS = (
    Column("id", 4, right=True),
    Column("job", 19),
    Column("started", 8),
    Column("status", 7),
    Column("trigger", for_pipes_only=True),
    Column("deleted", 7, right=True),
    Column("duration", 8, right=True),
    Column("note", 12, wraps=True),
)


def row(run: Json, output: Output) -> list[Cell]:
    """Return a run as a row below COLUMNS."""
    return [
        Cell(str(run["id"])),
        job_name(str(run["jobName"])),
        output.near(run["startedAt"]),
        word(str(run["status"])),
        Cell(str(run["trigger"])),
        count(run["counts"]["deleted"]),
        milliseconds(run["durationMs"]),
        Cell(note(run), "; ".join(part for part in (_manual(run), note(run)) if part)),
    ]


def _manual(run: Json) -> str:
    return "manual" if run["trigger"] == "manual" else ""


def note(run: Json) -> str:
    """Return what is worth knowing about a run beside its counts."""
    notes = [str(run["errorMessage"])] if run["errorMessage"] else []
    if run["dryRun"]:
        notes.append("dry run")
    if run["methodName"] == "reconcile":
        notes.append("reconciling")
    if run["attemptNumber"] > 1:
        notes.append(f"attempt {run['attemptNumber']}")
    if run["reason"]:
        notes.append(str(run["reason"]))
    if run["warnings"]:
        notes.append(counted(len(run["warnings"]), "warning"))
    return "; ".join(notes)


def sentence(run: Json) -> str:
    """Return what became of a run: its outcome, what it counted and how long it took."""
    facts = [str(run["status"]), *_counted(run)]
    if run["dryRun"] and run["backlog"]:
        facts.append(f"dry run: {_backlog(run['backlog'])} would be deleted")
    elif run["dryRun"]:
        facts.append("dry run")
    if run["durationMs"] is not None:
        facts.append(duration(run["durationMs"]))
    text = f"Run {run['id']} of {run['jobName']}: {', '.join(facts)}."
    return f"{text} {str(run['errorMessage']).rstrip('.')}." if run["errorMessage"] else text


def facts(run: Json, output: Output) -> Iterator[tuple[str, Cell]]:
    """Yield every field of a run with its name; those that it does not have are empty."""
    yield "id", Cell(str(run["id"]))
    yield "job", Cell(str(run["jobName"]))
    yield "method", Cell(str(run["methodName"]))
    yield "status", word(str(run["status"]))
    yield "dry run", Cell("yes" if run["dryRun"] else "")
    yield "started", output.time(run["startedAt"])
    yield "completed", output.time(run["completedAt"])
    yield "duration", milliseconds(run["durationMs"])
    yield "error", Cell(str(run["errorMessage"] or ""), style="bold red")
    yield "trigger", Cell(str(run["trigger"]))
    yield "triggered by", Cell(str(run["triggeredBy"] or ""))
    yield "reason", Cell(str(run["reason"] or ""))
    yield "cancelled by", Cell(str(run["cancelledBy"] or ""))
    yield "attempt", Cell(str(run["attemptNumber"]))
    for name, called in COUNT_WORDS.items():
        yield called, count(run["counts"][name])
    if run["ttl"]:
        yield from _by_ttl(run["ttl"])
    usage = run["usage"]
    yield "read units", Cell(f"{usage['readUnits']:g}")
    yield "write units", Cell(f"{usage['writeUnits']:g}")
    yield "cost", Cell(f"{usage['costUsd']:.8f}", f"${usage['costUsd']:.6f}")
    if run["backlog"]:
        yield "left", Cell(str(run["backlog"]["remaining"]), _backlog(run["backlog"]))
        yield "expired since", output.time(run["backlog"]["oldestExpiredAt"])
    yield "samples", Cell(" ".join(run["samples"]))
    for warning in run["warnings"]:
        yield "warning", Cell(str(warning), style="yellow")


def _by_ttl(ttl: Json) -> Iterator[tuple[str, Cell]]:
    """Yield what TTL removed, and how late it was with half of the rows, with most and with the last."""
    yield "removed by TTL", count(ttl["rows"])
    yield "TTL bytes", count(ttl["sizeBytes"])
    for called, name in (("TTL late, p50", "P50"), ("TTL late, p95", "P95"), ("TTL late, most", "Max")):
        seconds = ttl[f"lateness{name}Seconds"]
        yield called, milliseconds(None if seconds is None else 1000 * seconds)
    yield "TTL units saved", count(ttl["writeUnitsSaved"])
    yield "TTL undated", count(ttl["undated"])
    yield "TTL unreadable", count(ttl["unreadable"])
    yield "TTL patience", milliseconds(1000 * ttl["patienceSeconds"])
    yield "TTL behind", milliseconds(1000 * ttl["behindSeconds"])


def _counted(run: Json) -> list[str]:
    by_ttl = run["ttl"]["rows"] if run["ttl"] else 0
    return [
        *(f"{run['counts'][name]:,} {called}" for name, called in COUNT_WORDS.items() if run["counts"][name]),
        *([f"{by_ttl:,} removed by TTL"] if by_ttl else []),
    ]


def _backlog(backlog: Json) -> str:
    rows = counted(backlog["remaining"], "row")
    return rows if backlog["exact"] else f"at least {rows}"
