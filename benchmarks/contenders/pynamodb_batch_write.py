"""Query the expiry index by a PynamoDB model and delete in its batch_write: no guard."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from benchmarks.contenders import Claim, Cleaning, Target


def prepare(target: Target) -> Cleaning:
    """Return a cleaning by a model of the target's table."""

    class ExpiryIndex(GlobalSecondaryIndex["Session"]):  # type: ignore[no-untyped-call]
        class Meta:
            index_name = "expiry-index"
            projection = KeysOnlyProjection()

        expiry_shard = NumberAttribute(hash_key=True)
        expires_at = NumberAttribute(range_key=True)

    class Session(Model):
        class Meta:
            table_name = target.table
            host = target.endpoint
            region = "us-east-1"

        session_id = UnicodeAttribute(hash_key=True)
        expiry_shard = NumberAttribute()
        expires_at = NumberAttribute()
        expiry_index = ExpiryIndex()

    Session.exists()  # makes the client, which the others have made by now

    def clean() -> Claim:
        deleted = 0
        with Session.batch_write() as batch:
            for shard in range(target.shards):
                for session in Session.expiry_index.query(shard, Session.expires_at < target.now):
                    batch.delete(session)
                    deleted += 1
        return Claim(deleted)

    return clean
