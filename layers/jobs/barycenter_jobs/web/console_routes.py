"""The paths of the operator's page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from barycenter_jobs.web import console_files
from barycenter_jobs.web.playground import takes_gzip

if TYPE_CHECKING:
    from barycenter_jobs.core.sign_in import SignIn

Headers = dict[str, str | list[str]]


def serve_console(app: APIGatewayHttpResolver, sign_in: SignIn | None) -> None:
    """Serve the page at `/`, and what it loads below `/console`. Its users sign in by `sign_in`."""

    def page() -> Response[str]:
        headers: Headers = {**console_files.page_headers(sign_in)}
        return Response(HTTPStatus.OK, console_files.MEDIA_TYPE, console_files.page(sign_in), headers)

    def file(name: str) -> Response[str] | Response[bytes]:
        found = console_files.files().get(name)
        if found is None:
            raise NotFoundError(f"The page has no file {name}")
        zipped = takes_gzip(app.current_event.headers.get("accept-encoding", ""))
        headers: Headers = {**found.headers(zipped=zipped)}
        if zipped:  # Powertools sends bytes in base64, as API Gateway wants them
            return Response(HTTPStatus.OK, found.media_type, found.zipped, headers)
        return Response(HTTPStatus.OK, found.media_type, found.content.decode(), headers)

    app.get("/")(page)
    app.get("/console/<name>")(file)
