"""Who removed which row, told on the bus: what is told, at least or at most how often, and never a secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.conditional_deleter import ConditionalDeleter
from barycenter_jobs.adapters.dynamodb.partiql_deleter import PartiqlDeleter
from barycenter_jobs.adapters.memory import MemoryTable
from barycenter_jobs.adapters.memory_removals import (
    MemoryPoisonedRecords,
    MemoryRemovalAccounts,
    MemoryRemovalEvents,
)
from barycenter_jobs.adapters.poison_queue import PoisonQueue
from barycenter_jobs.adapters.removal_bus import RemovalBus
from barycenter_jobs.core.errors import NotKept, RemovalsNotTold
from barycenter_jobs.core.expiry import Cutoffs
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.removal_events import RemovedRow, Remover, row_hash
from barycenter_jobs.core.removals import Poison
from barycenter_jobs.core.rows import Candidate, Outcome
from barycenter_jobs.core.stores import Deleter
from barycenter_jobs.operations.account_removals import AccountRemovals
from barycenter_jobs.operations.tell_of_deletes import TellOfDeletes
from tests.engine import client, create_table
from tests.events.bus import Bus, listening_bus
from tests.removals.stream import SECOND, removed_by_ttl

MakeName = Callable[[str], str]
NOW = datetime.fromtimestamp(SECOND, UTC)
CUTOFFS = Cutoffs(SECOND)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with listening_bus() as listening:
        yield listening


def rows(many: int) -> list[RemovedRow]:
    return [
        RemovedRow("sessions", row_hash(f"key-{number}"), Remover.TTL, SECOND - 60, NOW, "alice")
        for number in range(many)
    ]


class Deaf(MemoryRemovalEvents):
    def tell(self, removed: object) -> None:  # noqa: ARG002
        raise RemovalsNotTold("nobody listens")


def accounting(events: MemoryRemovalEvents) -> tuple[AccountRemovals, MemoryRemovalAccounts]:
    accounts = MemoryRemovalAccounts()
    return (
        AccountRemovals({"sessions": SESSIONS}, accounts, MemoryPoisonedRecords(), lambda: NOW, events),
        accounts,
    )


def test_events_go_ten_at_a_time_and_say_who_removed_what(bus: Bus) -> None:
    RemovalBus("default", bus.endpoint).tell(rows(23))

    assert len(bus.entries) == 23
    assert bus.entries[0]["DetailType"] == "Row Removed"
    assert bus.entries[0]["Source"] == "barycenter-jobs"
    assert bus.details[0] == {
        "version": "1",
        "kind": "sessions",
        "subject": "alice",
        "rowHash": hashlib.sha256(b"key-0").hexdigest(),
        "expiredAt": "2026-11-21T09:59:00Z",
        "removedAt": "2026-11-21T10:00:00Z",
        "removedBy": "ttl",
    }


def test_an_entry_that_is_refused_is_sent_again_without_the_others(bus: Bus) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException"}]}
    bus.answers.append((200, refused))

    RemovalBus("default", bus.endpoint).tell(rows(2))

    assert [detail["rowHash"] for detail in bus.details] == [
        row_hash(key) for key in ("key-0", "key-1", "key-1")
    ]


def test_a_bus_that_goes_on_refusing_is_an_error(bus: Bus) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    bus.answers += [(200, refused)] * 3
    with pytest.raises(RemovalsNotTold, match="InternalFailure"):
        RemovalBus("default", bus.endpoint).tell(rows(1))

    bus.answers.append((400, {"__type": "ResourceNotFoundException"}))
    with pytest.raises(RemovalsNotTold, match="ResourceNotFoundException"):
        RemovalBus("default", bus.endpoint).tell(rows(1))


def test_a_removal_by_ttl_is_told_of_before_it_is_accounted_for_and_once_where_nothing_fails() -> None:
    account, accounts = accounting(events := MemoryRemovalEvents())
    records = [removed_by_ttl("secret-1", 1, subject="alice"), removed_by_ttl("secret-2", 2)]

    account(records)
    account(records)

    assert [(row.subject, row.removed_by) for row in events.told] == [
        ("alice", Remover.TTL),
        (None, Remover.TTL),
    ]
    assert accounts.totals("sessions").rows == 2


def test_what_was_not_told_is_not_accounted_for_and_asked_for_again() -> None:
    account, accounts = accounting(Deaf())

    assert account([removed_by_ttl("secret", 1)]).failed_from == "1"
    assert accounts.totals("sessions").rows == 0


def test_a_sweep_tells_of_what_it_deleted_and_of_nothing_else() -> None:
    table = MemoryTable({"gone": {"expires_at": SECOND - 5}, "live": {"expires_at": SECOND + 5}})
    events = MemoryRemovalEvents()
    deleter = TellOfDeletes(table, events, SESSIONS.kind, lambda: NOW)

    deletion = deleter.delete([Candidate(key, SECOND - 5) for key in ("gone", "live", "absent")], CUTOFFS)

    assert [answer.outcome for answer in deletion.answers] == [
        Outcome.DELETED,
        Outcome.BECAME_LIVE,
        Outcome.ALREADY_GONE,
    ]
    assert events.told == [RemovedRow("sessions", row_hash("gone"), Remover.SWEEP, SECOND - 5, NOW, None)]


def test_a_bus_that_refuses_does_not_fail_a_sweep() -> None:
    table = MemoryTable({"gone": {"expires_at": SECOND - 5}})
    deleter = TellOfDeletes(table, Deaf(), SESSIONS.kind, lambda: NOW)

    assert deleter.delete([Candidate("gone", SECOND - 5)], CUTOFFS).answers[0].outcome is Outcome.DELETED


@pytest.mark.parametrize("kind", [PartiqlDeleter, ConditionalDeleter])
def test_a_deleter_tells_whose_row_it_was_only_where_asked(
    engine: str, new_name: MakeName, kind: type[PartiqlDeleter | ConditionalDeleter]
) -> None:
    table = new_name("sessions")
    create_table(client(engine), "sessions", table)

    def deleted_by(deleter: Deleter) -> str | None:
        item = {
            "session_id": {"S": "key"},
            "expires_at": {"N": str(SECOND - 60)},
            "subject": {"S": "alice"},
        }
        client(engine).put_item(TableName=table, Item=item)
        (answer,) = deleter.delete([Candidate("key", SECOND - 60)], CUTOFFS).answers
        assert answer.outcome is Outcome.DELETED
        return answer.subject

    assert deleted_by(kind(DynamoDB(engine).deleting, table, "session_id")) is None
    assert deleted_by(kind(DynamoDB(engine).deleting, table, "session_id", tells_subject=True)) == "alice"
    client(engine).delete_table(TableName=table)


def test_no_event_holds_a_key() -> None:
    account, _ = accounting(events := MemoryRemovalEvents())
    account([removed_by_ttl("very-secret", 1, password="hunter2")])

    assert "very-secret" not in repr(events.told)
    assert "hunter2" not in repr(events.told)


def test_the_queue_gets_a_place_and_a_reason_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        poisoned = [
            Poison(b"12345678", str(number), 1, "its Keys have no session_id") for number in range(12)
        ]

        PoisonQueue(url).keep(poisoned, "sessions")

        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"][0]
        many = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    told = json.loads(got["Body"])
    assert told == {
        "table": "sessions",
        "sequenceNumber": told["sequenceNumber"],
        "reason": "its Keys have no session_id",
    }
    assert (many["ApproximateNumberOfMessages"], many["ApproximateNumberOfMessagesNotVisible"]) == ("11", "1")


def test_a_queue_that_cannot_be_reached_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    queue = PoisonQueue("http://127.0.0.1:9/000000000000/queue", "http://127.0.0.1:9")

    with pytest.raises(NotKept):
        queue.keep([Poison(b"12345678", "17", 1, "its Keys have no session_id")], "sessions")


def test_a_queue_that_cannot_be_reached_holds_no_shard_up() -> None:
    class Full(MemoryPoisonedRecords):
        def keep(self, poisoned: object, stream: str) -> None:  # noqa: ARG002
            raise NotKept("full")

    accounts = MemoryRemovalAccounts()
    account = AccountRemovals({"sessions": SESSIONS}, accounts, Full(), lambda: NOW + timedelta(0))
    poison = removed_by_ttl("secret", 1)
    del poison["dynamodb"]["Keys"]

    assert account([poison, removed_by_ttl("secret", 2)]) == (1, 1, None)
    assert "secret" not in json.dumps(dict(accounts.totals("sessions").counters))
