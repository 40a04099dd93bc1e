"""CSV and lines of JSON: pages that make one file, and that no spreadsheet executes."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.rest.representations import MOST_BYTES, harmless
from tests.graphql.service import NOON, service
from tests.rest.asking import Answer, Ask, asking

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")  # noqa: RUF001 - full width is meant


def whole(ask: Ask, target: str, accept: str = "*/*") -> list[Answer]:
    """Return every page of an export."""
    answers = [ask(target, accept=accept)]
    while "link" in answers[-1].headers:
        answers.append(ask(answers[-1].headers["link"][1:].partition(">")[0], accept=accept))
    return answers


def log_of(*runs: tuple[str, str | None], status: Status = Status.ERROR) -> MemoryExecutionLog:
    """Return a log of failed runs, each with an error message and a reason."""
    log = MemoryExecutionLog()
    for number, (error, reason) in enumerate(runs):
        trigger = Trigger(TriggerKind.MANUAL, "somebody", reason)
        execution = log.start(Start(SESSIONS, trigger, f"event {number}"), NOON + timedelta(seconds=number))
        log.finish(execution.finished(status, execution.started_at, error_message=error))
    return log


def test_pages_of_csv_one_after_the_other_are_one_file(ask: Ask) -> None:
    answers = whole(ask, "/api/executions?limit=5", accept="text/csv")

    rows = list(csv.DictReader(io.StringIO("".join(answer.body for answer in answers), newline="")))
    expected = ask("/api/executions").json["records"]
    assert len(answers) == 9
    assert [int(row["id"]) for row in rows] == [record["id"] for record in expected]
    for row, record in zip(rows, expected, strict=True):
        assert (row["job_id"], row["status"], row["started_at"]) == (
            record["job_id"],
            record["status"],
            record["started_at"],
        )
        assert row["duration_ms"] == ("" if record["duration_ms"] is None else str(record["duration_ms"]))
        assert row["error"] == (record["error"] or "")


def test_csv_says_whether_it_has_a_header(ask: Ask) -> None:
    first, second, *_ = whole(ask, "/api/executions?limit=5&format=csv")

    assert first.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert second.headers["content-type"] == "text/csv; charset=utf-8; header=absent"
    assert first.body.startswith('"id","job_id","handler_id","method_name","started_at",')
    assert second.body.partition(",")[0].isdigit()


def test_csv_has_the_line_ends_and_quotes_of_its_specification() -> None:
    ask = asking(service(log_of(('two\nlines, a "quote"', "né"))))

    body = ask("/api/executions?format=csv").body

    assert body.count("\r\n") == 2
    assert '"two\nlines, a ""quote"""' in body
    (row,) = csv.DictReader(io.StringIO(body, newline=""))
    assert (row["error"], row["reason"]) == ('two\nlines, a "quote"', "né")


def test_lines_of_json_are_the_records(ask: Ask) -> None:
    answers = whole(ask, "/api/executions/errors?limit=3", accept="application/x-ndjson")

    lines = [json.loads(line) for answer in answers for line in answer.body.splitlines()]
    assert lines == ask("/api/executions/errors").json["errors"]
    assert {answer.headers["content-type"] for answer in answers} == {"application/x-ndjson"}


@pytest.mark.parametrize(
    ("target", "accept", "disposition"),
    [
        ("/api/executions", "*/*", None),
        ("/api/executions", "text/csv", 'attachment; filename="executions.csv"'),
        ("/api/executions?format=json", "text/csv", 'attachment; filename="executions.json"'),
        ("/api/executions/errors?format=ndjson", "*/*", 'attachment; filename="errors.ndjson"'),
        ("/api/executions", "text/csv;q=0.5, application/json", None),
        ("/api/executions", "text/html, */*;q=0.8", None),
        ("/api/executions", "text/*", 'attachment; filename="executions.csv"'),
    ],
)
def test_a_format_or_the_accept_header_decides(
    target: str, accept: str, disposition: str | None, ask: Ask
) -> None:
    assert ask(target, accept=accept).headers.get("content-disposition") == disposition


DANGEROUS = st.text(st.sampled_from("=+-@\t\r\n,;|\"' aé＝－1"), max_size=12)  # noqa: RUF001 - full width is meant


@given(DANGEROUS)
@settings(deadline=None)
@example('=HYPERLINK("http://example.org")')
@example("a;=1+1")
@example('a",=1+1')
@example("\t=1")
@example(" -1")
@example("＝1")  # noqa: RUF001 - full width is meant
def test_no_cell_is_a_formula_whichever_separator_is_used(text: str) -> None:
    shown = harmless(text)

    assert not any(FORMULA.match(cell) for cell in re.split(r"[,;|\t\r\n\"]", shown))
    assert shown[:1] not in ("\t", "\r", "\n")
    assert shown.replace("'", "") == text.replace("'", "")


@given(error=DANGEROUS, reason=DANGEROUS)
@settings(max_examples=60, deadline=None)
def test_nothing_in_an_export_is_a_formula(error: str, reason: str) -> None:
    body = asking(service(log_of((error, reason))))("/api/executions?format=csv").body

    for delimiter in (",", ";", "\t", "|"):
        for row in csv.reader(io.StringIO(body, newline=""), delimiter=delimiter):
            assert not any(FORMULA.match(cell) for cell in row)


@pytest.mark.parametrize(
    "text", ["Deleted 3 rows - all well", "a+b", "2026-02-14", "x=1", "mail@example.org"]
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("target", ["/api/executions?limit=1000", "/api/executions?limit=1000&format=csv"])
def test_long_messages_make_shorter_pages_that_lambda_can_send(target: str) -> None:
    # Quotes and letters beyond ASCII are what grows most on its way into an answer.
    ask = asking(service(log_of(*(('é"' * 5_000, None) for _ in range(200)))))

    answers = whole(ask, target)

    assert len(answers) > 1
    assert all(len(json.dumps({"body": answer.body})) < MOST_BYTES + 100_000 for answer in answers)
    if "csv" not in target:
        assert [answer.json["complete"] for answer in answers] == [False] * (len(answers) - 1) + [True]
        assert sum(answer.json["count"] for answer in answers) == 200


def test_a_record_that_is_too_long_is_a_page_of_its_own() -> None:
    ask = asking(service(log_of(("x" * 6_000_000, None), ("x", None))))

    assert [answer.json["count"] for answer in whole(ask, "/api/executions?order=asc")] == [1, 1]


def test_what_no_text_can_hold_is_replaced() -> None:
    assert harmless("a\0b\ud800") == "a\ufffdb?"
