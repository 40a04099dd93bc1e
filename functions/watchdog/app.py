"""Closes dead runs and shows how every job is doing, every minute."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from barycenter_jobs import invocations
from barycenter_jobs.bootstrap import watchdog

logger = Logger()
watch = watchdog.watch()


@logger.inject_lambda_context(correlation_id_path="id")
def handler(event: object, context: LambdaContext) -> dict[str, object]:  # noqa: ARG001 - Lambda hands them over
    """Watch once, whatever the event is, and return what came of it."""
    answer = invocations.watch_answer(watch())
    logger.info("watch finished", extra=answer)
    return answer
