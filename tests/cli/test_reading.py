"""The commands that look: what they show to people, to pipes and to programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.ttl_part import TtlPart
from console.checkout import REPOSITORY
from console.cli.runs import sentence
from tests.cli.operator import Operator
from tests.cli.served import Served
from tests.graphql.service import NOW

GOLDEN = REPOSITORY / "tests" / "cli" / "golden"


def test_jobs_shows_each_job_with_its_health(operator: Operator) -> None:
    header, *rows = operator.lines("jobs", "--utc")

    assert header == ["job", "state", "last run", "outcome", "next run", "success", "p95", "note"]
    assert [row[:2] for row in rows] == [
        ["cleanup_expired_sessions", "healthy"],
        ["cleanup_expired_refresh_tokens", "failing"],
        ["cleanup_expired_challenges", "late"],
        ["cleanup_expired_device_codes", "paused"],
    ]
    assert rows[0][2:7] == ["2026-02-14T12:00:00Z", "success", "2026-02-14T13:00:00Z", "66.7", "3007"]
    assert rows[2][7] == "due since 2026-02-14T12:00:00Z"


def test_health_exits_with_1_where_a_job_is_late_or_failing_and_0_elsewhere(operator: Operator) -> None:
    statuses = {
        job: operator.run("health", *job).exit_code
        for job in ((), ("sessions",), ("refresh_tokens",), ("webauthn_challenges",), ("device_codes",))
    }

    assert statuses == {
        (): 1,
        ("sessions",): 0,
        ("refresh_tokens",): 1,
        ("webauthn_challenges",): 1,
        ("device_codes",): 0,  # paused: as somebody wants it
    }


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--limit", "3"], ["42", "41", "40"]),
        (["--failures"], ["36", "35", "33", "31"]),
        (["--status", "skipped"], ["37"]),
        (["--job", "sessions"], ["42", "35", "34"]),
        (["--job", "cleanup_expired_sessions", "--failures"], ["35"]),
        (["--since", "20m"], ["42", "41", "40"]),
        (["--since", "2026-02-14T11:45", "--until", "2026-02-14T11:55", "--utc"], ["40", "39"]),
        (["--since", "2026-02-14T12:45+01:00", "--until", "10m"], ["41", "40", "39"]),
    ],
)
def test_logs_lists_what_the_options_choose(operator: Operator, options: list[str], ids: list[str]) -> None:
    _, *rows = operator.lines("logs", *options)

    assert [row[0] for row in rows] == ids


def test_logs_says_that_there_are_more_and_lists_all_where_asked(operator: Operator) -> None:
    some, all_ = operator.run("logs", "--limit", "20"), operator.run("logs", "--limit", "0")

    assert "There are more than 20; --limit 0 lists all of them." in some.stderr
    assert len(some.stdout.splitlines()) == 21
    assert len(all_.stdout.splitlines()) == 43
    assert all_.stderr == ""


def test_a_long_log_is_read_page_by_page(
    operator: Operator, api: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.cli.log_pages.pages.__defaults__", (None, 10))

    found = operator.json("logs", "--limit", "35")

    ids = [run["id"] for run in found["runs"]]
    assert len(set(ids)) == 35
    assert found["more"] is True
    assert len(api.requests) == 4


def test_no_such_runs_are_said_to_be_none(operator: Operator) -> None:
    result = operator.run("logs", "--status", "cancelled")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "There are no such runs.\n"


def test_show_tells_every_field_of_a_run(operator: Operator) -> None:
    told = dict(operator.lines("show", "34", "--utc"))

    assert told["job"] == "cleanup_expired_sessions"
    assert told["started"] == "2026-02-14T11:00:00Z"
    assert (told["deleted"], told["became live"], told["uncertain"]) == ("120", "3", "4")
    assert (told["read units"], told["left"], told["cost"]) == ("16.5", "17", "0.00016400")
    assert told["warning"] == "sessions has no expiry-index, so it was scanned."
    assert "error" not in told


def test_show_tells_what_ttl_removed_where_it_goes_first(operator: Operator, api: Served) -> None:
    log = api.operations.read_log.log
    run = log.start(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "by ttl"), NOW)
    part = TtlPart(1200, 5_000_000_000, 36_000, None, 172_000, 2400, patience_seconds=172_800)
    log.finish(replace(run.finished(Status.SUCCESS, NOW, counts=Counts(deleted=34)), ttl=part))

    told = dict(operator.lines("show", str(run.id)))
    answered = operator.json("show", str(run.id))

    assert {name: value for name, value in told.items() if "TTL" in name} == {
        "removed by TTL": "1200",
        "TTL bytes": "5000000000",
        "TTL late, p50": "36000000",
        "TTL late, most": "172000000",
        "TTL units saved": "2400",
        "TTL undated": "0",
        "TTL unreadable": "0",
        "TTL patience": "172800000",
        "TTL behind": "0",
    }
    assert answered["ttl"] == part.named()
    assert "success, 34 deleted, 1,200 removed by TTL" in sentence(answered)
    assert not any("TTL" in line[0] for line in operator.lines("show", "34"))


def test_show_tells_who_and_why_and_the_error_in_full(operator: Operator) -> None:
    running, failed = dict(operator.lines("show", "40")), dict(operator.lines("show", "35"))

    assert running["reason"] == "after the outage"
    assert running["cancelled by"].endswith("/bob")
    assert failed["error"].startswith("5 rows could not be deleted (ItemCollection")


def test_a_run_that_does_not_exist_is_said_not_to(operator: Operator) -> None:
    for arguments in (["show", "999"], ["show", "999", "--wait"]):
        result = operator.run(*arguments)

        assert result.exit_code == 1
        assert result.stderr == "Error: There is no run 999. `barycenter-jobs logs` lists those there are.\n"


def test_stats_adds_up_the_jobs(operator: Operator) -> None:
    header, *rows = operator.lines("stats")

    by_job = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert list(by_job)[-2:] == ["all", "ever"]
    assert by_job["all"]["runs"] == "41"
    assert by_job["cleanup_expired_refresh_tokens"]["success"] == "33.3"
    assert by_job["cleanup_expired_device_codes"]["mean"] == "150016"


@pytest.mark.parametrize(
    "command",
    [
        "jobs",
        "logs --limit 4",
        "show 34",
        "stats",
        "stats refresh_tokens",
        "health refresh_tokens",
        "pause sessions --reason restore",
        "resume device_codes",
        "cancel 40",
        "cancel 41",
        "clear --yes --job device_codes",
        "run sessions --dry-run --reason drill",
    ],
)
def test_json_has_the_shape_that_it_always_had(operator: Operator, command: str) -> None:
    said = operator.json(*command.split())

    path = GOLDEN / f"{re.sub('[^a-z0-9]+', '_', command)}.json"
    assert said == json.loads(path.read_text())


def test_plain_output_has_no_box_no_colour_and_cuts_nothing(operator: Operator) -> None:
    for command in ("jobs", "logs", "stats", "health", "show 36"):
        text = operator.run(*command.split(), COLUMNS="20", FORCE_COLOR="1").output

        assert re.fullmatch(r"[\t\n -~]*", text), command
    assert "there is no such table (ResourceNotFoundException)" in operator.run("logs", COLUMNS="20").stdout


def test_what_a_terminal_would_obey_is_not_passed_on(operator: Operator) -> None:
    operator.run("run", "sessions", "--reason", "\x1b[2J\x1b]0;owned\x07 a\tb\nc \u202e")

    said = operator.run("logs", "--limit", "1").output

    assert "\x1b" not in said
    assert "\x07" not in said
    assert "\u202e" not in said
    assert len(said.splitlines()[1].split("\t")) == 8
