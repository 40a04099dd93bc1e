"""Resolves the fields of the AppSync API, as a direct Lambda resolver."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from barycenter_jobs.bootstrap import apis
from barycenter_jobs.graphql import appsync

logger = Logger()
operations = apis.operations()


@logger.inject_lambda_context(correlation_id_path='request.headers."x-amzn-trace-id"')
def handler(event: object, context: LambdaContext) -> object:  # noqa: ARG001 - Lambda hands it over
    """Return the value of one field. What this raises, AppSync shows as the field's error."""
    return appsync.resolve(event, operations, apis.token_scope_prefix())
