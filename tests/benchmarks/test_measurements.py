"""Every measurement, on tables small enough for a test: what it finds, never how long it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.compare import Result, Sizes, compare
from benchmarks.contenders import contender_named
from benchmarks.engine import MeteredEngine, metered_engine
from benchmarks.report import comparison
from benchmarks.trials import Filling

pytestmark = pytest.mark.scale  # a process for each contender

NAMES = ("ours_partiql", "query_batch_writer", "conditional_loop")
ROWS = Filling(expired=160, live=40)


@pytest.fixture(scope="module")
def metered(_made_up_credentials: None) -> Iterator[MeteredEngine]:
    """An engine with a meter, for this module alone."""
    with metered_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def results(metered: MeteredEngine) -> Mapping[str, Result]:
    """A comparison of a few contenders, by name."""
    contenders = [contender_named(name) for name in NAMES]
    measured = compare(metered, contenders, Sizes(ROWS, ROWS, ROWS, rounds=1), lambda _: None)
    return {result.contender.name: result for result in measured}


@pytest.mark.parametrize("name", NAMES)
def test_an_undisturbed_contender_deletes_what_has_expired_and_counts_it(
    results: Mapping[str, Result], name: str
) -> None:
    (trial,) = results[name].calm

    assert trial.recount.deleted == ROWS.expired
    assert trial.exact


@pytest.mark.parametrize("name", NAMES)
def test_a_deleted_row_takes_two_write_units_as_documented(results: Mapping[str, Result], name: str) -> None:
    (trial,) = results[name].calm

    assert trial.documented.write == 2 * ROWS.expired


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_engine_reports_the_documented_write_units(results: Mapping[str, Result], name: str) -> None:
    (trial,) = results[name].calm

    assert trial.reported.write == trial.documented.write


def test_the_engine_leaves_the_index_out_of_what_a_partiql_delete_takes(
    results: Mapping[str, Result],
) -> None:
    (trial,) = results["ours_partiql"].calm

    assert trial.reported.write == ROWS.expired


def test_our_batching_deleter_sends_a_request_for_25_rows(results: Mapping[str, Result]) -> None:
    (trial,) = results["ours_partiql"].calm

    assert trial.requests["BatchExecuteStatement"] == -(-ROWS.expired // 25)
    assert "DeleteItem" not in trial.requests


def test_we_keep_what_was_renewed_and_count_exactly_beside_another_deleter(
    results: Mapping[str, Result],
) -> None:
    raced = results["ours_partiql"].raced

    assert (raced.renewed, raced.removed) == (3, 3)
    assert results["ours_partiql"].live_rows_lost == 0
    assert raced.exact
    assert raced.measure.claim.others == {"became live": 3, "already gone": 3}


def test_an_unguarded_delete_takes_renewed_rows_with_it_and_counts_wrong(
    results: Mapping[str, Result],
) -> None:
    result = results["query_batch_writer"]

    assert result.raced.recount.renewed_lost == 3
    assert not result.raced.exact


def test_we_say_of_how_many_rows_an_answer_was_lost(results: Mapping[str, Result]) -> None:
    trial = results["ours_partiql"].answer_lost

    assert trial.answers_lost == 1
    assert trial.uncertain == 25
    assert trial.recount.deleted == trial.measure.claim.deleted + 25


def test_a_retry_hidden_in_the_sdk_falsifies_a_count(results: Mapping[str, Result]) -> None:
    trial = results["conditional_loop"].answer_lost

    assert trial.recount.deleted == trial.measure.claim.deleted + 1


def test_the_report_has_a_line_for_each_contender_in_each_table(results: Mapping[str, Result]) -> None:
    report = comparison(list(results.values()))

    for result in results.values():
        assert report.count(f"| {result.contender.title} ") == 4


def test_the_command_prints_its_tables_and_writes_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--expired", "60", "--live-rows", "20", "--backlogs", "40"]
    contenders = ["--contenders", "scan_batch_writer,pynamodb_batch_write"]

    assert main(["quick", "live-rows", "memory", *sizes, *contenders, "--results", str(tmp_path)]) == 0

    (path,) = tmp_path.glob("*.json")
    written = json.loads(path.read_text())
    beside_live_rows = [cost["trial"] for cost in written["live-rows"]]
    assert [trial["recount"]["deleted"] for trial in beside_live_rows] == [60, 60]
    assert [trial["documented"]["write"] for trial in beside_live_rows] == [120, 120]
    assert [trial["measure"]["claim"]["deleted"] for trial in written["memory"]] == [40, 40]
    assert {"boto3", "botocore", "ministack", "pynamodb"} <= written["versions"].keys()
    printed = capsys.readouterr().out
    assert printed.count("| PynamoDB batch_write ") == 2
    assert str(path) in printed


def test_a_mode_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["faster"])

    assert "there is no faster" in capsys.readouterr().err
