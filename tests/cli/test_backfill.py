"""`barycenter-jobs backfill`: what it stamps, what it leaves, and how it goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from barycenter_jobs.core.expiry import expiry_shard
from console.checkout import REPOSITORY
from tests.cli.terminal import Item, Terminal, session, sessions
from tests.local_stack.processes import wait_for

# docs/tables.md, "The shard function"
TEST_VECTORS = {"a": 3, "123456789": 6, "sess_1f0c8a": 15, "tökén": 12}


def stamped(row: Item, shard: int) -> Item:
    return row | {"expiry_shard": {"N": str(shard)}}


def test_it_stamps_the_rows_that_lack_a_shard_by_the_documented_function(terminal: Terminal) -> None:
    table = terminal.table([session(key) for key in TEST_VECTORS])

    result = terminal.run("backfill", "sessions", "--table", table)

    assert result.exit_code == 0
    assert terminal.rows(table) == {key: stamped(session(key), shard) for key, shard in TEST_VECTORS.items()}
    assert f"Stamped: 4 of 4 rows read in {table}." in result.stdout


def test_it_leaves_every_other_row_as_it_was(terminal: Terminal) -> None:
    others = [
        stamped(session("in the index"), expiry_shard("in the index")),
        session("for ever", expires_at=None),
        session("for ever with a shard", expires_at=None, expiry_shard={"N": "3"}),
        session("milliseconds", expires_at=1_800_000_000_000),
    ]
    table = terminal.table(
        [*others, session("old", expires_at=1), session("in no shard", expiry_shard={"N": "99"})]
    )

    result = terminal.run("backfill", "sessions", "--table", table)

    rows = terminal.rows(table)
    assert [rows[other["session_id"]["S"]] for other in others] == others
    assert rows["old"] == stamped(session("old", expires_at=1), expiry_shard("old"))
    assert rows["in no shard"] == stamped(session("in no shard"), expiry_shard("in no shard"))
    assert "Stamped: 2 of 6 rows" in result.stdout
    assert "Left alone: 1 row outside the index whose expiry is no epoch second" in result.stdout


def test_rows_that_it_stamped_are_in_the_index(terminal: Terminal) -> None:
    table = terminal.table(sessions(20))

    terminal.run("backfill", "cleanup_expired_sessions", "--table", table)

    indexed = terminal.dynamodb.scan(TableName=table, IndexName="expiry-index")
    assert {item["session_id"]["S"] for item in indexed["Items"]} == set(terminal.rows(table))


def test_a_table_without_the_index_can_be_stamped_before_it_is_added(terminal: Terminal) -> None:
    table = terminal.table([session("a"), session("text", expires_at={"S": "soon"})], indexed=False)

    result = terminal.run("backfill", "sessions", "--table", table)

    assert result.exit_code == 0
    assert terminal.rows(table) == {
        "a": stamped(session("a"), 3),
        "text": session("text", expires_at={"S": "soon"}),
    }
    assert f"Table {table} has no expiry-index yet" in result.stderr


def test_a_second_backfill_only_reads(terminal: Terminal) -> None:
    table = terminal.table(sessions(20))
    terminal.run("backfill", "sessions", "--table", table)

    again = terminal.run("backfill", "sessions", "--table", table)

    assert f"Stamped: 0 of 20 rows read in {table}." in again.stdout
    assert re.search(r"Consumed: [\d.]+ read and 0 write units", again.stdout)


def test_other_shards_than_sixteen_are_used_where_they_are_asked_for(terminal: Terminal) -> None:
    table = terminal.table(sessions(20))

    terminal.run("backfill", "sessions", "--table", table, "--shards", "4")

    assert {key: int(row["expiry_shard"]["N"]) for key, row in terminal.rows(table).items()} == {
        key: expiry_shard(key, 4) for key in terminal.rows(table)
    }


def test_a_live_writer_is_neither_overruled_nor_are_its_deletes_undone(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))
    keys = sorted(terminal.rows(table))
    gone, renewed, rewritten = set(keys[0::4]), keys[1::4], keys[2::4]
    written = {key: session(key, 1_900_000_000, subject={"S": "bob"}) for key in renewed}
    written |= {key: stamped(session(key, 1_950_000_000), expiry_shard(key)) for key in rewritten}

    def writes_once() -> None:
        # The backfill waits before it stamps: it has read these rows by now, as they were.
        terminal.time.meanwhile = lambda: None
        for key in gone:
            terminal.dynamodb.delete_item(TableName=table, Key={"session_id": {"S": key}})
        terminal.put(table, written.values())

    terminal.time.meanwhile = writes_once
    result = terminal.run("backfill", "sessions", "--table", table, "--write-units-per-second", "1")

    assert result.exit_code == 0
    rows = terminal.rows(table)
    expected = {key: session(key) for key in keys if key not in gone} | written
    assert {key: stamped(row, expiry_shard(key)) for key, row in rows.items()} == {
        key: stamped(row, expiry_shard(key)) for key, row in expected.items()
    }
    # A writer that leaves the shard out may do so after its row was passed; that is what reconciling is for.
    assert {key for key, row in rows.items() if "expiry_shard" not in row} < set(renewed)


@pytest.mark.parametrize("waits", [1, 5, 12])
def test_an_interrupted_backfill_goes_on_with_the_first_segment_that_is_not_done(
    terminal: Terminal, waits: int
) -> None:
    table = terminal.table(sessions(200))
    command = ("backfill", "sessions", "--table", table, "--write-units-per-second", "20")
    left = iter(range(waits))

    def ctrl_c() -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    terminal.time.meanwhile = ctrl_c
    first = terminal.run(*command)
    (path,) = terminal.resume_files()
    resume = json.loads(path.read_text())
    before = {key for key, row in terminal.rows(table).items() if "expiry_shard" in row}
    terminal.time.meanwhile = lambda: None
    second = terminal.run(*command)

    done, segments = len(resume["done"]), resume["segments"]
    assert first.exit_code == 130
    assert 0 < len(before) < 200
    assert f"{done} of {segments} segments are done; the same command goes on" in first.stderr
    assert second.exit_code == 0
    going_on = f"Going on with segment {done + 1} of {segments}, {done} done before."
    assert (going_on in second.stdout) == (done > 0)
    assert f"Stamped: {200 - len(before):,} of" in second.stdout
    assert all("expiry_shard" in row for row in terminal.rows(table).values())
    assert terminal.resume_files() == []


def test_segments_that_are_done_are_not_read_again(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))
    command = ("backfill", "sessions", "--table", table, "--read-units-per-second", "1")
    left = iter(range(4))

    def ctrl_c() -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    terminal.time.meanwhile = ctrl_c
    first = terminal.run(*command)
    terminal.time.meanwhile = lambda: None
    second = terminal.run(*command)

    read = [int(re.findall(r"of (\d+) rows? read", text)[0]) for text in (first.stderr, second.stdout)]
    assert 0 < read[1] < 200
    assert 200 <= sum(read) < 300  # the segment that was under way is read twice


def test_a_segment_takes_about_half_a_minute_and_stays_the_same_at_another_rate(terminal: Terminal) -> None:
    table = terminal.table(sessions(400))

    def ctrl_c() -> None:
        raise KeyboardInterrupt

    terminal.time.meanwhile = ctrl_c
    terminal.run("backfill", "sessions", "--table", table, "--write-units-per-second", "2")
    resume = json.loads(terminal.resume_files()[0].read_text())
    terminal.time.meanwhile = lambda: None
    again = terminal.run("backfill", "sessions", "--table", table, "--write-units-per-second", "0")

    assert resume["segments"] == 14  # of 30 rows at two units each, but for the last
    assert f"Going on with segment {len(resume['done']) + 1} of 14" in again.stdout


def test_restart_begins_with_the_first_segment(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))
    command = ("backfill", "sessions", "--table", table, "--read-units-per-second", "1")

    def ctrl_c() -> None:
        raise KeyboardInterrupt

    terminal.time.meanwhile = ctrl_c
    terminal.run(*command)
    terminal.time.meanwhile = lambda: None
    again = terminal.run(*command, "--restart")

    assert "Going on" not in again.stdout
    assert "of 200 rows read" in again.stdout


def test_a_killed_backfill_goes_on_where_it_was(terminal: Terminal, tmp_path: Path) -> None:
    table = terminal.table(sessions(400))
    path = tmp_path / "resume.json"
    options = ("--table", table, "--resume-file", str(path))

    def segments_done() -> int | None:
        return len(json.loads(path.read_text())["done"]) or None if path.exists() else None

    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "console.cli",
            "backfill",
            "sessions",
            *options,
            "--write-units-per-second",
            "150",
        ],
        cwd=REPOSITORY,
        env=os.environ | {"DYNAMODB_ENDPOINT_URL": terminal.endpoint},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for(segments_done, "the first segments")
        process.send_signal(signal.SIGKILL)
    resume = json.loads(path.read_text())
    unstamped = [row for row in terminal.rows(table).values() if "expiry_shard" not in row]
    result = terminal.run("backfill", "sessions", *options)

    assert process.returncode == -signal.SIGKILL
    assert unstamped
    assert f"Going on with segment {len(resume['done']) + 1} of {resume['segments']}" in result.stdout
    assert f"Stamped: {len(unstamped)} of" in result.stdout
    assert all("expiry_shard" in row for row in terminal.rows(table).values())
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_what_was_done_and_how_to_go_on(
    terminal: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    table = terminal.table(sessions(400))
    path = tmp_path / "resume.json"

    options = ("--table", table, "--resume-file", str(path), "--write-units-per-second", "50")
    with subprocess.Popen(
        [sys.executable, "-m", "console.cli", "backfill", "sessions", *options],
        cwd=REPOSITORY,
        env=os.environ | {"DYNAMODB_ENDPOINT_URL": terminal.endpoint},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for(lambda: path.exists() or None, "the beginning")
        process.send_signal(number)
        _, errors = process.communicate()

    assert process.returncode == 130
    assert "Interrupted. Stamped until then: " in errors
    assert "of 8 segments are done; the same command goes on from there" in errors
    assert "Traceback" not in errors


def test_the_resume_file_names_the_table_and_the_segments_and_nothing_else(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))
    seen: list[str] = []

    def look() -> None:
        seen.extend(path.read_text() for path in terminal.resume_files())

    terminal.time.meanwhile = look
    terminal.run("backfill", "sessions", "--table", table, "--write-units-per-second", "20")

    description = terminal.dynamodb.describe_table(TableName=table)["Table"]
    assert json.loads(seen[-1]) == {
        "table": description["TableArn"],
        "table_id": description["TableId"],
        "shards": 16,
        "segments": 8,
        "done": list(range(len(json.loads(seen[-1])["done"]))),
    }
    assert not [text for text in seen if "secret" in text]


def test_only_its_owner_can_read_the_resume_file(terminal: Terminal) -> None:
    table = terminal.table(sessions(50))
    modes: set[int] = set()

    def look() -> None:
        modes.update(stat.S_IMODE(path.stat().st_mode) for path in terminal.resume_files())

    terminal.time.meanwhile = look
    terminal.run("backfill", "sessions", "--table", table, "--write-units-per-second", "20")

    assert modes == {0o600}


def test_it_writes_no_more_units_a_second_than_it_may(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))
    began_at = terminal.time.now
    rates = ("--write-units-per-second=1", "--read-units-per-second=0")

    result = terminal.run("backfill", "sessions", "--table", table, *rates)

    units = float(re.findall(r"and ([\d.]+) write units", result.stdout)[0])
    # A second's worth is there at the beginning, and nobody waits for what was written last.
    assert units == 400
    assert terminal.time.now - began_at >= units - 1 - 100


def test_it_reads_no_more_units_a_second_than_it_may(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))
    began_at = terminal.time.now
    rates = ("--write-units-per-second=0", "--read-units-per-second=1")

    result = terminal.run("backfill", "sessions", "--table", table, *rates)

    units = float(re.findall(r"Consumed: ([\d.]+) read", result.stdout)[0])
    assert units == 4
    assert terminal.time.now - began_at >= units - 1


def test_without_ceilings_it_never_waits(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))
    began_at = terminal.time.now

    terminal.run(
        "backfill", "sessions", "--table", table, "--write-units-per-second=0", "--read-units-per-second=0"
    )

    assert terminal.time.now == began_at
    assert all("expiry_shard" in row for row in terminal.rows(table).values())


def test_a_dry_run_changes_nothing_and_tells_what_the_backfill_will_do(terminal: Terminal) -> None:
    table = terminal.table([*sessions(50), session("ms", 1_800_000_000_000), session("no expiry", None)])
    before = terminal.rows(table)

    dry = terminal.run("backfill", "sessions", "--table", table, "--dry-run")

    assert dry.exit_code == 0
    assert terminal.rows(table) == before
    assert terminal.resume_files() == []
    assert f"Dry run: 52 rows of {table} read, nothing was changed." in dry.stdout
    assert "To stamp: 50 rows, about 100 write units ($0.0001), which takes at least 1 second" in dry.stdout
    assert "Left alone: 1 row" in dry.stdout
    assert "This run: 4 read units ($0.0000)." in dry.stdout

    wet = terminal.run("backfill", "sessions", "--table", table)

    assert "Stamped: 50 of 52 rows" in wet.stdout
    assert "4 read and 100 write units ($0.0001)" in wet.stdout


def test_elsewhere_than_on_a_terminal_there_is_a_line_every_few_seconds(terminal: Terminal) -> None:
    table = terminal.table(sessions(200))

    result = terminal.run("backfill", "sessions", "--table", table, "--write-units-per-second", "20")

    lines = result.stderr.splitlines()
    seconds = terminal.time.now - 1000.0
    assert 2 <= len(lines) <= seconds / 5
    shape = (
        rf"{table}: [\d,]+ of about 200 rows, \d+ stamped, [\d.]+ read and [\d.]+ write units, [\d.]+ rows/s"
    )
    assert [line for line in lines if not re.fullmatch(shape, line)] == []


def test_on_a_terminal_there_is_a_bar_on_standard_error(terminal: Terminal) -> None:
    table = terminal.table(sessions(50))

    result = terminal.run(
        "backfill", "sessions", "--table", table, FORCE_COLOR="1", COLUMNS="200", TERM="xterm"
    )

    assert "\x1b[" in result.stderr
    assert table in result.stderr
    assert "\x1b" not in result.stdout


def test_no_output_shows_a_key(terminal: Terminal) -> None:
    table = terminal.table([*sessions(30), session("secret-ms", 1_800_000_000_000)])

    outputs = [
        terminal.run("backfill", "sessions", "--table", table, *options).output
        for options in (["--dry-run"], ["--write-units-per-second", "5"], [])
    ]

    assert not [output for output in outputs if "secret-" in output]
