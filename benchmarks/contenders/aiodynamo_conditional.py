"""Query the expiry index by aiodynamo and delete row by row on a condition, sixteen at once."""

from __future__ import annotations

import asyncio

from aiodynamo.client import Client, Table  # type: ignore[import-not-found]
from aiodynamo.credentials import Credentials  # type: ignore[import-not-found]
from aiodynamo.errors import ConditionalCheckFailed  # type: ignore[import-not-found]
from aiodynamo.expressions import F, HashKey, RangeKey  # type: ignore[import-not-found]
from aiodynamo.http.aiohttp import AIOHTTP  # type: ignore[import-not-found]
from aiohttp import ClientSession  # type: ignore[import-not-found]
from yarl import URL  # type: ignore[import-not-found]

from benchmarks.contenders import Claim, Cleaning, Target

_AT_ONCE = 16


def prepare(target: Target) -> Cleaning:
    """Return a cleaning that runs an event loop of its own."""
    return lambda: asyncio.run(_clean(target))


async def _clean(target: Target) -> Claim:
    async with ClientSession() as session:
        client = Client(AIOHTTP(session), Credentials.auto(), "us-east-1", URL(target.endpoint))
        table = client.table(target.table)
        keys: asyncio.Queue[str | None] = asyncio.Queue(maxsize=2 * _AT_ONCE)
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(_delete(table, target, keys)) for _ in range(_AT_ONCE)]
            for shard in range(target.shards):
                expired = HashKey("expiry_shard", shard) & RangeKey("expires_at").lt(target.now)
                async for item in table.query(expired, index="expiry-index"):
                    await keys.put(item["session_id"])
            for _ in workers:
                await keys.put(None)
        return Claim(sum(worker.result() for worker in workers))


async def _delete(table: Table, target: Target, keys: asyncio.Queue[str | None]) -> int:
    deleted = 0
    while (key := await keys.get()) is not None:
        try:
            await table.delete_item({"session_id": key}, condition=F("expires_at").lt(target.now))
        except ConditionalCheckFailed:
            continue
        deleted += 1
    return deleted
