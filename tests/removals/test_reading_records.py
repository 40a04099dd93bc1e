"""Of the records of a stream, TTL's own removals count, and nothing but sizes, times and hashes is kept."""

from __future__ import annotations

import hashlib
import json
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.core.jobs import JOBS, REFRESH_TOKENS, SESSIONS, Job
from barycenter_jobs.core.removal_totals import totals_of
from barycenter_jobs.core.removals import Poison, Removal, records_of, removal_of, table_of
from tests.removals.stream import SECOND, Record, removed_by_ttl, removed_by_user

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def read(record: object) -> Removal:
    removal = removal_of(record, SESSIONS.kind)
    assert isinstance(removal, Removal)
    return removal


def test_a_removal_by_ttl_tells_when_the_row_expired_and_how_late_it_went() -> None:
    removal = read(removed_by_ttl("secret", 1, at=SECOND, expires_at=SECOND - 90))

    assert removal.expires_at == SECOND - 90
    assert removal.lateness_seconds == 90


@pytest.mark.parametrize(
    "identity",
    [
        None,
        {},
        {"type": "Service"},
        {"type": "Service", "principalId": "replication.dynamodb.amazonaws.com"},
        {"type": "AssumedRole", "principalId": "dynamodb.amazonaws.com"},
        "dynamodb.amazonaws.com",
    ],
)
def test_nobody_else_s_delete_counts(identity: object) -> None:
    record = removed_by_ttl("secret", 1) | {"userIdentity": identity}

    assert removal_of(record, SESSIONS.kind) is None
    assert removal_of(removed_by_user("secret", 1), SESSIONS.kind) is None


@pytest.mark.parametrize("name", ["INSERT", "MODIFY", None])
def test_what_is_no_removal_does_not_count(name: str | None) -> None:
    record = removed_by_ttl("secret", 1) | {"eventName": name}

    assert removal_of(record, SESSIONS.kind) is None


def test_a_row_counts_although_its_expiry_cannot_be_read() -> None:
    for expires_at in (None, "tomorrow", 1_795_255_200_000):
        removal = read(removed_by_ttl("secret", 1, expires_at=expires_at))

        assert removal.lateness_seconds is None
        assert (totals_of([removal]).rows, totals_of([removal]).undated) == (1, 1)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "", "12:00", None, 17])
def test_an_expiry_that_is_no_number_is_none(text: object) -> None:
    record = removed_by_ttl("secret", 1)
    record["dynamodb"]["OldImage"]["expires_at"] = {"N": text}

    assert read(record).expires_at is None


def test_a_row_that_goes_before_its_second_is_over_is_not_late() -> None:
    assert read(removed_by_ttl("secret", 1, expires_at=SECOND + 5)).lateness_seconds == 0


@pytest.mark.parametrize(
    "broken",
    [
        {"dynamodb": None},
        {"dynamodb": {}},
        {"dynamodb": {"Keys": {"session_id": {"S": "secret"}}}},
        {"dynamodb": {"SequenceNumber": "1"}},
        {"dynamodb": {"SequenceNumber": "1", "Keys": {"other": {"S": "secret"}}}},
        {"dynamodb": {"SequenceNumber": "1", "Keys": {"session_id": {"N": "1"}}}},
    ],
)
def test_a_removal_of_nobody_knows_what_is_poison(broken: Record) -> None:
    poison = removal_of(removed_by_ttl("secret", 1) | broken, SESSIONS.kind)

    assert isinstance(poison, Poison)
    assert "secret" not in repr(poison)
    assert (totals_of([poison]).rows, totals_of([poison]).unreadable) == (0, 1)


@given(record=JSON, job=st.sampled_from(JOBS))
def test_no_record_is_too_odd_to_be_read(record: object, job: Job) -> None:
    removal_of(record, job.kind)
    table_of(record)


@given(change=JSON, keys=JSON, image=JSON, at=JSON, size=JSON)
def test_no_removal_is_too_odd_to_be_read(
    change: object, keys: object, image: object, at: object, size: object
) -> None:
    whole = removed_by_ttl("secret", 1)
    odd = {"Keys": keys, "OldImage": image, "ApproximateCreationDateTime": at, "SizeBytes": size}

    totals_of([removal_of(whole | {"dynamodb": change}, SESSIONS.kind) or read(whole)])
    for name, value in odd.items():
        told = removal_of(whole | {"dynamodb": whole["dynamodb"] | {name: value}}, SESSIONS.kind)
        assert told is not None
        assert all(abs(number) < 10**12 for number in totals_of([told]).counters.values())


def test_two_records_of_one_row_are_two_and_one_told_twice_is_one() -> None:
    first, second = removed_by_ttl("secret", 1), removed_by_ttl("secret", 2)

    assert read(first).identity == read(json.loads(json.dumps(first))).identity
    assert read(first).identity != read(second).identity
    assert read(first).identity != read(removed_by_ttl("another", 1)).identity


def test_a_sweep_would_have_paid_for_each_kilobyte_and_each_index() -> None:
    small = read(removed_by_ttl("secret", 1))
    large = read(removed_by_ttl("secret", 1, note="x" * 2500))
    outside = removed_by_ttl("secret", 1)
    del outside["dynamodb"]["OldImage"]["expiry_shard"]
    rotated = removed_by_ttl("secret", 1, job=REFRESH_TOKENS, rotated_at="1")

    assert small.write_units == 2
    assert large.write_units == 4
    assert read(outside).write_units == 1
    token = removal_of(rotated, REFRESH_TOKENS.kind)
    assert isinstance(token, Removal)
    assert token.write_units == 3


def test_a_row_s_size_counts_its_key_once() -> None:
    record = removed_by_ttl("secret", 1)
    image = record["dynamodb"]["OldImage"]

    size = sum(len(name) + len(*value.values()) for name, value in image.items())

    assert read(record).size_bytes == size


def test_nothing_of_a_row_is_kept_but_times_sizes_and_hashes() -> None:
    record = removed_by_ttl("very-secret", 1, subject="alice", password="hunter2")

    kept = repr(read(record))

    assert hashlib.sha256(b"very-secret").hexdigest() in kept
    for secret in ("very-secret", "alice", "hunter2"):
        assert secret not in kept
    assert read(record).subject is None
    told = removal_of(record, SESSIONS.kind, with_subject=True)
    assert isinstance(told, Removal)
    assert told.subject == "alice"


def test_a_record_names_its_table() -> None:
    assert table_of(removed_by_ttl("secret", 1)) == "sessions"
    assert table_of({"eventSourceARN": "arn:aws:kinesis:eu-central-1:111122223333:stream/x"}) is None
    assert table_of(None) is None


@pytest.mark.parametrize("event", [None, [], {}, {"Records": None}, {"Records": {}}, "x"])
def test_what_is_no_batch_is_refused(event: object) -> None:
    with pytest.raises(InvalidEvent):
        records_of(event)


def test_lateness_is_told_within_a_hundredth() -> None:
    lates = [1, 2, 3, 60, 3600, 7200, 86_400, 172_800]

    totals = totals_of(
        read(removed_by_ttl("secret", number, expires_at=SECOND - late)) for number, late in enumerate(lates)
    )

    assert totals.lateness_percentile(50) == 60
    assert totals.lateness_percentile(95) == pytest.approx(172_800, rel=0.01)
    assert totals.latest_seconds is not None
    assert 172_800 <= totals.latest_seconds <= 172_800 * 1.0205
    assert totals_of([]).latest_seconds is None
    assert totals_of([]).lateness_percentile(50) is None


@given(lates=st.lists(st.integers(0, 10**8), min_size=1, max_size=30), percent=st.sampled_from([50, 95, 99]))
def test_any_lateness_is_told_within_a_hundredth(lates: list[int], percent: int) -> None:
    totals = totals_of(
        read(removed_by_ttl("secret", number, expires_at=SECOND - late)) for number, late in enumerate(lates)
    )

    exact = sorted(lates)[ceil(percent * len(lates) / 100) - 1]
    assert totals.lateness_percentile(percent) == pytest.approx(exact, rel=0.0102, abs=0.5)
    assert totals.latest_seconds is not None
    assert max(lates) <= totals.latest_seconds <= max(lates) * 1.0205 + 1
