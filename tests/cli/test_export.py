"""`barycenter-jobs export`: the whole log, as the REST API writes it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.operator import Operator
from tests.cli.served import Answer, Served


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.cli.exporting._PAGE", 10)


def test_csv_has_one_header_and_every_run(operator: Operator, api: Served) -> None:
    result = operator.run("export")

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert result.exit_code == 0
    assert len(rows) == 42
    assert {row["id"] for row in rows} == {str(number) for number in range(1, 43)}
    assert result.stdout.count('"job_id"') == 1
    assert len(api.requests) == 5


def test_a_text_of_several_lines_is_one_record(operator: Operator) -> None:
    operator.run("run", "sessions", "--reason", 'a\r\n"quoted", and\n=more')

    result = operator.run("export", "--limit", "3")

    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline="")))
    assert [row["id"] for row in rows] == ["43", "42", "41"]
    assert rows[0]["reason"].startswith('a\r\n"quoted", and\n')


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_json_and_ndjson_have_the_same_runs(operator: Operator, form: str) -> None:
    text = operator.run("export", "--format", form, "--limit", "25").stdout

    runs = json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
    assert [run["id"] for run in runs[:3]] == [42, 41, 40]
    assert len(runs) == 25


@pytest.mark.parametrize(("form", "nothing"), [("json", "[]\n"), ("ndjson", "")])
def test_nothing_is_a_file_too(operator: Operator, form: str, nothing: str) -> None:
    result = operator.run("export", "--format", form, "--status", "cancelled")

    assert (result.exit_code, result.stdout) == (0, nothing)


def test_csv_of_nothing_is_a_header(operator: Operator) -> None:
    result = operator.run("export", "--status", "cancelled")

    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--failures"], ["36", "35", "33", "31"]),
        (["--job", "sessions"], ["42", "35", "34"]),
        (["--status", "skipped"], ["37"]),
        (["--since", "20m", "--until", "12m"], ["41", "40"]),
        (["--limit", "12", "--job", "webauthn_challenges"], None),
    ],
)
def test_the_options_choose(operator: Operator, options: list[str], ids: list[str] | None) -> None:
    rows = list(csv.DictReader(io.StringIO(operator.run("export", *options).stdout)))

    assert [row["id"] for row in rows] == ids if ids else len(rows) == 12


def test_a_file_is_named_by_what_it_is(operator: Operator, tmp_path: Path) -> None:
    path = tmp_path / "runs.ndjson"

    result = operator.run("export", "--output", str(path))

    assert result.stdout == ""
    assert result.stderr == f"42 runs written to {path}.\n"
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 42


def test_a_file_that_exists_is_replaced_only_by_force(operator: Operator, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("mine")

    refused = operator.run("export", "--output", str(path))
    kept = path.read_text()
    forced = operator.run("export", "--output", str(path), "--force")

    assert refused.exit_code == 2
    assert "exists already" in refused.stderr
    assert kept == "mine"
    assert forced.exit_code == 0
    assert path.read_text() != "mine"


def test_a_file_that_cannot_be_completed_is_not_there(
    operator: Operator, api: Served, tmp_path: Path
) -> None:
    path = tmp_path / "runs.csv"
    real = api.answer
    answers = iter(range(3))
    api.answer = lambda request: real(request) if next(answers, None) is not None else Answer(404)  # type: ignore[method-assign]

    result = operator.run("export", "--output", str(path))

    assert result.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(operator: Operator, tmp_path: Path) -> None:
    result = operator.run("export", "--output", str(tmp_path / "no" / "runs.csv"))

    assert result.exit_code == 2
    assert "Cannot write" in result.stderr


@pytest.mark.parametrize("body", ["<html>", "{}", '{"records": 3}'])
def test_another_kind_of_answer_is_told(operator: Operator, api: Served, body: str) -> None:
    kind = "text/html" if "<" in body else "application/json"
    api.always = Answer(200, body, {"content-type": kind})

    result = operator.run("export", "--format", "json")

    assert result.exit_code == 3
    assert f"answered with {kind} where something else was expected" in result.stderr
