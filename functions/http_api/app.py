"""Serves the API over HTTP: GraphQL, and a playground to try it."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

from barycenter_jobs import bootstrap
from barycenter_jobs.web.routes import http_api

logger = Logger()


@cache
def api() -> APIGatewayHttpResolver:
    """Return the routes, put together at the first request."""
    return http_api(
        bootstrap.operations(),
        introspection=bootstrap.introspection(),
        sign_in=bootstrap.page_sign_in(),
    )


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of an API Gateway HTTP API, payload format 2.0."""
    return api().resolve(event, context)
