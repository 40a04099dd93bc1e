"""The Invoke operation of AWS Lambda's API, as SDKs and the AWS CLI call it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.local_stack.functions import Functions, UnknownFunction
from console.local_stack.intrinsics import ACCOUNT, REGION

_LONGEST_EVENT = 6_291_556  # bytes, Lambda's limit for an invocation that a caller waits for


def lambda_endpoint(functions: Functions) -> Starlette:
    """Return an application that serves `POST /2015-03-31/functions/{name}/invocations`."""

    async def invoke(request: Request) -> Response:
        name = function_name(request.path_params["name"])
        body = await request.body()
        if len(body) > _LONGEST_EVENT:
            return _refusal(
                413, "RequestTooLargeException", f"Request must be smaller than {_LONGEST_EVENT} bytes"
            )
        try:
            event: Any = json.loads(body or b"{}")
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            return _refusal(400, "InvalidRequestContentException", message)
        try:
            return await _invoked(functions, name, event, request.headers.get("x-amz-invocation-type"))
        except UnknownFunction:
            message = f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            return _refusal(404, "ResourceNotFoundException", message)

    path = "/2015-03-31/functions/{name:path}/invocations"
    return Starlette(routes=[Route(path, invoke, methods=["POST"])])


def function_name(reference: str) -> str:
    """Return the name in a function's name, ARN or partial ARN, without version or alias.

    The forms are `name`, `name:alias`, `123456789012:function:name` and the full ARN.
    """
    parts = reference.split(":")
    return parts[parts.index("function") + 1] if "function" in parts[:-1] else parts[0]


async def _invoked(functions: Functions, name: str, event: object, kind: str | None) -> Response:
    if kind == "Event":
        request_id = str(uuid.uuid4())
        functions.invoke_later(name, event, request_id)
        return Response(status_code=202, headers={"x-amzn-requestid": request_id})
    if kind == "DryRun":
        return Response(status_code=204)
    if kind not in (None, "RequestResponse"):
        message = f"{kind} is no invocation type: RequestResponse, Event or DryRun"
        return _refusal(400, "InvalidParameterValueException", message)
    invocation = await functions.invoke(name, event)
    headers = {"x-amzn-requestid": invocation.request_id, "x-amz-executed-version": "$LATEST"}
    if invocation.error:
        headers["x-amz-function-error"] = "Unhandled"
    return JSONResponse(invocation.error or invocation.value, headers=headers)


def _refusal(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"Type": "User", "Message": message}, status, headers={"x-amzn-errortype": kind})
