"""`barycenter-jobs quarantine`: what it lists, and what it keeps to itself."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from pathlib import Path

import pytest

from barycenter_jobs.core.expiry import expiry_shard
from tests.cli.terminal import Item, Terminal, session, sessions, several_pages

MILLISECONDS = 1_800_000_000_000


def name_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def indexed(key: str, expires_at: int) -> Item:
    return session(key, expires_at, expiry_shard={"N": str(expiry_shard(key))})


BAD: dict[str, tuple[Item, str]] = {
    "a text": ({"S": "eyJhbGciOiJub25lIn0"}, "String of 19 characters"),
    "an empty text": ({"S": ""}, "String of 0 characters"),
    "bytes": ({"B": b"secret"}, "Binary of 6 bytes"),
    "null": ({"NULL": True}, "Null"),
    "a boolean": ({"BOOL": False}, "Boolean"),
    "a list": ({"L": [{"S": "secret"}]}, "List"),
    "a map": ({"M": {"secret": {"N": "1"}}}, "Map"),
    "texts": ({"SS": ["secret"]}, "String Set"),
    "milliseconds": ({"N": str(MILLISECONDS)}, str(MILLISECONDS)),
}


def test_it_lists_the_rows_of_the_index_by_their_names(terminal: Terminal) -> None:
    rows = [indexed("secret-1", MILLISECONDS), indexed("secret-2", MILLISECONDS + 7), indexed("good", 1)]
    table = terminal.table(rows)

    result = terminal.run("quarantine", "sessions", "--table", table)

    assert result.exit_code == 0
    head, *lines = result.stdout.splitlines()
    assert head == "name          attribute   value"
    assert set(lines) == {
        f"{name_of('secret-1')}  expires_at  1800000000000",
        f"{name_of('secret-2')}  expires_at  1800000000007",
    }
    assert "secret" not in result.output


def test_the_job_may_be_named_instead_of_the_kind(terminal: Terminal) -> None:
    table = terminal.table([indexed("secret-1", MILLISECONDS)])

    result = terminal.run("quarantine", "cleanup_expired_sessions", "--table", table)

    assert name_of("secret-1") in result.stdout


@pytest.mark.parametrize("options", [[], ["--scan"]])
def test_an_empty_list_says_so(terminal: Terminal, options: list[str]) -> None:
    table = terminal.table(sessions(5))

    result = terminal.run("quarantine", "sessions", "--table", table, *options)

    assert result.exit_code == 0
    assert result.stdout == f"No quarantined rows were found in {table}.\n"


def test_the_list_can_be_json(terminal: Terminal) -> None:
    table = terminal.table([indexed("secret-1", MILLISECONDS)])

    result = terminal.run("quarantine", "sessions", "--table", table, "--json")

    assert json.loads(result.stdout) == {
        "table": table,
        "rows": [{"name": name_of("secret-1"), "attribute": "expires_at", "value": str(MILLISECONDS)}],
        "more": False,
    }


@pytest.mark.parametrize("options", [[], ["--scan"]])
def test_an_empty_list_is_json_too(terminal: Terminal, options: list[str]) -> None:
    table = terminal.table([])

    result = terminal.run("quarantine", "sessions", "--table", table, "--json", *options)

    assert json.loads(result.stdout) == {"table": table, "rows": [], "more": False}


@pytest.mark.parametrize("options", [[], ["--scan"]])
def test_no_more_rows_are_listed_than_asked_for(terminal: Terminal, options: list[str]) -> None:
    table = terminal.table([indexed(f"secret-{number}", MILLISECONDS) for number in range(5)])
    command = ("quarantine", "sessions", "--table", table, *options)

    three, all_five, everything = (terminal.run(*command, "--limit", limit) for limit in ("3", "5", "0"))

    assert [len(result.stdout.splitlines()) - 1 for result in (three, all_five, everything)] == [3, 5, 5]
    assert "There are more than 3; --limit 0 lists all of them." in three.stderr
    assert "There are more" not in all_five.stderr + everything.stderr


def test_a_scan_finds_what_the_index_cannot_hold_and_shows_no_text(terminal: Terminal) -> None:
    rows = [session(key, value) for key, (value, _) in BAD.items()]
    table = terminal.table(
        [*rows, session("good"), session("for ever", None), session("old", None, created_at={"S": "secret"})],
        indexed=False,
    )

    result = terminal.run("quarantine", "sessions", "--table", table, "--scan", "--json")

    assert {(row["name"], row["attribute"], row["value"]) for row in json.loads(result.stdout)["rows"]} == {
        (name_of(key), "expires_at", shown) for key, (_, shown) in BAD.items()
    }
    assert "secret" not in result.output
    assert "eyJ" not in result.output
    assert f"{len(BAD) + 3} rows of {table} read, 0.5 read units" in result.stderr


def test_a_scan_looks_at_created_at_where_rows_expire_by_age(terminal: Terminal) -> None:
    def challenge(key: str, **attributes: dict[str, str]) -> Item:
        return {"challenge": {"S": key}, **attributes}

    table = terminal.table(
        [
            challenge("bad", created_at={"S": "yesterday"}),
            challenge("milliseconds", created_at={"N": str(MILLISECONDS)}),
            challenge("good", created_at={"N": "1"}),
            challenge("good and bad", created_at={"S": "yesterday"}, expires_at={"N": "1"}),
            challenge("neither"),
        ],
        "webauthn_challenges",
    )

    result = terminal.run("quarantine", "webauthn_challenges", "--table", table, "--scan", "--json")

    assert {(row["name"], row["attribute"], row["value"]) for row in json.loads(result.stdout)["rows"]} == {
        (name_of("bad"), "created_at", "String of 9 characters"),
        (name_of("milliseconds"), "created_at", str(MILLISECONDS)),
    }


def test_a_table_without_the_index_can_only_be_scanned(terminal: Terminal) -> None:
    table = terminal.table([session("secret-1", MILLISECONDS)], indexed=False)

    result = terminal.run("quarantine", "sessions", "--table", table)

    assert result.exit_code == 1
    assert f"Table {table} has no expiry-index that can be read. Read the table with --scan." in result.stderr


def test_a_scan_reads_no_faster_than_it_may(terminal: Terminal) -> None:
    table = terminal.table(several_pages())
    began_at = terminal.time.now

    result = terminal.run("quarantine", "sessions", "--table", table, "--scan", "--read-units-per-second=1")

    units = float(re.findall(r"([\d.]+) read units", result.stderr)[-1])
    assert units >= 2
    assert terminal.time.now - began_at >= units - 1


def test_keys_go_to_a_new_file_that_only_its_owner_can_read(terminal: Terminal, tmp_path: Path) -> None:
    rows = [indexed("secret-1", MILLISECONDS), indexed("secret\n2", MILLISECONDS), indexed("good", 1)]
    table, keys = terminal.table(rows), tmp_path / "keys"

    result = terminal.run("quarantine", "sessions", "--table", table, "--scan", "--keys-to", keys)

    assert {line["name"]: line["key"] for line in map(json.loads, keys.read_text().splitlines())} == {
        name_of(key): {"session_id": {"S": key}} for key in ("secret-1", "secret\n2")
    }
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert f"Their keys are in {keys}." in result.stderr
    assert "secret-1" not in result.output


def test_keys_never_go_to_what_is_there_already(terminal: Terminal, tmp_path: Path) -> None:
    table, keys = terminal.table([indexed("secret-1", MILLISECONDS)]), tmp_path / "keys"
    keys.write_text("something dear")

    results = [
        terminal.run("quarantine", "sessions", "--table", table, "--scan", "--keys-to", path)
        for path in (keys, Path("/dev/stdout"), tmp_path / "nowhere" / "keys")
    ]

    assert [result.exit_code for result in results] == [2, 2, 2]
    assert f"{keys} exists already. Name a new file." in results[0].stderr
    assert "secret-1" not in results[1].output
    assert keys.read_text() == "something dear"


def test_no_file_is_left_where_there_is_no_key_to_keep(terminal: Terminal, tmp_path: Path) -> None:
    table, keys = terminal.table(sessions(5)), tmp_path / "keys"

    result = terminal.run("quarantine", "sessions", "--table", table, "--scan", "--keys-to", keys)

    assert result.exit_code == 0
    assert not keys.exists()
    assert "Their keys" not in result.output
