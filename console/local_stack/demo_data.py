"""Rows that look like Barycenter's, of every kind and in every state that a cleanup meets.

The same rows on every start, apart from the time. Attributes are those of Barycenter's own schema, and
`expiry_shard`, which this project's index needs. Every secret says that it is a demo.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from barycenter_jobs.core.expiry import expiry_shard

Row = dict[str, Any]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
_CLIENTS = ("webshop", "mobile-app", "intranet", "reporting")
_BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a row is made, how many there are in each state, and how many seconds lie between them."""

    row: Callable[[str, int, int], Row]
    expired: int
    expired_every: int
    expiring: int
    expiring_every: int
    live: int


def demo_rows(key: str, now: int, shards: int) -> Iterator[Row]:
    """Yield the rows of the table whose partition key is `key`, none for a table that holds no such rows.

    Expired a minute to weeks ago; expiring one by one from now on, so that later runs find work; live for
    long; and odd ones: without an index entry, without an expiry, with an expiry in milliseconds.
    """
    kind = _KINDS.get(key)
    if kind is None:
        return
    for number in range(kind.expired):
        yield _indexed(kind.row("expired", number, now - _MINUTE - number * kind.expired_every), key, shards)
    for number in range(kind.expiring):
        yield _indexed(kind.row("expiring", number, now + (number + 1) * kind.expiring_every), key, shards)
    for number in range(kind.live):
        yield _indexed(kind.row("live", number, now + _DAY + number * _HOUR), key, shards)
    yield from _odd_rows(kind, key, now, shards)


def _odd_rows(kind: _Kind, key: str, now: int, shards: int) -> Iterator[Row]:
    for number in range(3):
        yield kind.row("expired-without-shard", number, now - _HOUR)
        in_milliseconds = kind.row("in-milliseconds", number, now - _HOUR)
        yield _indexed(in_milliseconds | {"expires_at": in_milliseconds["expires_at"] * 1000}, key, shards)
    for number, age in enumerate((_HOUR, 20 * _MINUTE, _MINUTE, 10)):
        without_expiry = kind.row("without-expiry", number, now) | {"created_at": now - age}
        del without_expiry["expires_at"]
        yield _indexed(without_expiry, key, shards)


def _indexed(row: Row, key: str, shards: int) -> Row:
    return row | {"expiry_shard": expiry_shard(row[key], shards)}


def _session(state: str, number: int, expires_at: int) -> Row:
    started_at = expires_at - _DAY
    return {
        "session_id": f"demo-session-{state}-{number:04}",
        "subject": _PEOPLE[number % len(_PEOPLE)],
        "auth_time": started_at,
        "created_at": started_at,
        "expires_at": expires_at,
        "user_agent": _BROWSERS[number % len(_BROWSERS)],
        "ip_address": f"192.0.2.{number % 254 + 1}",
    }


def _refresh_token(state: str, number: int, expires_at: int) -> Row:
    row: Row = {
        "token": f"demo-refresh-token-{state}-{number:04}",
        "client_id": _CLIENTS[number % len(_CLIENTS)],
        "subject": _PEOPLE[number % len(_PEOPLE)],
        "scope": "openid profile offline_access",
        "created_at": expires_at - 30 * _DAY,
        "expires_at": expires_at,
        "revoked": int(number % 5 == 0),
    }
    if number % 3:
        row["parent_token"] = f"demo-refresh-token-rotated-{number:04}"
    return row


def _challenge(state: str, number: int, expires_at: int) -> Row:
    challenge = f"demo-challenge-{state}-{number:04}"
    return {
        "challenge": challenge,
        "subject": _PEOPLE[number % len(_PEOPLE)],
        "challenge_type": "registration" if number % 4 == 0 else "authentication",
        "created_at": expires_at - 5 * _MINUTE,
        "expires_at": expires_at,
        "options_json": json.dumps(
            {"publicKey": {"challenge": challenge, "rpId": "localhost", "timeout": 300000}}
        ),
    }


def _device_code(state: str, number: int, expires_at: int) -> Row:
    return {
        "device_code": f"demo-device-code-{state}-{number:04}",
        "user_code": f"DEMO-{number:04}",
        "client_id": _CLIENTS[number % len(_CLIENTS)],
        "client_name": "Living room TV",
        "scope": "openid profile",
        "created_at": expires_at - 30 * _MINUTE,
        "expires_at": expires_at,
        "interval": 5,
        "status": ("pending", "denied", "consumed")[number % 3],
    }


_KINDS = {
    "session_id": _Kind(_session, expired=140, expired_every=_HOUR, expiring=40, expiring_every=90, live=80),
    "token": _Kind(
        _refresh_token, expired=90, expired_every=8 * _HOUR, expiring=40, expiring_every=90, live=110
    ),
    "challenge": _Kind(_challenge, expired=60, expired_every=15, expiring=60, expiring_every=20, live=20),
    "device_code": _Kind(
        _device_code, expired=45, expired_every=90, expiring=30, expiring_every=120, live=25
    ),
}
