"""Accounts for the rows that DynamoDB's TTL removed, as the tables' streams tell of them."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from barycenter_jobs.bootstrap import removals
from barycenter_jobs.core.removals import records_of

logger = Logger()
account = removals.account_removals()


@logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:  # noqa: ARG001 - Lambda hands it over
    """Account for a batch, and name the record from which Lambda is to begin again, where there is one."""
    rows, unreadable, failed_from = account(records_of(event))
    logger.info("batch accounted for", extra={"rows": rows, "unreadable": unreadable})
    return {"batchItemFailures": [] if failed_from is None else [{"itemIdentifier": failed_from}]}
