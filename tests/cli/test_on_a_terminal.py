"""What a person sees: tables that fit, colours unless unwanted, a bar, and a quiet end."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from fcntl import ioctl

import pytest

from console.checkout import REPOSITORY
from tests.cli.operator import NOBODY
from tests.cli.served import Served

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]")


def environment(api: Served, **more: str) -> dict[str, str]:
    own = {*NOBODY, "NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES"}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return kept | {"BARYCENTER_JOBS_ENDPOINT": api.url, "TERM": "xterm-256color", "TZ": "UTC"} | more


def on_a_terminal(api: Served, *arguments: str, columns: int = 100, **more: str) -> str:
    """Run a command on a terminal so many columns wide, and return all that it wrote there."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "console.cli", *arguments],
        cwd=REPOSITORY,
        env=environment(api, **more),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: _read(ours), b""))
        process.wait(90)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


def piped(api: Served, arguments: Sequence[str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console.cli", *arguments],
        cwd=REPOSITORY,
        env=environment(api, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_person_sees_a_table_in_colour(api: Served) -> None:
    seen = on_a_terminal(api, "jobs")

    assert COLOUR.search(seen)
    assert "───" in seen
    assert "sessions" in seen
    assert "due since 2026-02-14 12:00:00" in seen


@pytest.mark.parametrize("unwanted", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_is_left_out_where_it_is_unwanted(api: Served, unwanted: dict[str, str]) -> None:
    assert not COLOUR.search(on_a_terminal(api, "logs", columns=100, **unwanted))


@pytest.mark.parametrize("columns", [40, 60, 80, 132])
@pytest.mark.parametrize("command", ["jobs", "logs", "stats", "health", "show 36"])
def test_a_table_fits_and_cuts_nothing(api: Served, columns: int, command: str) -> None:
    seen = on_a_terminal(api, *command.split(), columns=columns, NO_COLOR="1")

    lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in seen.splitlines()]
    said = [
        line
        for line in lines
        if not line.startswith(("There are more", "refresh", "webauthn_challenges:", "device_codes:"))
    ]
    assert max(len(line) for line in said) <= columns
    assert "…" not in seen
    words = "".join("".join(lines).split())
    if command != "stats":
        assert "ResourceNotFoundException" in words
    if command != "show 36":
        assert "webauthn_challenges" in words


@pytest.mark.parametrize("command", ["jobs", "logs", "stats", "health", "show 1", "doctor"])
def test_a_pipe_gets_plain_columns_even_where_colour_is_forced(api: Served, command: str) -> None:
    result = piped(api, command.split(), FORCE_COLOR="1", COLUMNS="20")

    assert "\x1b" not in result.stdout
    assert "─" not in result.stdout
    assert "\t" in result.stdout


def test_letters_that_an_encoding_lacks_are_written_in_another_way(api: Served) -> None:
    piped(api, ["pause", "sessions", "--reason", "木曜日"])

    plain = piped(api, ["health", "sessions"], PYTHONIOENCODING="latin-1")
    as_json = piped(api, ["health", "sessions", "--json"], PYTHONIOENCODING="latin-1")

    assert (plain.returncode, plain.stderr) == (0, "")
    assert r"\u6728\u66dc\u65e5" in plain.stdout
    assert json.loads(as_json.stdout)["jobs"][0]["paused"]["reason"] == "木曜日"


def test_a_wait_shows_a_bar_on_a_terminal(api: Served) -> None:
    seen = on_a_terminal(api, "run", "sessions", "--wait", "--timeout", "1")

    assert "━" in seen
    assert "0 deleted" in seen
    assert "running" in seen
    assert "query Backlog" in {request.document for request in api.requests}


def test_clearing_asks_a_person(api: Served) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "console.cli", "clear", "--job", "sessions"],
        cwd=REPOSITORY,
        env=environment(api),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, b"y\n")
        out, errors = process.communicate(timeout=90)
    os.close(theirs)
    os.close(ours)

    assert process.returncode == 0
    assert "Remove the records of 3 finished runs of cleanup_expired_sessions" in errors
    assert out == "Execution history cleared: 3 records removed.\n"


@pytest.mark.parametrize("command", ["logs --follow", "run sessions --wait"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_quietly(api: Served, command: str, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "console.cli", *command.split()],
        cwd=REPOSITORY,
        env=environment(api),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        first = process.stdout if command.startswith("logs") else process.stderr
        assert first is not None
        first.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=90)

    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_reader_that_leaves_early_is_no_failure_of_ours(api: Served) -> None:
    pipeline = '"$0" -m console.cli export --format ndjson | head -1'
    result = subprocess.run(
        ["sh", "-c", pipeline, sys.executable],
        cwd=REPOSITORY,
        env=environment(api),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""
