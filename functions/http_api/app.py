"""Serves the API over HTTP: GraphQL, and a playground to try it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from barycenter_jobs.bootstrap import apis
from barycenter_jobs.web.routes import http_api, request_event

logger = Logger()
api = http_api(
    apis.operations(),
    introspection=apis.introspection(),
    sign_in=apis.page_sign_in(),
)


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Answer one request of an API Gateway HTTP API, payload format 2.0."""
    return api.resolve(request_event(event), context)
