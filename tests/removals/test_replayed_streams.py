"""However a stream's batches are delivered, the account is that of its distinct removals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.removal_accounts import DynamoDBRemovalAccounts
from barycenter_jobs.adapters.memory_removals import MemoryPoisonedRecords, MemoryRemovalAccounts
from barycenter_jobs.core.errors import AnswerLost, StoreError, Throttled
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.removal_stores import RemovalAccounts, Told
from barycenter_jobs.core.removal_totals import Progress, RemovalTotals, Taking
from barycenter_jobs.operations.account_removals import AccountRemovals
from tests.engine import client, create_table
from tests.removals.mapping import Crashed, Mapping, Shard, passes_the_filter
from tests.removals.stream import SECOND, Record, removed_by_ttl, removed_by_user

MakeName = Callable[[str], str]
NewAccounts = Callable[[], RemovalAccounts]
NOW = datetime.fromtimestamp(SECOND + 600, UTC)


@dataclass
class Unreliable:
    """Accounts behind a bad wire: some requests do not arrive, some answers do not, some functions die."""

    accounts: RemovalAccounts
    random: Random
    faults: bool = True

    def unaccounted(self, kind: str, told: Sequence[Told]) -> list[Told]:
        return self.accounts.unaccounted(kind, told)

    def account(self, kind: str, told: Sequence[Told], now: datetime) -> list[Told]:
        dice = self.random.random() if self.faults else 1.0
        if dice < 0.1:
            raise Throttled("too many requests")
        if dice < 0.2:  # a batch of many minutes takes several transactions
            self.accounts.account(kind, told[: len(told) // 2], now)
            raise AnswerLost("no answer")
        fresh = self.accounts.account(kind, told, now)
        if dice < 0.3:
            raise AnswerLost("no answer")
        if dice < 0.4:
            raise Crashed
        return fresh

    def totals(self, kind: str) -> RemovalTotals:
        return self.accounts.totals(kind)

    def progress(self, kind: str) -> Progress | None:
        return self.accounts.progress(kind)

    def taking(self, kind: str) -> Taking:
        return self.accounts.taking(kind)


@pytest.fixture(params=["memory", "engine"])
def new_accounts(request: pytest.FixtureRequest, new_name: MakeName) -> Iterator[NewAccounts]:
    """A maker of empty accounts."""
    if request.param == "memory":
        yield MemoryRemovalAccounts
        return
    endpoint: str = request.getfixturevalue("engine")
    tables: list[str] = []

    def made() -> RemovalAccounts:
        tables.append(new_name("job_executions"))
        create_table(client(endpoint), "job_executions", tables[-1])
        return DynamoDBRemovalAccounts(
            DynamoDB(endpoint).reading, tables[-1], Backoff(_no_sleep, lambda: 0.5)
        )

    yield made
    for table in tables:
        client(endpoint).delete_table(TableName=table)


def _no_sleep(_seconds: float) -> None:
    return


def of_sessions(accounts: RemovalAccounts) -> AccountRemovals:
    return AccountRemovals({"sessions": SESSIONS}, accounts, MemoryPoisonedRecords(), lambda: NOW)


def recounted(records: Sequence[Record]) -> dict[str, int]:
    """Count what TTL removed, by other means than the account's."""
    removed = [record for record in records if passes_the_filter(record)]
    unreadable = [record for record in removed if "Keys" not in record["dynamodb"]]
    rows = [record for record in removed if "Keys" in record["dynamodb"]]
    expiries = [record["dynamodb"]["OldImage"].get("expires_at", {}).get("N") for record in rows]
    return {
        "rows": len(rows),
        "unreadable": len(unreadable),
        "undated": sum(
            expiry is None or "ApproximateCreationDateTime" not in record["dynamodb"]
            for record, expiry in zip(rows, expiries, strict=True)
        ),
        "write_units": 2 * sum(expiry is not None for expiry in expiries)
        + sum(
            1 + ("expires_at" in record["dynamodb"]["OldImage"])
            for record, expiry in zip(rows, expiries, strict=True)
            if expiry is None
        ),
    }


def told(totals: RemovalTotals) -> dict[str, int]:
    return {
        "rows": totals.rows,
        "unreadable": totals.unreadable,
        "undated": totals.undated,
        "write_units": totals.write_units,
    }


def shards_of(random: Random, many: int) -> list[Shard]:
    """Return shards of which some are split, with records of all sorts; numbers rise within a shard only."""
    shards: list[Shard] = []
    for number in range(random.randint(1, 4)):
        parent = random.choice(shards) if shards and random.random() < 0.5 else None
        start = 1000 if parent is None else 100_000 * (number + 1)
        records = [_record(random, number, start + place) for place in range(random.randint(0, many))]
        shards.append(Shard(records, parent))
    return shards


def _record(random: Random, shard: int, number: int) -> Record:
    key, at = f"key-{shard}-{number}", SECOND + random.choice([0, 0, 1, 59, 60, 61, 3600])
    match random.randrange(8):
        case 0:
            return removed_by_user(key, number, at=at)
        case 1:
            return removed_by_ttl(key, number, at=at) | {"eventName": "MODIFY"}
        case 2:
            return removed_by_ttl(key, number, at=at, expires_at=random.choice([None, "x"]))
        case 3:
            return removed_by_ttl(key, number, at=None)
        case 4:
            poison = removed_by_ttl(key, number, at=at)
            del poison["dynamodb"]["Keys"]
            return poison
        case _:
            return removed_by_ttl(key, number, at=at, expires_at=SECOND - random.randint(0, 10**6))


@pytest.mark.parametrize("with_faults", [False, True])
def test_the_account_is_that_of_the_distinct_removals(
    new_accounts: NewAccounts, *, with_faults: bool
) -> None:
    # New tables for every example would make an engine's creation the test.
    examples = 150 if isinstance(new_accounts, type) else 8

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), batch_size=st.integers(1, 12))
    def check(seed: int, batch_size: int) -> None:
        random = Random(seed)  # noqa: S311 - no secret
        accounts = new_accounts()
        played = play(accounts, shards_of(random, 12), random, batch_size, faults=with_faults)
        assert told(accounts.totals("sessions")) == recounted(played)

    check()


def play(
    accounts: RemovalAccounts, shards: list[Shard], random: Random, batch_size: int, *, faults: bool
) -> list[Record]:
    """Deliver all records, at first with faults where asked for, and return them."""
    unreliable = Unreliable(accounts, random, faults)
    account = of_sessions(unreliable)

    def handler(event: dict[str, Any]) -> dict[str, Any]:
        failed_from = account(event["Records"]).failed_from
        return {"batchItemFailures": [] if failed_from is None else [{"itemIdentifier": failed_from}]}

    mapping = Mapping(shards, handler, random, batch_size, faults)
    for _ in range(random.randint(1, 60) if faults else 0):
        mapping.step()
    mapping.faults = unreliable.faults = False
    mapping.drain()
    for shard in random.sample(shards, len(shards)):  # the mapping is made anew and reads from the beginning
        if shard.records and faults:
            handler({"Records": [record for record in shard.records if passes_the_filter(record)]})
    return [record for shard in shards for record in shard.records]


def test_what_many_runs_take_is_what_there_was(new_accounts: NewAccounts) -> None:
    accounts = new_accounts()
    first = [removed_by_ttl(f"key-{number}", number) for number in range(5)]
    account = of_sessions(accounts)

    account(first[:3])
    before = accounts.taking("sessions")
    account(first[1:])

    assert before.window.rows == 3
    assert accounts.taking("sessions").totals - before.totals == account_of(first[3:])


def account_of(records: Sequence[Record]) -> RemovalTotals:
    accounts = MemoryRemovalAccounts()
    of_sessions(accounts)(records)
    return accounts.totals("sessions")


def test_several_shards_may_be_accounted_for_at_once(engine: str, new_name: MakeName) -> None:
    table = new_name("job_executions")
    create_table(client(engine), "job_executions", table)
    random = Random(7)  # noqa: S311 - no secret
    accounts = [
        DynamoDBRemovalAccounts(
            DynamoDB(engine).reading, table, Backoff(_no_sleep, random.random, attempts=200)
        )
        for _ in range(4)
    ]
    records = [removed_by_ttl(f"key-{number}", number, at=SECOND + number % 90) for number in range(240)]

    def shard(number: int) -> None:
        account = AccountRemovals(
            {"sessions": SESSIONS}, accounts[number], MemoryPoisonedRecords(), lambda: NOW
        )
        mine = records[number * 60 : number * 60 + 60]
        for first in range(0, 60, 15):
            assert account(mine[first : first + 15]).failed_from is None
        assert account(records[60 * number : 60 * number + 90]).failed_from is None

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(shard, range(4)))

    assert told(accounts[0].totals("sessions")) == recounted(records)
    client(engine).delete_table(TableName=table)


def test_a_batch_over_more_minutes_than_a_transaction_takes_is_accounted_for(
    new_accounts: NewAccounts,
) -> None:
    accounts = new_accounts()
    account = of_sessions(accounts)
    records = [removed_by_ttl(f"key-{number}", number, at=SECOND + 60 * number) for number in range(130)]

    assert account(records).rows == 130
    assert account(records).rows == 0
    assert accounts.totals("sessions").rows == 130


def test_a_poisoned_record_is_kept_and_counted_and_holds_nobody_up(
    new_accounts: NewAccounts,
) -> None:
    accounts, poisoned = new_accounts(), MemoryPoisonedRecords()
    account = AccountRemovals({"sessions": SESSIONS}, accounts, poisoned, lambda: NOW)
    poison = removed_by_ttl("key-2", 2)
    del poison["dynamodb"]["Keys"]
    records = [removed_by_ttl("key-1", 1), poison, removed_by_ttl("key-3", 3), None]

    assert account(records).failed_from is None
    assert account(records).failed_from is None

    totals = accounts.totals("sessions")
    assert (totals.rows, totals.unreadable) == (2, 1)
    of_sessions = [each.sequence_number for each, table in poisoned.kept if table == "sessions"]
    assert of_sessions == ["2"]


class Down(Unreliable):
    """Accounts that cannot be reached."""

    def account(self, kind: str, told: Sequence[Told], now: datetime) -> list[Told]:  # noqa: ARG002
        raise StoreError("down")


def test_a_batch_that_cannot_be_accounted_for_is_asked_for_again_from_its_first_record() -> None:
    down = Down(MemoryRemovalAccounts(), Random(1))  # noqa: S311 - no secret
    account = of_sessions(down)
    records = [removed_by_user("key-1", 1), removed_by_ttl("key-2", 2), removed_by_ttl("key-3", 3)]

    assert account(records).failed_from == "1"
    assert account(records[:1]).failed_from is None
