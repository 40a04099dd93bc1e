"""The results as tables that people can read, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.compare import DISTANT, Result, ours
from benchmarks.contenders import contender_named
from benchmarks.live_rows import MOST_ROWS_TO_SCAN, Cost
from benchmarks.trials import Trial

_MEGABYTE = 1e6
_UNITS = ("WCU", "WCU reported", "RCU", "RCU reported", "requests")


def comparison(results: Sequence[Result]) -> str:
    """Return the side-by-side measurement: speed and cost, correctness, and where the units come from."""
    reference = ours(results)
    calm, raced, rounds = reference.calm[0], reference.raced, len(reference.calm)
    distant = reference.distant[0]
    return f"""\
{calm.filling.expired:,} expired beside {calm.filling.live:,} live rows of 1,000 bytes, rounds: {rounds}.
Medians; each ratio is to {reference.contender.title} in the same round. CPU is the client's, in microseconds.

{_table(_SPEED, [_speed(result, reference) for result in results])}

{distant.filling.expired:,} expired beside {distant.filling.live:,} live rows of an engine that is \
{DISTANT.latency_ms} ms away, as one behind a network is.

{_table(_DISTANCE, [_distance(result, reference) for result in results])}

{raced.filling.expired:,} expired beside {raced.filling.live:,} live rows, disturbed once.
Raced: after the first read and before the first delete, somebody renews {raced.renewed} of the rows that were
read and deletes {raced.removed}. Answer lost: the first delete is carried out and its answer lost.

{_table(_CORRECTNESS, [_correctness(result) for result in results])}

Units for each deleted row: after DynamoDB's documentation, and as the engine reports them, which counts no
index writes for a PartiQL delete, and half a unit for a page whatever is on it.

{_table(("", *_UNITS), [_units(result.contender.title, result.calm[0]) for result in results])}"""


def beside_live_rows(costs: Sequence[Cost]) -> str:
    """Return what a deleted row costs beside each number of live rows."""
    rows = [
        (f"{cost.live:,}", *_units(cost.contender.title, cost.trial), cost.trial.engine)
        if cost.trial is not None
        else (f"{cost.live:,}", cost.contender.title, *["not run"] * len(_UNITS), "")
        for cost in costs
    ]
    return f"""\
Units for each deleted row, beside so many live rows. Ours on the stand-in engine, which reports the \
documented units; the others on the embedded engine, which cannot scan more than {MOST_ROWS_TO_SCAN:,} \
in bounded time.

{_table(("live rows", "", *_UNITS, "engine"), rows)}"""


def backlogs(trials: Sequence[Trial]) -> str:
    """Return the peak memory for each backlog."""
    rows = [
        (
            contender_named(trial.contender).title,
            f"{trial.filling.expired:,}",
            f"{trial.measure.peak_bytes / _MEGABYTE:.1f}",
            f"{trial.measure.seconds:.0f}",
            _verdict(trial),
            trial.engine,
        )
        for trial in trials
    ]
    return f"""\
Peak memory of the process above what it held before it began. Ours on the stand-in engine, which measures \
the client's memory and nothing else; the others on the embedded engine.

{_table(("", "expired rows", "peak MB", "seconds", "count", "engine"), rows)}"""


_SPEED = ("", "rows/s", "ratio", "CPU/row", "ratio", "WCU/row", "RCU/row", "peak MB")


def _speed(result: Result, reference: Result) -> tuple[str, ...]:
    def rows_per_second(trial: Trial) -> float:
        return trial.rows_per_second

    def cpu(trial: Trial) -> float:
        return trial.cpu_microseconds_per_row

    trial = result.calm[0]
    return (
        result.contender.title,
        f"{result.median(rows_per_second):,.0f}",
        f"{result.ratio(rows_per_second, reference):.2f}",
        f"{result.median(cpu):,.0f}",
        f"{result.ratio(cpu, reference):.2f}",
        f"{trial.documented.write / trial.recount.deleted:.2f}",
        f"{trial.documented.read / trial.recount.deleted:.3f}",
        f"{result.median(lambda trial: trial.measure.peak_bytes) / _MEGABYTE:.1f}",
    )


_DISTANCE = ("", "rows/s", "ratio")


def _distance(result: Result, reference: Result) -> tuple[str, ...]:
    def rows_per_second(trial: Trial) -> float:
        return trial.rows_per_second

    return (
        result.contender.title,
        f"{median(rows_per_second(trial) for trial in result.distant):,.0f}",
        f"{result.distant_ratio(rows_per_second, reference):.2f}",
    )


_CORRECTNESS = ("", "live rows kept", "count, calm", "count, raced", "count, answer lost")


def _correctness(result: Result) -> tuple[str, ...]:
    calm = next((trial for trial in result.calm if not trial.exact), result.calm[0])
    kept = "yes" if not result.live_rows_lost else f"no, {result.live_rows_lost} deleted"
    return (
        result.contender.title,
        kept,
        _verdict(calm),
        _verdict(result.raced),
        _verdict(result.answer_lost),
    )


def _verdict(trial: Trial) -> str:
    says, did = trial.measure.claim.deleted, trial.recount.deleted
    if says == did:
        return "exact"
    if says < did <= says + trial.uncertain:
        return f"{trial.uncertain} uncertain, and says so"
    return f"says {says:,}, did {did:,}"


def _units(title: str, trial: Trial) -> tuple[str, ...]:
    deleted = trial.recount.deleted
    return (
        title,
        f"{trial.documented.write / deleted:.3f}",
        f"{trial.reported.write / deleted:.3f}",
        f"{trial.documented.read / deleted:.3f}",
        f"{trial.reported.read / deleted:.3f}",
        _requests(trial.requests),
    )


def _requests(requests: Mapping[str, int]) -> str:
    return ", ".join(f"{operation} {count:,}" for operation, count in requests.items())


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (head, rule, *rows)
    )
