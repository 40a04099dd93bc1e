"""`logs --follow`: what begins and ends is shown once each, and a server may be gone meanwhile."""

from __future__ import annotations

import json

from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from tests.cli.operator import Operator
from tests.cli.served import Answer, Served
from tests.graphql.service import NOW, History


def of(api: Served) -> History:
    log = api.operations.read_log.log
    assert isinstance(log, History)
    return log


def until(operator: Operator, *steps: object) -> None:
    """Do a step each time that the command waits, then press Ctrl-C."""
    left = iter(steps)

    def meanwhile() -> None:
        step = next(left, KeyboardInterrupt)
        if step is KeyboardInterrupt:
            raise KeyboardInterrupt
        if callable(step):
            step()

    operator.time.meanwhile = meanwhile


def start(log: History, name: str) -> None:
    log.start(Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), name), NOW)


def finish(log: History, run_id: int) -> None:
    run = log.get(run_id)
    assert run is not None
    log.finish(run.finished(Status.SUCCESS, NOW))


def test_it_begins_with_the_latest_and_shows_each_run_as_it_begins_and_ends(
    operator: Operator, api: Served
) -> None:
    log = of(api)
    until(operator, lambda: start(log, "a"), None, lambda: finish(log, 43), None)

    result = operator.run("logs", "--follow", "--limit", "2")

    shown = [line.split("\t") for line in result.stdout.splitlines()]
    assert result.exit_code == 130
    assert [(line[0], line[3]) for line in shown] == [
        ("id", "status"),
        ("41", "success"),
        ("42", "success"),
        ("43", "running"),
        ("43", "success"),
    ]


def test_a_run_that_ends_later_than_others_begin_is_not_missed(operator: Operator, api: Served) -> None:
    log = of(api)
    until(operator, lambda: start(log, "a"), lambda: finish(log, 43), lambda: finish(log, 40), None)

    result = operator.run("logs", "--follow", "--status", "success", "--limit", "1", "--json")

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["42", "43", "40"]


def test_it_asks_gently(operator: Operator, api: Served) -> None:
    until(operator, *[None] * 30)

    operator.run("logs", "--follow")

    assert len(api.requests) == 31
    assert operator.time.now == 1000 + 31 * 2


def test_it_survives_a_server_that_is_gone_and_says_so_once(operator: Operator, api: Served) -> None:
    log = of(api)

    def gone() -> None:
        start(log, "a")
        api.answers.extend([Answer(cut=True), Answer(502, "<html>"), Answer(500)])

    until(operator, gone, None, None, None, None)

    result = operator.run("logs", "--follow", "--limit", "1")

    assert result.exit_code == 130
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["id", "42", "43"]
    assert result.stderr.count("Meanwhile this goes on asking.") == 1
    assert "There are answers again, after 7 s." in result.stderr


def test_it_does_not_go_on_asking_where_that_changes_nothing(operator: Operator, api: Served) -> None:
    until(operator, lambda: api.answers.append(Answer(403)), None)

    result = operator.run("logs", "--follow")

    assert result.exit_code == 3
    assert "answered 403" in result.stderr
