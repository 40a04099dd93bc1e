"""The conditional loop in sixteen threads that share a client, a page of keys at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import boto3
from botocore.config import Config

from benchmarks.contenders import Claim, Cleaning, Target
from benchmarks.contenders.conditional_loop import delete
from benchmarks.contenders.expired_keys import expired_keys

_THREADS = 16


def prepare(target: Target) -> Cleaning:
    """Return a cleaning that keeps sixteen requests under way."""
    config = Config(max_pool_connections=_THREADS)
    client = boto3.client("dynamodb", endpoint_url=target.endpoint, config=config)

    def clean() -> Claim:
        with ThreadPoolExecutor(_THREADS) as pool:
            deleted = sum(
                sum(pool.map(partial(delete, client, target), page)) for page in expired_keys(client, target)
            )
        return Claim(deleted)

    return clean
