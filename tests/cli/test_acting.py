"""The commands that act: what becomes of a run, a pause, a cancellation and a history."""

from __future__ import annotations

import json

import pytest

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Backlog, Status
from tests.cli.operator import Operator
from tests.cli.served import Answer, Served
from tests.graphql.service import NOW, History


@pytest.fixture
def history(api: Served) -> History:
    log = api.operations.read_log.log
    assert isinstance(log, History)
    return log


def ends(
    history: History,
    operator: Operator,
    status: Status,
    *,
    after: int = 3,
    error_message: str | None = None,
    backlog: Backlog | None = None,
) -> None:
    """Have the run that is started next end so, after so many looks at it."""
    looks = iter(range(after))

    def meanwhile() -> None:
        run = history.get(43)
        assert run is not None
        if next(looks, None) is None and run.completed_at is None:
            history.finish(
                run.finished(
                    status, NOW, counts=Counts(deleted=7), error_message=error_message, backlog=backlog
                )
            )

    operator.time.meanwhile = meanwhile


def test_run_starts_a_job_and_says_how_to_follow_it(operator: Operator, api: Served) -> None:
    result = operator.run("run", "sessions", "--reason", "drill")

    assert result.exit_code == 0
    assert result.stdout == "Job cleanup_expired_sessions triggered successfully. Run 43 is under way.\n"
    assert "barycenter-jobs show 43 --wait" in result.stderr
    assert operator.json("show", "43")["reason"] == "drill"
    assert [request.document for request in api.requests[:1]] == ["mutation Trigger"]


@pytest.mark.parametrize(
    ("status", "exit_status"),
    [
        (Status.SUCCESS, 0),
        (Status.ERROR, 1),
        (Status.TIMEOUT, 1),
        (Status.SKIPPED, 4),
        (Status.CANCELLED, 5),
    ],
)
@pytest.mark.parametrize("arguments", [["run", "sessions", "--wait"], ["show", "43", "--wait"]])
def test_waiting_ends_with_the_outcome(
    operator: Operator, history: History, status: Status, exit_status: int, arguments: list[str]
) -> None:
    if arguments[0] == "show":
        operator.run("run", "sessions")
    ends(history, operator, status, error_message="The table is gone" if exit_status == 1 else None)

    result = operator.run(*arguments)

    assert result.exit_code == exit_status
    assert status.value in result.output
    assert ("The table is gone" in result.output) == (exit_status == 1)


def test_the_sentence_of_a_success_is_an_answer_and_that_of_a_failure_an_error(
    operator: Operator, history: History
) -> None:
    ends(history, operator, Status.SUCCESS)

    result = operator.run("run", "sessions", "--wait")

    assert result.stdout == "Run 43 of cleanup_expired_sessions: success, 7 deleted, 0 ms.\n"


def test_waiting_asks_less_and_less_often(operator: Operator, api: Served, history: History) -> None:
    ends(history, operator, Status.SUCCESS, after=40)
    began = operator.time.now

    operator.run("run", "sessions", "--wait")

    asked = [request for request in api.requests if request.document == "query Run"]
    assert len(asked) < 45
    assert operator.time.now - began > 60


def test_waiting_ends_where_it_was_told_to(operator: Operator) -> None:
    began = operator.time.now

    result = operator.run("run", "sessions", "--wait", "--timeout", "30")

    assert result.exit_code == 6
    assert operator.time.now - began == pytest.approx(30)
    assert "It goes on: follow it with `barycenter-jobs show 43 --wait`." in result.stderr


def test_ctrl_c_ends_the_waiting_and_not_the_run(operator: Operator, history: History) -> None:
    def ctrl_c() -> None:
        raise KeyboardInterrupt

    operator.time.meanwhile = ctrl_c
    result = operator.run("run", "sessions", "--wait")

    run = history.get(43)
    assert result.exit_code == 130
    assert "Run 43 goes on" in result.stderr
    assert run is not None
    assert run.completed_at is None
    assert run.cancel is None


def test_waiting_survives_a_server_that_is_gone_for_a_moment(
    operator: Operator, api: Served, history: History
) -> None:
    looks = iter(range(3))

    def meanwhile() -> None:
        if next(looks, None) == 0:
            api.answers.extend([Answer(cut=True), Answer(503), Answer(502, "<html>")])
        elif not api.answers and (run := history.get(43)) and run.completed_at is None:
            history.finish(run.finished(Status.SUCCESS, NOW))

    operator.time.meanwhile = meanwhile
    result = operator.run("run", "sessions", "--wait")

    assert result.exit_code == 0
    assert result.stderr.count("Meanwhile this goes on asking.") == 1
    assert "There are answers again" in result.stderr


def test_waiting_gives_up_on_a_server_that_stays_away(operator: Operator, api: Served) -> None:
    def meanwhile() -> None:
        api.always = Answer(503)

    operator.time.meanwhile = meanwhile
    result = operator.run("run", "sessions", "--wait")

    assert result.exit_code == 3
    assert operator.time.now - 1000 < 200


def test_a_run_that_is_skipped_says_which_one_is_in_its_way(operator: Operator) -> None:
    operator.run("run", "sessions")

    result = operator.run("run", "sessions")

    assert result.exit_code == 4
    assert "execution 43 of cleanup_expired_sessions is running" in result.stderr


def test_a_dry_run_tells_what_would_be_deleted(operator: Operator, history: History) -> None:
    ends(history, operator, Status.SUCCESS, backlog=Backlog(143))

    result = operator.run("run", "sessions", "--dry-run", "--wait")

    assert "dry run: 143 rows would be deleted" in result.stdout


def test_pausing_and_resuming_are_seen_at_once(operator: Operator) -> None:
    paused = operator.run("pause", "sessions", "--reason", "restore")
    state = operator.json("health", "sessions")["jobs"][0]
    resumed = operator.run("resume", "sessions")

    assert (paused.exit_code, resumed.exit_code) == (0, 0)
    assert (state["state"], state["paused"]["reason"]) == ("paused", "restore")
    assert operator.json("health", "sessions")["jobs"][0]["paused"] is None


def test_cancelling_what_is_over_is_refused(operator: Operator) -> None:
    result = operator.run("cancel", "41")

    assert result.exit_code == 1
    assert result.stderr == "Error: Execution 41 is already finished.\n"
    assert result.stdout == ""


def test_clearing_asks_first_and_nobody_to_ask_is_an_error(operator: Operator, api: Served) -> None:
    result = operator.run("clear")

    assert result.exit_code == 2
    assert "Agree with --yes." in result.stderr
    assert api.requests == []


@pytest.mark.parametrize(
    ("said", "exit_status", "left"), [("y\n", 0, 1), ("n\n", 1, 42), ("\n", 1, 42), ("", 130, 42)]
)
def test_clearing_does_what_the_answer_says(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, said: str, exit_status: int, left: int
) -> None:
    monkeypatch.setattr("console.cli.commands.clear._somebody_is_there", lambda: True)

    result = operator.run("clear", stdin=said)

    assert result.exit_code == exit_status
    assert "Remove the records of 41 finished runs of all jobs at http://127.0.0.1" in result.stderr
    assert len(operator.json("logs", "--limit", "0")["runs"]) == left


def test_clearing_goes_on_until_all_is_cleared(operator: Operator, api: Served) -> None:
    def part(count: int, *, success: bool) -> Answer:
        answer = {"success": success, "message": "Execution history cleared", "recordsCleared": count}
        return Answer(body={"data": {"clearHistory": answer}})

    api.answers.extend([part(5000, success=False), part(5000, success=False), part(12, success=True)])

    result = operator.run("clear", "--yes", "--json")

    assert json.loads(result.stdout)["recordsCleared"] == 10_012
    assert len(api.requests) == 3
