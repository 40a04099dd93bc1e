"""Deletes expired device authorization codes, on schedule or on demand."""

from datetime import timedelta

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from barycenter_jobs import invocations
from barycenter_jobs.bootstrap import cleanups
from barycenter_jobs.core.jobs import DEVICE_CODES

logger = Logger()
cleanup = cleanups.cleanup(DEVICE_CODES)


@logger.inject_lambda_context(correlation_id_path="id")
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Do what the event asks for and return what came of it. A run that fails fails the invocation too."""
    outcome = cleanup(
        invocations.task(event, DEVICE_CODES, context.aws_request_id),
        remaining=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis()),
    )
    answer = invocations.answer(outcome)
    logger.info("invocation finished", extra=answer)
    return answer
