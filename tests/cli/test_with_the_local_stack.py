"""The commands with the real thing: a local stack, its functions, its engine."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from console.checkout import REPOSITORY
from console.cli.exits import SKIPPED
from tests.cli.operator import NOBODY
from tests.local_stack.processes import PATIENCE_SECONDS, StackProcess

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(stack: StackProcess) -> Command:
    """What runs a command against the stack, found by its port alone."""
    kept = {name: value for name, value in os.environ.items() if name not in NOBODY}
    port = str(stack.port("Ready"))
    engine = stack.addresses["DynamoDB engine"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "console.cli", *arguments],
            cwd=REPOSITORY,
            env=kept | {"PORT": port, "DYNAMODB_ENDPOINT_URL": engine},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def waited_for(command: Command, *run: str) -> subprocess.CompletedProcess[str]:
    """Run a job to its end; once more where its schedule, which the stack keeps, was faster."""
    ended = command("run", *run, "--wait")
    return ended if ended.returncode != SKIPPED else command("run", *run, "--wait")


def test_a_job_is_looked_at_tried_run_and_looked_at_again(command: Command) -> None:
    dry = json.loads(waited_for(command, "device_codes", "--dry-run", "--json").stdout)
    real = waited_for(command, "device_codes", "--reason", "drill")
    shown = json.loads(command("logs", "--job", "device_codes", "--limit", "2", "--json").stdout)["runs"]

    assert dry["run"]["dryRun"] is True
    assert dry["run"]["backlog"]["remaining"] > 0
    assert real.returncode == 0, real.stderr
    assert "of cleanup_expired_device_codes: success, " in real.stdout
    assert shown[0]["reason"] == "drill"
    assert shown[0]["counts"]["deleted"] >= dry["run"]["backlog"]["remaining"]
    exported = csv.DictReader(io.StringIO(command("export", "--job", "device_codes", "--limit", "1").stdout))
    assert [row["id"] for row in exported] == [shown[0]["id"]]


def test_a_job_is_paused_and_resumed(command: Command) -> None:
    assert command("pause", "sessions", "--reason", "restore").returncode == 0
    assert json.loads(command("health", "sessions", "--json").stdout)["jobs"][0]["state"] == "paused"
    assert command("resume", "sessions").returncode == 0
    assert json.loads(command("health", "sessions", "--json").stdout)["jobs"][0]["paused"] is None


def test_the_doctor_finds_nothing_wrong(command: Command) -> None:
    result = command("doctor", "--json")

    found = json.loads(result.stdout)
    assert result.returncode == 0, found
    assert {each["verdict"] for each in found["findings"]} == {"ok"}
    assert {"table sessions", "table job_executions", "clock", "permission to act"} <= {
        each["check"] for each in found["findings"]
    }


def test_everything_is_cleared(command: Command) -> None:
    ended = waited_for(command, "refresh_tokens")
    assert ended.returncode == 0, ended

    cleared = json.loads(command("clear", "--yes", "--json", "--job", "refresh_tokens").stdout)

    assert cleared["success"] is True
    assert cleared["recordsCleared"] >= 1
    assert command("logs", "--job", "refresh_tokens").stdout == ""


def test_dev_starts_what_make_run_starts(tmp_path: Path) -> None:
    with (
        (tmp_path / "errors").open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "console.cli", "dev"],
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], "PORT": "0", "DYNAMODB_PORT": "0", "SEED": "0"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)

    assert first.startswith("Ready: http://127.0.0.1:")
    assert process.returncode == 0
    assert (tmp_path / "errors").read_text() == ""


def test_dev_refuses_a_setting_that_makes_no_sense() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "console.cli", "dev"],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert result.returncode == 2
    assert result.stderr.startswith("PORT must be a port from 1 to 65535")


def test_dev_of_an_installed_copy_says_what_is_needed(tmp_path: Path) -> None:
    for package in ("console", "layers/jobs/barycenter_jobs"):
        (tmp_path / Path(package).name).symlink_to(REPOSITORY / package)
    script = (
        "import console.checkout, pathlib; console.checkout.REPOSITORY = pathlib.Path('/nowhere'); "
        "from console.cli.group import cli; cli(['dev'])"
    )

    result = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )

    assert result.returncode == 1
    assert result.stderr == (
        "Error: The stack is stood up from its template, which an installed copy does not have: clone the "
        "repository and type `make run` in it.\n"
    )
