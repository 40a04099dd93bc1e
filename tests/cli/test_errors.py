"""How a command fails: one message that says what to do, no traceback, and a status that scripts can use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, session, sessions, several_pages

ELSEWHERE = "http://192.0.2.1:8000"  # nobody's address, by RFC 5737
NO_CREDENTIALS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture(params=["backfill", "quarantine"])
def command(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_missing_table_is_named_with_where_it_was_looked_for(terminal: Terminal, command: str) -> None:
    result = terminal.run(command, "sessions", "--table", "nowhere")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Cannot describe nowhere: there is no such table (ResourceNotFoundException) in "
        f"{terminal.endpoint}. Name it with --table.\n"
    )


def test_a_table_of_another_kind_is_refused(terminal: Terminal, command: str) -> None:
    table = terminal.table([session("a")])

    result = terminal.run(command, "device_codes", "--table", table)

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Table {table} has the key (session_id S), but rows of device_codes have the key "
        "(device_code S).\n"
    )


def test_missing_credentials_are_named(terminal: Terminal, command: str) -> None:
    result = terminal.run(command, "sessions", "--endpoint-url", ELSEWHERE, **NO_CREDENTIALS)

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Cannot describe sessions: no AWS credentials (NoCredentialsError). Credentials come from "
        "--profile or AWS's own environment.\n"
    )


def test_an_engine_on_this_machine_needs_no_credentials(terminal: Terminal) -> None:
    table = terminal.table([session("a")])

    result = terminal.run("backfill", "sessions", "--table", table, AWS_DEFAULT_REGION=None, **NO_CREDENTIALS)

    assert result.exit_code == 0


def test_a_missing_region_is_named(terminal: Terminal, command: str) -> None:
    result = terminal.run(
        command, "sessions", AWS_DEFAULT_REGION=None, AWS_REGION=None, DYNAMODB_ENDPOINT_URL=None
    )

    assert result.exit_code == 2
    assert "No AWS region. Name one with --region or AWS_REGION." in result.stderr


def test_an_unknown_profile_is_named(terminal: Terminal, command: str) -> None:
    result = terminal.run(command, "sessions", "--profile", "production")

    assert result.exit_code == 2
    assert "The config profile (production) could not be found." in result.stderr


def test_an_engine_that_does_not_answer_is_named(terminal: Terminal, command: str) -> None:
    result = terminal.run(command, "sessions", "--endpoint-url", "http://127.0.0.1:1")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Cannot describe sessions: DynamoDB cannot be reached (EndpointConnectionError) at "
        "http://127.0.0.1:1.\n"
    )


def test_a_store_that_fails_on_the_way_is_told_with_how_to_go_on(terminal: Terminal) -> None:
    table = terminal.table(sessions(100))
    terminal.time.meanwhile = lambda: (
        None if table not in terminal.dynamodb.list_tables()["TableNames"] else _drop(terminal, table)
    )

    result = terminal.run("backfill", "sessions", "--table", table, "--write-units-per-second", "10")

    (path,) = terminal.resume_files()
    assert result.exit_code == 1
    assert "Stamped until then: " in result.stderr
    assert f"of 8 segments are done; the same command goes on from there ({path})." in result.stderr
    assert "Traceback" not in result.output
    assert "secret-" not in result.output


def _drop(terminal: Terminal, table: str) -> None:
    terminal.dynamodb.delete_table(TableName=table)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["backfill"], "Missing argument 'JOB|KIND'"),
        (["backfill", "tokens"], "There is no job or kind 'tokens'. The kinds are sessions, refresh_tokens"),
        (["backfill", "sessions", "--shards", "0"], "0 is not in the range 1<=x<=1024"),
        (["backfill", "sessions", "--write-units-per-second", "-1"], "-1 is not in the range x>=0"),
        (["backfill", "sessions", "--write-units-per-second", "fast"], "'fast' is not a valid integer"),
        (["backfill", "sessions", "--endpoint-url", "localhost:8000"], "It must be a URL such as"),
        (["backfill", "sessions", "--endpoint-url", "http://[:1"], "It must be a URL such as"),
        (["backfill", "sessions", "--dry-run", "--restart"], "A dry run reads the whole table"),
        (["backfill", "sessions", "--colour"], "No such option"),
        (["quarantine", "sessions", "--limit", "-1"], "-1 is not in the range x>=0"),
        (["quarantine", "sessions", "--keys-to", "keys"], "--keys-to needs --scan"),
        (["quarantaine"], "No such command"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_asked(
    terminal: Terminal, arguments: list[str], message: str
) -> None:
    result = terminal.run(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_resume_file_of_another_table_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    table, path = terminal.table(sessions(5)), tmp_path / "resume.json"
    other = {"table": "arn:other", "table_id": "other", "shards": 16, "segments": 8, "done": [1]}
    path.write_text(json.dumps(other))

    result = terminal.run("backfill", "sessions", "--table", table, "--resume-file", path)

    assert result.exit_code == 2
    assert f"{path} is about another table (arn:other)." in result.stderr
    assert json.loads(path.read_text()) == other
    assert not [row for row in terminal.rows(table).values() if "expiry_shard" in row]


def test_a_resume_file_of_other_shards_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    table, path = terminal.table(sessions(5)), tmp_path / "resume.json"
    description = terminal.dynamodb.describe_table(TableName=table)["Table"]
    path.write_text(
        json.dumps(
            {
                "table": description["TableArn"],
                "table_id": description["TableId"],
                "shards": 4,
                "segments": 8,
                "done": [],
            }
        )
    )

    result = terminal.run("backfill", "sessions", "--table", table, "--resume-file", path)

    assert result.exit_code == 2
    assert "The earlier call used --shards 4." in result.stderr


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff", b'{"table": "t", "segments": 8, "done": [9]}', b"[]"]
)
def test_a_file_that_is_no_resume_file_is_left_alone(
    terminal: Terminal, tmp_path: Path, content: bytes
) -> None:
    table, path = terminal.table(sessions(5)), tmp_path / "resume.json"
    path.write_bytes(content)

    result = terminal.run("backfill", "sessions", "--table", table, "--resume-file", path)

    assert result.exit_code == 2
    assert f"{path} is no readable resume file." in result.stderr
    assert path.read_bytes() == content


def test_a_backfill_that_could_not_be_resumed_does_not_begin(terminal: Terminal, tmp_path: Path) -> None:
    table = terminal.table(sessions(5))
    (tmp_path / "a file").touch()
    path = tmp_path / "a file" / "resume.json"

    result = terminal.run("backfill", "sessions", "--table", table, "--restart", "--resume-file", path)

    assert result.exit_code == 1
    assert f"Cannot write the resume file {path}: " in result.stderr
    assert not [row for row in terminal.rows(table).values() if "expiry_shard" in row]


def test_ctrl_c_ends_any_command_without_a_traceback(terminal: Terminal) -> None:
    def ctrl_c() -> None:
        raise KeyboardInterrupt

    terminal.time.meanwhile = ctrl_c
    table = terminal.table(several_pages())

    result = terminal.run("quarantine", "sessions", "--table", table, "--scan", "--read-units-per-second=1")

    assert result.exit_code == 130
    assert "Traceback" not in result.output
