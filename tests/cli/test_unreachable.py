"""What a command says when the API gives no usable answer: one line, a next step, status 3, no traceback."""

from __future__ import annotations

import re
import socket

import click
import httpx
import pytest

from barycenter_jobs.core.callers import Caller, Permission
from console.cli.group import cli
from tests.cli.operator import Operator
from tests.cli.served import Answer, Served, served

HTML = Answer(200, "<!doctype html><title>Sign in</title>", {"content-type": "text/html; charset=utf-8"})
FAILURES = {
    "a proxy's page": (HTML, "answered with text/html where something else was expected"),
    "401": (Answer(401, {"message": "Unauthorized"}), "answered 401 (Unauthorized). Sign in with --token"),
    "403": (Answer(403, {"Message": "Forbidden"}), "answered 403 (Forbidden). Sign in with --token"),
    "404": (Answer(404, {"message": "Not Found"}), "There is no jobs API there: check the address."),
    "429": (Answer(429, {"message": "Too Many Requests"}), "answered 429 (Too Many Requests). Try again"),
    "500": (Answer(500, {"message": "Internal Server Error"}), "answered 500 (Internal Server Error). Try"),
    "503 in HTML": (Answer(503, "<h1>Sorry</h1>", {"content-type": "text/html"}), "answered 503. Try again"),
    "cut": (Answer(cut=True), "cut the connection. Try again."),
    "a redirect": (Answer(302, b"", {"location": "https://example.com"}), "answered 302. Check the address"),
    "no object": (Answer(200, "[1]"), "answered with application/json where something else was expected"),
    "broken JSON": (Answer(200, '{"data": '), "where something else was expected"),
    "deep JSON": (Answer(200, "[" * 100_000), "where something else was expected"),
    "no data": (Answer(200, {"data": None}), "answered without data"),
    "odd errors": (Answer(200, {"errors": "no"}), "failed: no reason given"),
    "an old server": (
        Answer(
            200,
            {
                "errors": [
                    {"message": "Cannot query field", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
                ]
            },
        ),
        "is of another version: Cannot query field.",
    ),
    "a table that is away": (
        Answer(200, {"errors": [{"message": "Throttled", "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}),
        "cannot answer: Throttled. Try again in a minute.",
    ),
}
READING = {
    "jobs": ["jobs"],
    "logs": ["logs"],
    "show": ["show", "1"],
    "stats": ["stats"],
    "health": ["health"],
    "export": ["export"],
}
ACTING = {
    "run": ["run", "sessions"],
    "pause": ["pause", "sessions"],
    "resume": ["resume", "sessions"],
    "cancel": ["cancel", "40"],
    "clear": ["clear", "--yes"],
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("command", ["jobs", "pause"])
def test_an_answer_that_is_of_no_use_is_told_in_a_line(
    operator: Operator, api: Served, failure: str, command: str
) -> None:
    api.always, message = FAILURES[failure]

    result = operator.run(*(READING | ACTING)[command])

    assert result.exit_code == 3
    assert message in result.stderr
    assert re.fullmatch(r"Error: [^\n]+\.\n", result.stderr)
    assert result.stdout == ""


@pytest.mark.parametrize("command", sorted(READING | ACTING))
def test_a_server_that_is_not_there_is_named_with_what_to_do(command: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"

        result = Operator(url).run(*(READING | ACTING)[command])

    assert result.exit_code == 3
    assert result.stderr == (
        f"Error: Nothing answers at {url}. Start the local stack with `make run`, or name a deployed one "
        "with --stack or --endpoint.\n"
    )


@pytest.mark.parametrize("command", sorted(READING))
def test_reading_is_tried_three_times(operator: Operator, api: Served, command: str) -> None:
    api.answers.extend([Answer(503), Answer(cut=True)])

    result = operator.run(*READING[command])

    assert result.exit_code in (0, 1)
    assert result.stderr == "" or "There are more" in result.stderr
    assert len(api.requests) == 3


@pytest.mark.parametrize("command", sorted(ACTING))
@pytest.mark.parametrize("answer", [Answer(503), Answer(cut=True)])
def test_acting_is_tried_once_and_may_have_been_done(
    operator: Operator, api: Served, command: str, answer: Answer
) -> None:
    api.always = answer

    result = operator.run(*ACTING[command])

    assert result.exit_code == 3
    assert "It may have been done all the same: see `barycenter-jobs logs`." in result.stderr
    assert len(api.requests) == 1


def test_what_was_throttled_was_not_done(operator: Operator, api: Served) -> None:
    api.always = Answer(429)

    result = operator.run("pause", "sessions")

    assert "It may have been done" not in result.stderr


def test_a_server_says_how_long_to_wait(operator: Operator, api: Served) -> None:
    api.answers.append(Answer(429, headers={"retry-after": "7"}))

    result = operator.run("stats")

    assert result.exit_code == 0
    assert operator.time.now == 1007


def test_a_server_that_is_slow_is_given_up(
    operator: Operator, api: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.cli.api.TIMEOUT", httpx.Timeout(0.1))
    api.always = Answer(seconds=0.5)

    result = operator.run("stats")

    assert result.exit_code == 3
    assert "did not answer in time. Try again." in result.stderr


def test_a_caller_who_may_only_read_is_told_so() -> None:
    with served(caller=Caller("bob", frozenset({Permission.READ}))) as api:
        operator = Operator(api.url)

        looked, acted = operator.run("stats"), operator.run("pause", "sessions")

    assert looked.exit_code == 0
    assert acted.exit_code == 3
    assert "refused: " in acted.stderr
    assert "jobs:write" in acted.stderr


def test_a_message_of_a_server_does_a_terminal_no_harm(operator: Operator, api: Served) -> None:
    api.always = Answer(403, {"message": "\x1b[2J" + "x" * 5000})

    result = operator.run("stats")

    assert "\x1b" not in result.stderr
    assert len(result.stderr) < 700


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument 'JOB|KIND'"),
        (["run", "everything"], "There is no job or kind 'everything'."),
        (["run", "sessions", "--timeout", "5"], "--timeout is about --wait: give both."),
        (["show", "latest"], "'latest' is not a valid integer"),
        (["show", "0"], "0 is not in the range x>=1"),
        (["show", "1", "--timeout", "5"], "--timeout is about --wait: give both."),
        (["logs", "--since", "soon"], "'soon' is no time. Write 2h, 3d, today, 2026-02-14"),
        (["logs", "--since", "2026-02-30"], "is no time"),
        (["logs", "--since", "999999w"], "A time is too far away"),
        (["logs", "--since", "1h", "--until", "2h"], "--until must be later than --since."),
        (["logs", "--follow", "--until", "now"], "--follow has no end: leave out --until."),
        (["logs", "--status", "lost"], "'lost' is not one of"),
        (["export", "--format", "xml"], "'xml' is not one of"),
        (
            ["jobs", "--stack", "a", "--endpoint", "http://127.0.0.1:1"],
            "Name one place: --stack or --endpoint",
        ),
        (["jobs", "--endpoint", "127.0.0.1:8081"], "It must be a URL such as https://jobs.example.com"),
        (["jobs", "--endpoint", "https://me:secret@example.com"], "It must be a URL"),
        (["jobs", "--token", "a b"], "The token has characters that no bearer token has."),
        (["jobs", "--token", "t", "--sign"], "leave out --sign, or --token."),
        (
            ["jobs", "--token", "t", "--endpoint", "http://example.com"],
            "Credentials are not sent in clear text",
        ),
        (["jobs", "--sign", "--endpoint", "http://example.com"], "Credentials are not sent in clear text"),
        (["pause", "sessions", "--reason", "x" * 501], "500"),
        (["nosuch"], "No such command 'nosuch'"),
    ],
)
def test_wrong_usage_is_said_and_nothing_is_done(
    operator: Operator, api: Served, arguments: list[str], message: str
) -> None:
    result = operator.run(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert "query" not in "".join(request.document for request in api.requests)


def test_a_port_that_is_none_is_wrong_usage(operator: Operator) -> None:
    result = operator.run("jobs", BARYCENTER_JOBS_ENDPOINT=None, PORT="eighty")

    assert result.exit_code == 2
    assert "PORT must be the local stack's port, such as 8081, not 'eighty'." in result.stderr


def test_every_command_that_asks_the_api_is_asked_here() -> None:
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    asking = {
        name
        for name, found in commands.items()
        if found and "endpoint" in {each.name for each in found.params}
    }

    assert asking == set(READING | ACTING) | {"proxy", "doctor"}
