"""How a stack starts, refuses to start, and ends."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.engine import embedded_engine
from tests.local_stack.processes import alive, descendants, run_to_end, started_stack, wait_for


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_with_all_it_has_started(tmp_path: Path, number: int) -> None:
    with started_stack(tmp_path, SEED="0") as stack:
        stack.wait_until_ready()
        children = descendants(stack.process.pid)

        status = stack.stop(number)

        assert status == 0
        assert stack.errors.read_text() == ""
        assert children
        assert not alive(children)


@pytest.mark.parametrize("after_seconds", [0.3, 0.6, 1.0])
def test_a_signal_while_starting_ends_it_quietly(tmp_path: Path, after_seconds: float) -> None:
    with started_stack(tmp_path) as stack:
        time.sleep(after_seconds)
        children = descendants(stack.process.pid)

        # Ctrl-C reaches the whole process group, and make passes it on once more.
        os.killpg(stack.process.pid, signal.SIGINT)
        status = stack.stop(signal.SIGINT)

        assert status == 0
        assert stack.errors.read_text() == ""
        assert not alive(children)


def test_a_killed_stack_leaves_no_processes(tmp_path: Path) -> None:
    with started_stack(tmp_path, SEED="0") as stack:
        stack.wait_until_ready()
        children = descendants(stack.process.pid)

        stack.stop(signal.SIGKILL)

        assert children
        wait_for(lambda: True if not alive(children) else None, "the killed stack's children to end")


@pytest.mark.parametrize("variable", ["PORT", "DYNAMODB_PORT"])
def test_a_port_in_use_is_named_with_the_variable_that_changes_it(variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        done = run_to_end(**{variable: str(port)})

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Port {port} on 127.0.0.1 is in use. Choose another one: {variable}={port + 1} make run\n"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"PORT": "http"}, "PORT must be a port from 1 to 65535, or 0 for any free one, not 'http'.\n"),
        ({"SEED": "yes"}, "SEED must be 0 or 1, not 'yes'.\n"),
    ],
)
def test_a_bad_setting_is_told_in_one_line(setting: dict[str, str], message: str) -> None:
    done = run_to_end(**setting)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == message


def test_an_engine_that_does_not_answer_is_told_in_one_line() -> None:
    done = run_to_end(DYNAMODB_ENDPOINT_URL="http://127.0.0.1:1")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "No DynamoDB engine answers at http://127.0.0.1:1. Start it, correct DYNAMODB_ENDPOINT_URL, "
        "or unset it to use the embedded engine.\n"
    )


def test_an_engine_elsewhere_gets_the_missing_tables_and_only_those_are_seeded(
    tmp_path: Path,
) -> None:
    with embedded_engine() as engine:
        database = boto3.client("dynamodb", endpoint_url=engine)
        database.create_table(
            TableName="sessions",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "session_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "session_id", "AttributeType": "S"}],
        )

        with started_stack(tmp_path, DYNAMODB_ENDPOINT_URL=engine) as stack:
            stack.wait_until_ready()
            assert stack.stop() == 0

        def rows(table: str) -> Any:  # noqa: ANN401 - JSON
            return database.scan(TableName=table, Select="COUNT")["Count"]

        assert stack.addresses["DynamoDB engine"] == engine
        assert rows("sessions") == 0
        assert rows("device_codes") > 0
        assert "job_executions" in database.list_tables()["TableNames"]


def test_the_caller_s_own_aws_configuration_is_left_alone(tmp_path: Path) -> None:
    with started_stack(tmp_path, SEED="0", AWS_PROFILE="nobody", HTTP_PROXY="http://127.0.0.1:1") as stack:
        stack.wait_until_ready()

        assert stack.stop() == 0
        assert stack.errors.read_text() == ""


def test_nothing_is_seeded_when_asked_to_start_empty(tmp_path: Path) -> None:
    with started_stack(tmp_path, SEED="0") as stack:
        stack.wait_until_ready()
        database = boto3.client("dynamodb", endpoint_url=stack.addresses["DynamoDB engine"])
        tables = database.list_tables()["TableNames"]

        assert len(tables) == 5
        assert all(database.scan(TableName=table)["Count"] == 0 for table in tables)
        assert "Demo data" not in stack.text()


def test_the_death_of_the_engine_ends_the_stack_with_a_reason(tmp_path: Path) -> None:
    with started_stack(tmp_path, SEED="0") as stack:
        stack.wait_until_ready()
        engine = max(descendants(stack.process.pid), key=_is_engine)

        os.kill(engine, signal.SIGKILL)

        assert stack.process.wait(60) == 1
        assert stack.errors.read_text().startswith("The embedded DynamoDB engine ended with status -9: ")
        assert stack.errors.read_text().count("\n") == 1


def _is_engine(pid: int) -> bool:
    return "engine_process.py" in Path(f"/proc/{pid}/cmdline").read_text()
