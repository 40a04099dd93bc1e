"""What becomes of refresh tokens that were rotated, whichever store holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.expired_rows import TableRows
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.expiry import Cutoffs, Expiry, expiry_shard
from barycenter_jobs.core.jobs import REFRESH_TOKENS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.parts import parts
from barycenter_jobs.core.rows import Page
from barycenter_jobs.core.survey import survey
from barycenter_jobs.core.sweep import sweep
from barycenter_jobs.core.sweep_report import SweepReport
from tests.contracts.stages import DynamoDBStage, Row, Stage
from tests.engine import client, template_table

NOW = 1_800_000_000
GRACE = 3600
LONG_AGO = NOW - GRACE - 60
CUTOFFS = Cutoffs(NOW, rotated_before=NOW - GRACE)
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)


def run(stage: Stage, pages: Iterable[Page] | None = None, cutoffs: Cutoffs = CUTOFFS) -> SweepReport:
    """Sweep the stage, or what has been read from it before."""
    return sweep(
        stage.rows.pages(cutoffs) if pages is None else pages,
        stage.deleter,
        cutoffs,
        backoff=BACKOFF,
        time_is_left=lambda: True,
        in_flight=stage.in_flight,
    )


def rotated(count: int, rotated_at: int = LONG_AGO) -> dict[str, dict[str, int]]:
    return {
        f"token-{number}": {"expires_at": NOW + 86_400 + number, "rotated_at": rotated_at - number}
        for number in range(count)
    }


@pytest.mark.parametrize("count", [1, 26, 120])
def test_tokens_that_were_rotated_longer_ago_than_the_grace_go(tokens: Stage, count: int) -> None:
    tokens.put(rotated(count))
    tokens.put({"in use": {"expires_at": NOW + 60}})

    report = run(tokens)

    assert report.counts == Counts(deleted=count)
    assert report.broken_by is None
    assert tokens.keys() == {"in use"}
    assert tokens.rows.warnings() == ()


def test_a_rotated_token_stays_until_the_second_in_which_its_grace_ends_is_over(tokens: Stage) -> None:
    far = NOW + 86_400
    tokens.put(
        {
            "a second over": {"expires_at": far, "rotated_at": NOW - GRACE - 1},
            "at the end": {"expires_at": far, "rotated_at": NOW - GRACE},
            "within": {"expires_at": far, "rotated_at": NOW - GRACE + 1},
            "just now": {"expires_at": far, "rotated_at": NOW},
            "in the future": {"expires_at": far, "rotated_at": NOW + 60},
            "expires in this second": {"expires_at": NOW, "rotated_at": LONG_AGO},
        }
    )

    report = run(tokens)

    assert report.counts == Counts(deleted=2)
    assert tokens.keys() == {"at the end", "within", "just now", "in the future"}


def test_rotated_tokens_stay_where_there_is_no_grace(tokens: Stage) -> None:
    tokens.put(rotated(30))
    tokens.put({"milliseconds": {"expires_at": NOW + 60, "rotated_at": LONG_AGO * 1000}})
    tokens.put({"expired": {"expires_at": NOW - 1, "rotated_at": LONG_AGO}})

    report = run(tokens, cutoffs=Cutoffs(NOW))

    assert report.counts == Counts(deleted=1)
    assert tokens.keys() == {*rotated(30), "milliseconds"}
    assert tokens.rows.warnings() == ()


FAR = NOW + 86_400
SINCE: dict[str, Row] = {
    "rotated anew": {"expires_at": FAR, "rotated_at": NOW},
    "rotated at the end of the grace": {"expires_at": FAR, "rotated_at": NOW - GRACE},
    "in use again": {"expires_at": FAR},
    "rotated in milliseconds": {"expires_at": FAR, "rotated_at": LONG_AGO * 1000},
    "without an expiry": {"rotated_at": LONG_AGO},
    "expires in milliseconds": {"expires_at": FAR * 1000, "rotated_at": LONG_AGO},
    "without any time": {"user": "u-1"},
}


@pytest.mark.parametrize("since", SINCE.values(), ids=SINCE)
def test_a_token_that_is_another_since_it_was_read_stays_and_counts_as_live(
    tokens: Stage, since: Row
) -> None:
    tokens.put(rotated(30))
    pages = list(tokens.rows.pages(CUTOFFS))
    tokens.put({"token-0": since, "token-29": since})

    report = run(tokens, pages)

    assert report.counts == Counts(deleted=28, became_live=2)
    assert tokens.keys() == {"token-0", "token-29"}


def test_a_token_that_somebody_else_deleted_is_already_gone(tokens: Stage) -> None:
    tokens.put(rotated(30))
    pages = list(tokens.rows.pages(CUTOFFS))
    tokens.remove(["token-3", "token-28"])

    report = run(tokens, pages)

    assert report.counts == Counts(deleted=28, already_gone=2)


def test_a_token_that_expired_as_well_goes_once_for_one_reason(tokens: Stage) -> None:
    both = {
        f"both-{number}": {"expires_at": NOW - 1 - number, "rotated_at": LONG_AGO - number}
        for number in range(60)
    }
    tokens.put(rotated(60) | both)
    pages = list(tokens.rows.pages(CUTOFFS))

    report = run(tokens, pages)

    named = [candidate for page in pages for candidate in page.candidates]
    assert len(named) == len({candidate.key for candidate in named}) == 120
    assert {candidate.key for candidate in named if candidate.reason is Expiry.EXPIRED} == both.keys()
    assert report.counts == Counts(deleted=120)
    assert tokens.keys() == set()


def test_a_rotation_in_milliseconds_stays_and_is_counted(tokens: Stage) -> None:
    odd = {f"odd-{number}": {"expires_at": FAR, "rotated_at": LONG_AGO * 1000} for number in range(3)}
    tokens.put(odd | rotated(3))

    report = run(tokens)

    assert report.counts == Counts(deleted=3, quarantined=3)
    assert tokens.keys() == odd.keys()


def test_an_expiry_in_milliseconds_keeps_a_rotated_token_and_is_counted(tokens: Stage) -> None:
    tokens.put({"odd": {"expires_at": FAR * 1000, "rotated_at": LONG_AGO}})

    report = run(tokens)

    assert report.counts == Counts(quarantined=1)
    assert tokens.keys() == {"odd"}


def test_a_token_whose_expiry_and_rotation_are_milliseconds_is_counted_once(tokens: Stage) -> None:
    tokens.put({"odd": {"expires_at": FAR * 1000, "rotated_at": LONG_AGO * 1000}})

    report = run(tokens)

    assert report.counts == Counts(quarantined=1)
    assert tokens.keys() == {"odd"}


def test_an_expired_token_with_a_rotation_in_milliseconds_is_deleted_and_not_in_quarantine(
    tokens: Stage,
) -> None:
    tokens.put({"expired": {"expires_at": NOW - 1, "rotated_at": LONG_AGO * 1000}})
    pages = list(tokens.rows.pages(CUTOFFS))

    report = run(tokens, pages)

    assert report.counts == Counts(deleted=1)
    assert tokens.keys() == set()


def test_a_rotated_token_without_an_expiry_stays(tokens: Stage) -> None:
    tokens.put({"for ever": {"rotated_at": LONG_AGO}})

    report = run(tokens)

    assert report.counts == Counts()
    assert tokens.keys() == {"for ever"}


def test_a_rotated_token_is_no_token_that_has_been_expired_since_some_time(tokens: Stage) -> None:
    tokens.put(rotated(3))

    found = survey(tokens.rows.pages(CUTOFFS), lambda: True)

    assert found.expired == 3
    assert found.oldest is None  # they all expire tomorrow


def test_a_part_of_a_sweep_finds_the_rotated_tokens_of_its_shard(tokens: Stage) -> None:
    tokens.put(rotated(60))
    rows: Any = tokens.rows

    for part in parts(16):
        named = {candidate.key for page in rows.shard(CUTOFFS, part) for candidate in page.candidates}
        assert named == {key for key in rotated(60) if expiry_shard(key) == part.number}


# ---- Tables without a rotation-index that would do


def keys_only(index: dict[str, Any]) -> dict[str, Any]:
    return index | {"Projection": {"ProjectionType": "KEYS_ONLY"}}


def by_expiry(index: dict[str, Any]) -> dict[str, Any]:
    schema = [
        {"AttributeName": "expiry_shard", "KeyType": "HASH"},
        {"AttributeName": "expires_at", "KeyType": "RANGE"},
    ]
    return index | {"KeySchema": schema}


def everything(index: dict[str, Any]) -> dict[str, Any]:
    return index | {"Projection": {"ProjectionType": "ALL"}}


def other_attributes(index: dict[str, Any]) -> dict[str, Any]:
    return index | {"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["user"]}}


def renamed(index: dict[str, Any]) -> dict[str, Any]:
    return index | {"IndexName": "rotations"}


Change = Callable[[dict[str, Any]], dict[str, Any]]


def changed_stage(
    engine: str, name: str, change: Change, deleter: type[PartiqlDeleter | ConditionalDeleter]
) -> DynamoDBStage:
    """A table of tokens whose rotation-index is made another."""
    definition: dict[str, Any] = dict(template_table("refresh_tokens").definition)
    indexes = definition["GlobalSecondaryIndexes"]
    definition["GlobalSecondaryIndexes"] = [
        change(index) if index["IndexName"] == "rotation-index" else index for index in indexes
    ]
    if change is by_expiry:
        definition["AttributeDefinitions"] = [
            attribute
            for attribute in definition["AttributeDefinitions"]
            if attribute["AttributeName"] != "rotated_at"
        ]
    dynamodb = client(engine)
    dynamodb.create_table(TableName=name, **definition)
    stage = DynamoDBStage(dynamodb, engine, name, REFRESH_TOKENS.kind, deleter)
    stage.rows = TableRows(DynamoDB(engine).reading, name, REFRESH_TOKENS.kind)
    stage.deleter = deleter(DynamoDB(engine).deleting, name, REFRESH_TOKENS.kind.key)
    return stage


@pytest.mark.parametrize("change", [keys_only, by_expiry, other_attributes, renamed])
def test_a_table_without_a_usable_rotation_index_keeps_its_rotated_tokens_and_says_so(
    engine: str, new_name: Callable[[str], str], change: Change
) -> None:
    name = new_name("refresh_tokens")
    stage = changed_stage(engine, name, change, PartiqlDeleter)
    stage.put(rotated(30) | {"expired": {"expires_at": NOW - 1, "rotated_at": LONG_AGO}})

    report = run(stage)

    assert report.counts == Counts(deleted=1)
    assert report.broken_by is None
    assert stage.keys() == rotated(30).keys()
    assert stage.rows.warnings() == (
        (
            f"Table {name} has no usable rotation-index, so rotated rows stay until they expire. "
            "See docs/tables.md."
        ),
    )


def test_no_rotation_index_is_missed_where_there_is_no_grace(
    engine: str, new_name: Callable[[str], str]
) -> None:
    stage = changed_stage(engine, new_name("refresh_tokens"), renamed, PartiqlDeleter)
    stage.put(rotated(3))

    assert run(stage, cutoffs=Cutoffs(NOW)).counts == Counts()
    assert stage.rows.warnings() == ()


@pytest.mark.parametrize("deleter", [PartiqlDeleter, ConditionalDeleter])
def test_a_rotation_index_that_holds_whole_rows_does_as_well(
    engine: str, new_name: Callable[[str], str], deleter: type[PartiqlDeleter | ConditionalDeleter]
) -> None:
    stage = changed_stage(engine, new_name("refresh_tokens"), everything, deleter)
    stage.put(rotated(30))

    assert run(stage).counts == Counts(deleted=30)
    assert stage.rows.warnings() == ()


@pytest.mark.parametrize("deleter", [PartiqlDeleter, ConditionalDeleter])
@pytest.mark.parametrize(
    "since",
    [
        {"expires_at": {"S": str(NOW - 60)}, "rotated_at": {"N": str(LONG_AGO)}},
        {"expires_at": {"NULL": True}, "rotated_at": {"N": str(LONG_AGO)}},
        {"expires_at": {"N": str(FAR)}, "rotated_at": {"S": str(LONG_AGO)}},
        {"expires_at": {"N": str(FAR)}, "rotated_at": {"NULL": True}},
        {"expires_at": {"N": str(FAR)}, "rotated_at": {"L": []}},
    ],
    ids=str,
)
def test_a_token_whose_times_turn_unreadable_after_it_was_read_survives(
    engine: str,
    new_name: Callable[[str], str],
    deleter: type[PartiqlDeleter | ConditionalDeleter],
    since: dict[str, Any],
) -> None:
    name, dynamodb = new_name("refresh_tokens"), client(engine)
    definition = template_table("refresh_tokens").definition
    dynamodb.create_table(  # without indexes, which would refuse such values
        TableName=name,
        KeySchema=definition["KeySchema"],
        AttributeDefinitions=[{"AttributeName": "token", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    stage = DynamoDBStage(dynamodb, engine, name, REFRESH_TOKENS.kind, deleter)
    stage.put(rotated(1))
    pages = list(stage.rows.pages(CUTOFFS))
    dynamodb.put_item(TableName=name, Item={"token": {"S": "token-0"}, **since})

    assert run(stage, pages).counts == Counts(became_live=1)
    assert stage.keys() == {"token-0"}
    assert run(stage).counts == Counts(quarantined=1)
